"""The member's tiers: where they stand, what is missing, what each one brings, and how they came here."""

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from loyalty.lib.portal import MemberRequest, page
from loyalty.portal.views.door import member_required
from loyalty.programs.queries.tiers import changes_of, tiers_of


@require_safe
@member_required
def tiers(request: MemberRequest) -> HttpResponse:
    """Every ladder of the program."""
    views = tiers_of(request.member)
    if not views:
        raise Http404
    context = {
        "program": request.program,
        "member": request.member,
        "tiers": views,
        "changes": changes_of(request.member, limit=20),
        "section": "home",
    }
    return page(request, "portal/tiers.html", context)
