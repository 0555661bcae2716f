"""Checking in: the code that was scanned is looked at at once, the member says yes in the next step.

Whoever scans without being signed in has ten minutes to do so; the code itself is long gone by then.
"""

from datetime import datetime, timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from loyalty.lib import clock
from loyalty.lib.errors import DomainError
from loyalty.lib.portal import MemberRequest, page
from loyalty.portal.views.door import member_required, program_page
from loyalty.programs.errors.activities import CodeTooOld
from loyalty.programs.queries.checkins import has_checked_in, is_shown, place_by_code
from loyalty.programs.services.checkins import check_in

TICKET = "here"
MINUTES = 10


@never_cache
@require_safe
@program_page
def scanned(request: MemberRequest, place: str, token: str) -> HttpResponse:
    """What the QR code leads to."""
    found = place_by_code(request.program, place)
    now = clock.now()
    if not is_shown(found, token, now):
        return _page(request, found, 410, refusal=str(CodeTooOld()))
    request.session[TICKET] = [found.pk, (now + timedelta(minutes=MINUTES)).isoformat()]
    return redirect("loyalty:here", request.program.code, found.code)


@never_cache
@member_required
def here(request: MemberRequest, place: str) -> HttpResponse:
    """Yes, I am here."""
    found = place_by_code(request.program, place)
    if not _has_ticket(request, found.pk):
        return _page(request, found, 410, refusal=str(CodeTooOld()))
    if request.method != "POST":
        return _page(request, found, 200, is_done=has_checked_in(found, request.member, clock.now()))
    try:
        recorded = check_in(found, request.member, actor=f"member:{request.member.pk}")
    except DomainError as error:
        return _page(request, found, 422, refusal=str(error))
    del request.session[TICKET]
    points = sum(award.points for award in recorded.awards)
    thanks = _("Good to see you. You earned %(points)s.") % {"points": points} if points else _("Good to see you.")
    messages.success(request, thanks)
    return redirect("loyalty:earn", request.program.code)


def _has_ticket(request: MemberRequest, place_id: int) -> bool:
    known, until = request.session.get(TICKET, (None, ""))
    return known == place_id and clock.now() < datetime.fromisoformat(until)


def _page(
    request: MemberRequest, place: object, status: int, *, refusal: str = "", is_done: bool = False
) -> HttpResponse:
    context = {
        "program": request.program,
        "member": request.member,
        "place": place,
        "refusal": refusal,
        "is_done": is_done,
        "shell": "portal/shell.html" if request.member else "base.html",
        "section": "earn",
    }
    return page(request, "portal/here.html", context, status=status)
