"""Points that expired: what brings them back, what it costs, and what is still to be paid."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from loyalty.lib import clock
from loyalty.lib.errors import DomainError
from loyalty.lib.portal import MemberRequest, form_key, new_form_key, page
from loyalty.portal.views.door import member_required
from loyalty.programs.errors.reinstatement import NothingToBringBack
from loyalty.programs.queries import reinstatement as queries
from loyalty.programs.services import reinstatement


def may_bring_back(request: MemberRequest) -> bool:
    """Whether the page has anything for this member."""
    return queries.has_expired(request.member)


@member_required
def expired(request: MemberRequest) -> HttpResponse:
    """What expired and can come back; choosing one shows its numbers, confirming does it, once per form."""
    parts = queries.expired_of(request.member, for_members=True)
    if request.method != "POST":
        return _page(request, parts)
    chosen = next((part for part in parts if name_of(part) == request.POST.get("part", "")), None)
    try:
        if "confirmed" in request.POST:
            return _do(request, chosen)
        if chosen is None:
            raise NothingToBringBack
    except DomainError as error:
        return _page(request, parts, 422, refusal=str(error))
    context = {"part": chosen, "name": name_of(chosen), "key": new_form_key()}
    return page(request, "portal/expired_preview.html", _context(request, **context))


def name_of(part: queries.ExpiredPart) -> str:
    """How a form names points that expired together."""
    return f"{part.wallet.code}@{part.expired_at.isoformat()}"


def _do(request: MemberRequest, chosen: queries.ExpiredPart | None) -> HttpResponse:
    """The second click on one form finds what the first one did."""
    key = form_key(request)
    made = queries.reinstatement_named(request.program, "portal", key)
    if made is None or made.member_id != request.member.pk:
        if chosen is None:
            raise NothingToBringBack
        made = reinstatement.bring_back(
            request.member, chosen.wallet, chosen.expired_at, id=key, source="portal",
            actor=f"member:{request.member.pk}",
        )  # fmt: skip
    if made.came_back:
        messages.success(request, _("The points are back."))
    else:
        messages.success(request, _("Noted. The points come back as soon as it is paid."))
    return redirect("loyalty:expired", request.program.code)


def _context(request: MemberRequest, **more: Any) -> dict[str, Any]:
    return {"program": request.program, "member": request.member, "section": "me", **more}


def _page(
    request: MemberRequest, parts: list[queries.ExpiredPart], status: int = 200, refusal: str = ""
) -> HttpResponse:
    told = [(part, name_of(part)) for part in parts]
    policies = queries.policies_of(request.program.pk, for_members=True)
    context = _context(
        request, parts=told, refusal=refusal, made=queries.reinstatements_of(request.member), now=clock.now(),
        rules=[queries.words_of_reinstatement(each) for each in policies],
    )  # fmt: skip
    return page(request, "portal/expired.html", context, status=status)


@require_POST
@member_required
def give_up(request: MemberRequest, reinstatement_id: int) -> HttpResponse:
    """The member will not pay: what waits for the money stays expired."""
    made = queries.reinstatement_of(request.member, reinstatement_id)
    if made is None or made.came_back:
        raise Http404
    try:
        reinstatement.cancel_reinstatement(made, actor=f"member:{request.member.pk}")
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Cancelled. Nothing is to be paid."))
    return redirect("loyalty:expired", request.program.code)
