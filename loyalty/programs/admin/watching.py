from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import action, display

from loyalty.lib.admin.desk import actor_of, desk_of
from loyalty.lib.admin.forms import posted
from loyalty.lib.admin.history import WithHistory
from loyalty.lib.admin.screens import ProgramScreen, ReadOnly
from loyalty.members.queries import members_matching
from loyalty.programs.admin.banner import WithDraftBanner
from loyalty.programs.forms.watching import DecisionForm, ReleaseForm, SeveralIds, VelocityRuleForm
from loyalty.programs.models.velocity import ReviewCase, VelocityRule
from loyalty.programs.queries.cases import (
    Numbers,
    cashiers_of,
    concerned_by,
    numbers_of,
    purchases_of,
    with_counts,
    words_of_case,
    words_of_watch,
)
from loyalty.programs.rules.velocity import COUNTED
from loyalty.programs.services.cases import Decided, refuse_cases, release_cases, save_watch_rule

LOOK = {"open": "warning", "released": "success", "refused": "danger"}
MOST = 100
PAGE = 50  # purchases of a case on one page


@admin.register(VelocityRule)
class VelocityRuleScreen(WithDraftBanner, WithHistory, ProgramScreen):
    """What is noticed. Switched off, never deleted: cases stand on it."""

    form = VelocityRuleForm
    list_display = ("sentence", "pill")
    list_filter = ("is_active", "pattern")
    ordering = ("-is_active", "id")
    search_fields = ("name",)
    warn_unsaved_form = True
    add_words = _("New watch rule")
    empty_title = _("Nothing is watched")
    empty_hint = _("Say what is too often: the same card on one till, many members on one device, a busy cashier.")
    fieldsets = (
        (
            None,
            {
                "fields": ("name", "pattern", ("most", "minutes"), "is_active"),
                "description": _(
                    "A purchase that is one too many goes to “Cases to review”. Its points wait until somebody "
                    "releases or refuses them; the member reads that they wait, and nothing of a suspicion."
                ),
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).filter(is_archived=False)

    @display(description=_("what is noticed"), header=True)
    def sentence(self, rule: VelocityRule) -> list[str]:
        return [words_of_watch(rule), rule.name]

    @display(description=_("state"), label={"on": "success", "off": "default"})
    def pill(self, rule: VelocityRule) -> tuple[str, Any]:
        return ("on", _("on")) if rule.is_active else ("off", _("off"))

    def save_model(self, request: HttpRequest, obj: VelocityRule, form: Any, change: bool) -> None:
        if not change:
            obj.program = desk_of(request).program
        save_watch_rule(obj, actor=actor_of(request))


class OpenFilter(admin.SimpleListFilter):
    """What waits for a decision first."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("all", _("all")), *ReviewCase.State.choices]

    def choices(self, changelist: Any) -> Any:
        for value, title in self.lookup_choices:
            yield {
                "selected": (self.value() or ReviewCase.State.OPEN) == value,
                "query_string": changelist.get_query_string({self.parameter_name: value}),
                "display": title,
            }

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        state = self.value() or ReviewCase.State.OPEN
        return queryset if state == "all" else queryset.filter(state=state)


@admin.register(ReviewCase)
class ReviewCaseScreen(ReadOnly, ProgramScreen):
    """What was noticed and waits for somebody: released or refused, one by one or many at once."""

    list_display = ("fact", "whom", "purchases", "pill", "opened_at")
    list_select_related = ("rule", "member", "program")
    list_filter = (OpenFilter, "rule__pattern", ("opened_at", RangeDateTimeFilter))
    list_filter_submit = True
    ordering = ("-id",)
    search_fields = ("cashier",)
    search_help_text = _("A cashier, a receipt’s number, or a member’s name, number, own id or address")
    actions = ("release_several", "refuse_several")
    actions_list = ("open_cashiers",)
    list_pages = {"release": "release_view", "refuse": "refuse_view", "cashiers": "cashiers_view"}
    empty_title = _("Nothing waits for you")
    empty_hint = _("What the watch rules notice stands here, with its purchases, until somebody decides.")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return with_counts(super().get_queryset(request))

    @display(description=_("what was noticed"), header=True)
    def fact(self, case: ReviewCase) -> list[str]:
        return [words_of_case(case), case.rule.name]

    @display(description=_("member"))
    def whom(self, case: ReviewCase) -> str:
        if case.member is None:
            count = case.count_members  # type: ignore[attr-defined]
            return ngettext("%(count)d member", "%(count)d members", count) % {"count": count}
        address = reverse(f"{self.admin_site.name}:loyalty_member_change", args=[case.member_id])
        return format_html('<a class="l-link" href="{}">{}</a>', address, case.member)

    @display(description=_("purchases"))
    def purchases(self, case: ReviewCase) -> int:
        return case.count_purchases  # type: ignore[attr-defined]

    @display(description=_("state"), label=LOOK)
    def pill(self, case: ReviewCase) -> tuple[str, Any]:
        return (case.state, case.get_state_display())

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        term, program = search_term.strip(), desk_of(request).program
        if not term or program is None:
            return queryset, False
        people = list(members_matching(program, term).values_list("pk", flat=True)[:200])
        receipt = term.rpartition(":")[2]
        found = ReviewCase.objects.filter(flags__member__in=people).values("pk")
        found = found.union(
            ReviewCase.objects.filter(flags__activity__external_id=receipt).values("pk"),
            ReviewCase.objects.filter(flags__cashier=term).values("pk"),
        )
        return queryset.filter(pk__in=[row["pk"] for row in found]), False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        case = self.get_object_or_404(request, object_id, "view_reviewcase")
        may_decide = case.state == ReviewCase.State.OPEN and desk_of(request).may("change_reviewcase")
        query = f"?cases={case.pk}"
        concerned = Paginator(concerned_by(case).select_related("member"), PAGE)
        shown = concerned.get_page(request.GET.get("page"))
        return self.page(
            request, "programs/admin/review_case.html", _("Case to review"), obj=case, case=case,
            fact=words_of_case(case), rule=words_of_watch(case.rule), shown=shown,
            purchases=purchases_of(case, shown.object_list), is_cut=concerned.count > COUNTED, counted=COUNTED,
            numbers=numbers_of([case], case.program),
            release=self.address("release") + query if may_decide else "",
            refuse=self.address("refuse") + query if may_decide else "",
        )  # fmt: skip

    # --- Decisions ---------------------------------------------------------------------------------------------------

    @admin.action(description=_("Release…"), permissions=["decide"])
    def release_several(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse:
        return self._ask("release", queryset)

    @admin.action(description=_("Refuse…"), permissions=["decide"])
    def refuse_several(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse:
        return self._ask("refuse", queryset)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "change_reviewcase")

    def _ask(self, part: str, queryset: QuerySet) -> HttpResponse:
        ids = queryset.filter(state=ReviewCase.State.OPEN).values_list("pk", flat=True)[:MOST]
        return HttpResponseRedirect(f"{self.address(part)}?cases={','.join(map(str, ids))}")

    def release_view(self, request: HttpRequest) -> HttpResponse:
        """The numbers, a reason, and what is usual from now on."""
        cases = self._cases(request)

        def release(filled: dict[str, Any]) -> HttpResponse:
            decided = release_cases(cases, reason=filled["reason"], allowed=filled["allowed"], actor=actor_of(request))
            return self.done(request, _told(decided), self.address("changelist"))

        form = ReleaseForm(*posted(request), initial={"cases": _ids(cases)})
        return self._decision(request, form, release, cases, _("Release the points?"), _("Release"))

    def refuse_view(self, request: HttpRequest) -> HttpResponse:
        """The numbers and a reason."""
        cases = self._cases(request)

        def refuse(filled: dict[str, Any]) -> HttpResponse:
            decided = refuse_cases(cases, reason=filled["reason"], actor=actor_of(request))
            return self.done(request, _told(decided), self.address("changelist"))

        form = DecisionForm(*posted(request), initial={"cases": _ids(cases)})
        return self._decision(request, form, refuse, cases, _("Refuse the points?"), _("Refuse"), is_danger=True)

    def _decision(
        self, request: HttpRequest, form: Any, do: Any, cases: list[ReviewCase], title: Any, submit: Any,
        *, is_danger: bool = False,
    ) -> HttpResponse:  # fmt: skip
        program = desk_of(request).program
        numbers: Numbers = numbers_of(cases, program)
        return self.form_page(
            request, form, do, title, template="programs/admin/review_decide.html", submit=submit, numbers=numbers,
            facts=[words_of_case(case) for case in cases[:10]], more=max(len(cases) - 10, 0), is_danger=is_danger,
        )  # fmt: skip

    def _cases(self, request: HttpRequest) -> list[ReviewCase]:
        """The open ones of the open program among those that were chosen. 404 where there are none."""
        if not desk_of(request).may("change_reviewcase"):
            raise PermissionDenied
        ids = SeveralIds(request.POST if request.method == "POST" else request.GET).ids()
        rows = self.in_open_program(request, self.get_queryset(request)).filter(pk__in=ids[:MOST])
        cases = list(rows.filter(state=ReviewCase.State.OPEN).select_related("rule", "program").order_by("pk"))
        if not cases:
            raise Http404
        return cases

    # --- Cashiers ----------------------------------------------------------------------------------------------------

    @action(description=_("Cashiers"), url_path="to-cashiers", icon="point_of_sale")
    def open_cashiers(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(self.address("cashiers"))

    def cashiers_view(self, request: HttpRequest) -> HttpResponse:
        """Whose purchases were noticed, and how often."""
        program = desk_of(request).program
        if program is None or not self.has_view_permission(request):
            raise PermissionDenied
        cashiers = [(each, f"{self.address('changelist')}?state=all&q={each.name}") for each in cashiers_of(program)]
        return self.page(request, "programs/admin/cashiers.html", _("Cashiers who stand out"), cashiers=cashiers)


def _ids(cases: list[ReviewCase]) -> str:
    return ",".join(str(case.pk) for case in cases)


def _told(decided: Decided) -> str:
    words = ngettext("%(count)d case is decided.", "%(count)d cases are decided.", decided.cases)
    points = ngettext("%(points)d point moved.", "%(points)d points moved.", decided.points)
    return f"{words % {'count': decided.cases}} {points % {'points': decided.points}}"
