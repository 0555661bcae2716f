"""What members think of what they bought: what can be reviewed, writing, and what became of it."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from loyalty.lib.errors import DomainError
from loyalty.lib.portal import MemberRequest, page, refuse
from loyalty.portal.forms import ReviewForm
from loyalty.portal.views.door import member_required
from loyalty.programs.queries import reviews as queries
from loyalty.programs.services.reviews import write_review
from loyalty.programs.services.ways import pays_of_review


@require_safe
@member_required
def reviews(request: MemberRequest) -> HttpResponse:
    """What there is to review, and one's own reviews with their states."""
    policy, own = queries.policy_of(request.program), queries.reviews_of(request.member)
    if policy is None and not own:
        raise Http404
    context = {
        "subjects": queries.subjects_of(request.member, policy) if policy else [],
        "reviews": [(each, bool(policy) and queries.may_write_anew(each)) for each in own],
        "pays": pays_of_review(request.member) if policy else (),
    }
    return page(request, "portal/reviews.html", _frame(request, context))


@member_required
def write(request: MemberRequest) -> HttpResponse:
    """Stars and words about one item (`?item=`), or about the shop; anew while that is possible."""
    policy, sku = queries.policy_of(request.program), request.GET.get("item", "")
    subject = queries.subject_of(request.member, policy, sku) if policy else None
    if policy is None or subject is None:
        raise Http404
    known = queries.review_about(request.member, sku)
    initial = {"stars": known.stars, "text": known.text} if known else None
    form = ReviewForm(request.POST or None, policy=policy, initial=initial)
    if request.method == "POST" and form.is_valid() and _is_written(request, sku, form):
        return redirect("loyalty:reviews", request.program.code)
    context = {"form": form, "subject": subject, "known": known, "pays": pays_of_review(request.member, sku)}
    is_closed = known is not None and not queries.may_write_anew(known)
    return page(
        request, "portal/review.html", _frame(request, {**context, "is_closed": is_closed}),
        status=422 if form.is_bound else 200,
    )  # fmt: skip


def _is_written(request: MemberRequest, sku: str, form: ReviewForm) -> bool:
    try:
        write_review(request.member, sku, **form.said(), actor=f"member:{request.member.pk}")
    except DomainError as error:
        refuse(form, error)
        return False
    messages.success(request, _("Thank you. Your review waits for a look by our staff."))
    return True


def _frame(request: MemberRequest, context: dict[str, Any]) -> dict[str, Any]:
    return {"program": request.program, "member": request.member, "section": "earn", **context}
