"""Why it earned what it did, or nothing: every purchase and activity, with each rule's part."""

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from loyalty.lib.portal import MemberRequest, page
from loyalty.portal.views.door import member_required
from loyalty.programs.queries.activities import member_activity, title_of, unrewarded_of, why_of
from loyalty.programs.queries.returns import returns_of, words_of

PAGE = 25


@require_safe
@member_required
def unrewarded(request: MemberRequest) -> HttpResponse:
    """What the member bought and did that earned nothing, newest first."""
    found, following = unrewarded_of(request.member, cursor=request.GET.get("cursor"), limit=PAGE)
    base = reverse("loyalty:unrewarded", args=[request.program.code])
    context = {
        "program": request.program,
        "member": request.member,
        "rows": [(activity, title_of(activity)) for activity in found],
        "more_url": f"{base}?cursor={following}" if following else "",
        "section": "home",
    }
    return page(request, "portal/unrewarded.html", context, fragment="more" if "cursor" in request.GET else "")


@require_safe
@member_required
def why(request: MemberRequest, activity: int) -> HttpResponse:
    """One purchase or activity: what it earned, what every rule had to say, what came back."""
    found = member_activity(request.member, activity)
    context = {
        "program": request.program,
        "member": request.member,
        "activity": found,
        "title": title_of(found),
        "found": {"steps": why_of(found), "activity": found},
        "lines": found.lines.order_by("position"),
        "returns": [(each, words_of(each)) for each in returns_of(found)],
        "section": "home",
    }
    return page(request, "portal/why.html", context)
