"""Operations on members."""

from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from loyalty.lib.rest.fields import Text
from loyalty.lib.rest.operations import Keyed, operation
from loyalty.lib.rest.pagination import page
from loyalty.lib.rest.views import answer
from loyalty.members import queries
from loyalty.members.api.idempotency import once
from loyalty.members.api.inputs import ChangeInput, EnrolInput, FindInput
from loyalty.members.api.keyed import KeyedView
from loyalty.members.api.outputs import MemberOutput, MembersOutput, present_member, present_members
from loyalty.members.api.versions import matching, version_of
from loyalty.members.errors import UnknownMember
from loyalty.members.services.changes import change_member
from loyalty.members.services.members import enrol_member

NUMBER = {"number": Text(20, help_text="The member's number.")}
EXAMPLE = {
    "external_id": "crm-4711",
    "email": "ada@example.com",
    "name": "Ada",
    "channel": "till",
    "consents": {"marketing": True},
}
MEMBER: dict[str, Any] = EXAMPLE | {
    "number": "345678901237", "phone": "", "language": "en", "birth_date": None, "status": "active", "tier": None,
    "referral_code": "GD7BC8JX", "joined_at": "2026-11-20T13:30:00+00:00", "attributes": {},
}  # fmt: skip


class Members(KeyedView):
    """All members of the program."""

    @operation(
        id="find_member", tag="members", scope="members:read", query=FindInput, answers={200: MembersOutput},
        summary="Find a member", answer={"results": [MEMBER], "next": None},
        description="By external_id, email or card; nobody is an empty list. Without them all members are listed.",
    )  # fmt: skip
    def get(self, request: Request) -> HttpResponse:
        asked = dict(self.parameters)
        limit, after = asked.pop("limit"), int(asked.pop("cursor", 0))
        if asked:
            found = queries.find_member(self.program, **asked)
            return answer(page(present_members([found] if found else []), None))
        members = queries.members_of(self.program, after=after, limit=limit + 1)
        is_more = len(members) > limit
        return answer(page(present_members(members[:limit]), str(members[limit - 1].pk) if is_more else None))

    @operation(
        id="enrol_member", tag="members", scope="members:write", body=EnrolInput, answers={201: MemberOutput},
        problems=(404, 409, 422), keyed=Keyed.MAY, example=EXAMPLE, answer=MEMBER, summary="Enrol a member",
        description="A known external_id or e-mail address answers 409 `member-exists`.",
    )  # fmt: skip
    def post(self, request: Request) -> HttpResponse:
        facts = self.body(request)
        return once(request, lambda: self.enrol(**facts), is_required=False)

    def enrol(self, *, referred_by: str, **facts: Any) -> HttpResponse:
        referrer = queries.referrer_of(self.program, referred_by) if referred_by else None
        if referred_by and referrer is None:
            raise UnknownMember(field="referred_by")
        member = enrol_member(self.program, actor=self.actor, referred_by=referrer, **facts)
        return answer(present_member(member), 201)


class Member(KeyedView):
    """One member."""

    @operation(
        id="read_member", tag="members", scope="members:read", path=NUMBER, answers={200: MemberOutput},
        problems=(404,), has_version=True, answer=MEMBER, summary="Read a member",
    )  # fmt: skip
    def get(self, request: Request, number: str) -> HttpResponse:
        return self.show(queries.member_by_number(self.program, number))

    @operation(
        id="change_member", tag="members", scope="members:write", path=NUMBER, body=ChangeInput,
        answers={200: MemberOutput}, problems=(404, 409, 412, 422), has_version=True,
        example={"phone": "+47 22 00 00 00"}, answer=MEMBER | {"phone": "+47 22 00 00 00"}, summary="Change a member",
        description="With `If-Match`, refused when the member changed since you read it.",
    )  # fmt: skip
    def patch(self, request: Request, number: str) -> HttpResponse:
        changes = self.body(request)
        member = change_member(
            queries.member_by_number(self.program, number),
            changes,
            consents=changes.pop("consents", None),
            ensure_current=matching(request.META.get("HTTP_IF_MATCH", "")),
            source="api",
            actor=self.actor,
        )
        return self.show(member)

    def show(self, member: Any) -> HttpResponse:
        shown = present_member(member)
        return answer(shown, headers={"ETag": version_of(shown)})
