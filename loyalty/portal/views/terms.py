"""How the program works, in plain words."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from loyalty.lib.portal import MemberRequest, page
from loyalty.portal.views.door import program_page
from loyalty.programs.queries.terms import terms_of


@require_safe
@program_page
def terms(request: MemberRequest) -> HttpResponse:
    """The rules and policies that are live now, written out; members see it inside their frame."""
    context = {
        "program": request.program,
        "member": request.member,
        "sections": terms_of(request.program),
        "shell": "portal/shell.html" if request.member else "base.html",
        "section": "earn",
    }
    return page(request, "portal/terms.html", context)
