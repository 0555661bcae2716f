"""Ways to earn: what there is to do, what it pays today, what is done."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from loyalty.lib.portal import MemberRequest, page
from loyalty.portal.views.door import member_required
from loyalty.programs.services.ways import Way, ways_for

# Where a way is gone: the name of its page, and whether the page is about one of several.
PAGES = {
    "profile": ("profile", False),
    "referral": ("friends", False),
    "review": ("reviews", False),
    "survey": ("survey", True),
    "share": ("share", True),
}
ICONS = {
    "profile": "me", "birthday": "gift-day", "anniversary": "gift-day", "visit": "qr", "event": "qr", "share": "share",
    "referral": "me", "survey": "rules",
}  # fmt: skip


@require_safe
@member_required
def earn(request: MemberRequest) -> HttpResponse:
    """What the member can do, the open things first."""
    ways = ways_for(request.member)
    context = {
        "program": request.program,
        "member": request.member,
        "offers": ways.offers,
        "shopping": ways.shopping,
        "open_ways": [_shown(request, way) for way in ways.in_state("open")],
        "waiting_ways": [_shown(request, way) for way in ways.in_state("waiting")],
        "done_ways": [_shown(request, way) for way in ways.in_state("done")],
        "section": "earn",
    }
    return page(request, "portal/earn.html", context)


def _shown(request: MemberRequest, way: Way) -> dict[str, Any]:
    return {"way": way, "address": _address(request, way), "icon": ICONS.get(way.kind, "activity")}


def _address(request: MemberRequest, way: Way) -> str:
    """Where it is done; empty when there is nothing to open."""
    if way.url or way.state != "open" or way.kind not in PAGES:
        return way.url if way.state == "open" else ""
    name, has_ref = PAGES[way.kind]
    return reverse(f"loyalty:{name}", args=[request.program.code, *([way.ref] if has_ref else [])])
