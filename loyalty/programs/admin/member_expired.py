"""Expired points of a member: brought back by the staff, with the numbers before it happens."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from loyalty.lib.admin.desk import actor_of, desk_of
from loyalty.lib.admin.screens import ProgramScreen
from loyalty.lib.errors import DomainError
from loyalty.lib.portal import form_key, new_form_key
from loyalty.members.models import Member
from loyalty.programs.queries.reinstatement import ExpiredPart, expired_of
from loyalty.programs.services.reinstatement import bring_back


class WithExpired(ProgramScreen):
    """What the member's screen adds for points that expired."""

    def expired_ways(self, request: HttpRequest, member: Member) -> dict[str, Any]:
        parts = expired_of(member) if desk_of(request).may("change_reinstatement") else []
        return {"expired_parts": parts, "expired_address": self.address("expired", member)}

    def expired_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Each part with its numbers; the staff bring it back at its price, or without one. The form brings its key."""
        member: Member = self.get_object_or_404(request, str(object_id), "change_reinstatement")
        refusal = ""
        if request.method == "POST":
            try:
                return self._bring_back(request, member)
            except DomainError as error:
                refusal = str(error)
        parts = [(part, _name_of(part), new_form_key()) for part in expired_of(member)]
        return self.page(
            request, "programs/admin/expired.html", _("Bring expired points back"), obj=member, parts=parts,
            refusal=refusal, status=422 if refusal else 200, member=member,
        )  # fmt: skip

    def _bring_back(self, request: HttpRequest, member: Member) -> HttpResponse:
        wallet_code, _at, expired_at = request.POST.get("part", "").partition("@")
        part = next((each for each in expired_of(member) if _name_of(each) == f"{wallet_code}@{expired_at}"), None)
        if part is None:
            raise Http404
        row = bring_back(
            member, part.wallet, part.expired_at, id=form_key(request), source="staff", by_staff=True,
            is_free="free" in request.POST, reason=request.POST.get("reason", ""), actor=actor_of(request),
        )  # fmt: skip
        message = _("The points are back.") if row.came_back else _("Noted: the points come back when it is paid.")
        return self.done(request, message, self.address("change", member))


def _name_of(part: ExpiredPart) -> str:
    return f"{part.wallet.code}@{part.expired_at.isoformat()}"
