from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import display

from loyalty.lib.admin.desk import actor_of, desk_of
from loyalty.lib.admin.forms import posted
from loyalty.lib.admin.history import WithHistory
from loyalty.lib.admin.screens import ProgramScreen, ReadOnly
from loyalty.lib.errors import DomainError
from loyalty.programs.admin.banner import WithDraftBanner
from loyalty.programs.forms.reviews import RefuseReviewForm, ReviewPolicyForm
from loyalty.programs.models.reviews import Review, ReviewPolicy
from loyalty.programs.queries.reviews import next_waiting
from loyalty.programs.services.reviews import (
    approve_review,
    approve_reviews,
    refuse_review,
    save_review_policy,
    told_of,
)
from loyalty.programs.services.ways import Desk

MOST_AT_ONCE = 100


@admin.register(ReviewPolicy)
class ReviewPolicyScreen(WithDraftBanner, WithHistory, ProgramScreen):
    """One policy for a program. What a review pays is told by earning rules for “review”."""

    form = ReviewPolicyForm
    list_display = ("header", "about_items", "about_shop", "shortest", "longest")
    list_select_related = ("program",)
    add_words = _("Let members write reviews")
    empty_title = _("Members cannot write reviews here yet")
    empty_hint = _("Say what they may write about, then add an earning rule for “review”.")
    fieldsets = (
        (
            None,
            {
                "fields": ("is_active", "about_items", "about_shop", "shortest", "longest"),
                "description": _(
                    "Members write in the portal, your team looks at every review, and only an approved one earns: "
                    "once, by the earning rules for “review”, which may ask for its stars and the product. Reviews "
                    "that your shop sends by API are not looked at here."
                ),
            },
        ),
    )

    @display(description=_("state"), label={"on": "success", "off": "default"})
    def header(self, policy: ReviewPolicy) -> tuple[str, Any]:
        return ("on", _("members may write reviews")) if policy.is_active else ("off", _("off"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        program = desk_of(request).program
        is_there = program is not None and ReviewPolicy.objects.filter(program=program).exists()
        return super().has_add_permission(request) and not is_there

    def save_model(self, request: HttpRequest, obj: ReviewPolicy, form: Any, change: bool) -> None:
        save_review_policy(obj, actor=actor_of(request))


class QueueFilter(admin.SimpleListFilter):
    """What waits comes first; the rest on request."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("approved", _("approved")), ("refused", _("refused")), ("all", _("all"))]

    def choices(self, changelist: Any) -> Any:
        for value, title in ((None, _("waiting")), *self.lookup_choices):
            query = changelist.get_query_string({self.parameter_name: value}, [self.parameter_name])
            yield {"selected": self.value() == value, "query_string": query, "display": title}

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        asked = self.value()
        return queryset if asked == "all" else queryset.filter(state=asked or Review.State.WAITING)


@admin.register(Review)
class ReviewScreen(ReadOnly, ProgramScreen):
    """The queue of reviews: read, approve or refuse; one by one or many at once."""

    list_display = ("said", "about", "by", "pill", "written_at")
    list_select_related = ("member", "program")
    list_filter = (QueueFilter, "stars")
    ordering = ("written_at", "id")
    search_fields = ("text", "sku", "item", "member__number", "member__email")
    actions = ("approve_many",)
    detail_pages = {"approve": "approve_view", "refuse": "refuse_view"}
    empty_title = _("No review waits for you")
    empty_hint = _("Members write them in the portal, under “Ways to earn”, once there is a review policy.")

    def may_decide(self, request: HttpRequest) -> bool:
        return self.may(request, "change_review")

    has_decide_permission = may_decide

    @display(description=_("review"), header=True)
    def said(self, review: Review) -> list[str]:
        return [stars_of(review), Truncator(review.text).chars(160)]

    @display(description=_("about"))
    def about(self, review: Review) -> str:
        return review.item or str(_("the shop"))

    @display(description=_("member"))
    def by(self, review: Review) -> str:
        return str(review.member)

    @display(description=_("state"), label={"waiting": "warning", "approved": "success", "refused": "danger"})
    def pill(self, review: Review) -> tuple[str, Any]:
        return (review.state, review.get_state_display())

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        review = self.get_object_or_404(request, object_id, "view_review")
        may, is_paid = self.may_decide(request), review.state == Review.State.APPROVED
        return self.page(
            request, "programs/admin/review.html", _("Review"), obj=review, **self._shown(review),
            awards=review.activity.awards if review.activity else (),
            approve=self.address("approve", review) if may and not is_paid else "",
            refuse=self.address("refuse", review) if may and review.state == Review.State.WAITING else "",
        )  # fmt: skip

    def approve_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """What it pays, then yes."""
        review = self.get_object_or_404(request, str(object_id), "change_review")
        if request.method == "POST":
            return self._approve(request, review)
        return self.page(
            request, "programs/admin/review_approve.html", _("Approve this review?"), obj=review,
            **self._shown(review), action=self.address("approve", review), submit=_("Approve"),
            hidden=[("seen", review.version)], pays=pays_of(review),
        )  # fmt: skip

    def _approve(self, request: HttpRequest, review: Review) -> HttpResponse:
        try:
            approve_review(review, seen=_seen(request, "seen"), actor=actor_of(request))
        except DomainError as error:
            messages.error(request, str(error))
            return HttpResponseRedirect(self.address("change", review))
        return self._next(request, review, _("Approved."))

    def refuse_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """With a reason for the member."""
        review = self.get_object_or_404(request, str(object_id), "change_review")
        form = RefuseReviewForm(*posted(request), initial={"seen": review.version})

        def do(filled: dict[str, Any]) -> HttpResponse:
            refuse_review(review, actor=actor_of(request), **filled)
            return self._next(request, review, _("Refused; the member reads why."))

        return self.form_page(
            request, form, do, _("Refuse this review"), template="programs/admin/review_refuse.html", obj=review,
            submit=_("Refuse"), **self._shown(review),
        )  # fmt: skip

    @admin.action(description=_("Approve those that were chosen"), permissions=["decide"])
    def approve_many(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        """All of them on one page, as they read now and with what they pay; then yes."""
        waiting = queryset.filter(state=Review.State.WAITING).select_related("member", "program")
        reviews = list(waiting.order_by("written_at", "pk")[:MOST_AT_ONCE])
        if "confirmed" in request.POST:
            seen = [(review, _seen(request, f"seen-{review.pk}")) for review in reviews]
            return self._many_done(request, approve_reviews(seen, actor=actor_of(request)))
        hidden = [("action", "approve_many"), ("confirmed", "1")]
        hidden += [(ACTION_CHECKBOX_NAME, review.pk) for review in reviews]
        hidden += [(f"seen-{review.pk}", review.version) for review in reviews]
        return self.page(
            request, "programs/admin/review_many.html", _("Approve these reviews?"), hidden=hidden, submit=_("Approve"),
            action=self.address("changelist"), rows=[(each, stars_of(each), pays_of(each)) for each in reviews],
        )  # fmt: skip

    def _many_done(self, request: HttpRequest, decided: Any) -> None:
        words = ngettext("%(count)d review was approved.", "%(count)d reviews were approved.", decided.approved)
        self.message_user(request, words % {"count": decided.approved})
        for refusal in decided.refusals[:10]:
            self.message_user(request, refusal, messages.ERROR)

    def _next(self, request: HttpRequest, review: Review, words: Any) -> HttpResponse:
        """On to whichever has waited longest."""
        following = next_waiting(review.program)
        return self.done(request, words, self.address("change", following) if following else self.address("changelist"))

    def _shown(self, review: Review) -> dict[str, Any]:
        member = reverse(f"{self.admin_site.name}:loyalty_member_change", args=[review.member_id])
        return {"review": review, "stars": stars_of(review), "member_address": member}


def stars_of(review: Review) -> str:
    """★★★★☆"""
    return "★" * review.stars + "☆" * (5 - review.stars)


def pays_of(review: Review) -> Any:
    """What an approval would pay now."""
    return Desk(review.member).pays("review", told_of(review))


def _seen(request: HttpRequest, name: str) -> int:
    """The writing that the page showed; 0, which none is, without it."""
    text = request.POST.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
