"""Messages to the member."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from loyalty.lib.portal import MemberRequest, page
from loyalty.messaging.queries import entry_of, inbox_of
from loyalty.messaging.services import mark_all_read, mark_read
from loyalty.portal.views.door import member_required

PAGE = 30


def _inbox(request: MemberRequest) -> HttpResponse:
    number = max(int(asked) if (asked := request.GET.get("page", "")).isdecimal() and len(asked) < 6 else 1, 1)
    entries = inbox_of(request.member, offset=(number - 1) * PAGE, limit=PAGE + 1)
    context = {
        "program": request.program,
        "member": request.member,
        "entries": entries[:PAGE],
        "next_page": number + 1 if len(entries) > PAGE else None,
        "section": "me",
    }
    return page(request, "portal/inbox.html", context, fragment="messages")


@require_safe
@member_required
def inbox(request: MemberRequest) -> HttpResponse:
    return _inbox(request)


@require_POST
@member_required
def read_all(request: MemberRequest) -> HttpResponse:
    mark_all_read(request.member)
    return _inbox(request) if request.htmx else redirect("loyalty:inbox", request.program.code)


@member_required
def message(request: MemberRequest, entry_id: int) -> HttpResponse:
    """One message; a POST marks it as read."""
    entry = entry_of(request.member, entry_id)
    if request.method == "POST":
        entry = mark_read(entry)
    context = {"program": request.program, "member": request.member, "entry": entry, "section": "me"}
    return page(request, "portal/message.html", context, fragment="message")
