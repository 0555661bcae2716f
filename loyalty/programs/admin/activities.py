from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from import_export.fields import Field
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from loyalty.lib.admin.desk import actor_of, desk_of
from loyalty.lib.admin.export import SafeResource, WithExport
from loyalty.lib.admin.filters import ExactFilter
from loyalty.lib.admin.forms import posted
from loyalty.lib.admin.screens import ProgramScreen, ReadOnly
from loyalty.lib.money import round_money
from loyalty.members.queries import members_matching
from loyalty.programs.forms.returns import ReturnForm
from loyalty.programs.models.activity import Activity
from loyalty.programs.queries.activities import why_of
from loyalty.programs.queries.balances import balances_of
from loyalty.programs.queries.returns import returns_of, sold_lines, words_of
from loyalty.programs.rules.wording.tiers import has_moved, would_move
from loyalty.programs.services.facts import LineBack, ReturnFacts
from loyalty.programs.services.returns import Returned, record_return

COLUMNS = (
    "event_at", "kind", "type", "source", "external_id", "member", "total", "currency", "channel", "store", "points",
    "created_at", "actor",
)  # fmt: skip


class ActivityResource(SafeResource):
    """The columns of a list of purchases and activities."""

    member = Field(attribute="member__number", column_name=_("member number"))
    points = Field(column_name=_("points"))

    class Meta:
        model = Activity
        fields = COLUMNS
        export_order = COLUMNS

    def dehydrate_points(self, activity: Activity) -> str:
        return points_in_words(activity)


def points_in_words(activity: Activity) -> str:
    """What an activity earned, as it stands in lists."""
    return ", ".join(f"{award['points']:,} {award['wallet']}" for award in activity.awards) or "0"


class TypeFilter(ExactFilter):
    title, parameter_name = _("type"), "type"


class ChannelFilter(ExactFilter):
    title, parameter_name = _("channel"), "channel"


class StoreFilter(ExactFilter):
    title, parameter_name = _("store"), "store"


@admin.register(Activity)
class ActivityScreen(ReadOnly, WithExport, ProgramScreen):
    """What members bought and did, as it was told; with the explanation of what it earned."""

    list_display = ("event_at", "who", "what", "amount", "earned", "place", "receipt")
    list_select_related = ("member", "program")
    list_filter = ("kind", ("event_at", RangeDateTimeFilter), TypeFilter, ChannelFilter, StoreFilter)
    list_filter_submit = True
    ordering = ("-event_at", "-id")
    paginator = InfinitePaginator
    search_fields = ("external_id",)
    search_help_text = _("A receipt’s number, or a member’s name, number, own id or address")
    resource_class = ActivityResource
    export_permission = "export_members"
    detail_pages = {"return": "return_view"}
    empty_title = _("Nothing was recorded yet")
    empty_hint = _("Purchases arrive from tills and shops through the API, or from a file under “Imports”.")

    @display(description=_("member"))
    def who(self, activity: Activity) -> str:
        address = reverse(f"{self.admin_site.name}:loyalty_member_change", args=[activity.member_id])
        return format_html('<a class="l-link" href="{}">{}</a>', address, activity.member)

    @display(description=_("what"), label={"purchase": "success"})
    def what(self, activity: Activity) -> tuple[str, str]:
        return (activity.kind, activity.type)

    @display(description=_("total"))
    def amount(self, activity: Activity) -> str:
        if not activity.currency:
            return "–"
        return f"{round_money(activity.total, activity.currency):,} {activity.currency}"

    @display(description=_("earned"))
    def earned(self, activity: Activity) -> str:
        return points_in_words(activity)

    @display(description=_("where"))
    def place(self, activity: Activity) -> str:
        return " · ".join(part for part in (activity.channel, activity.store) if part) or "–"

    @display(description=_("receipt or id"))
    def receipt(self, activity: Activity) -> str:
        return f"{activity.source}:{activity.external_id}"

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        term, program = search_term.strip(), desk_of(request).program
        if not term or program is None:
            return queryset, False
        members = list(members_matching(program, term).values_list("pk", flat=True)[:200])
        return queryset.filter(Q(external_id=term.rpartition(":")[2]) | Q(member__in=members)), False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        activity = self.get_object_or_404(request, object_id, "view_activity")
        is_purchase = activity.kind == Activity.Kind.PURCHASE
        returns = returns_of(activity) if is_purchase else []
        sold = {line.position: line for line in sold_lines(activity, returns)}
        may_return = desk_of(request).may("adjust_points") and any(line.left for line in sold.values())
        return self.page(
            request,
            "programs/admin/activity.html",
            _("Purchase") if is_purchase else activity.type,
            obj=activity,
            activity=activity,
            basket=[(line, sold[line.position]) for line in activity.lines.order_by("position")],
            returns=[(each, words_of(each)) for each in returns],
            return_address=self.address("return", activity) if may_return else "",
            lines=why_of(activity, voice="staff"),
            awards=activity.awards,
            wallets={wallet.code: wallet for wallet in activity.program.wallets.all()},
            member_address=reverse(f"{self.admin_site.name}:loyalty_member_change", args=[activity.member_id]),
        )

    # --- Goods brought back ------------------------------------------------------------------------------------------

    def return_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Choose what came back, see the points that go with it, confirm. The form brings the return's identity."""
        activity = self.get_object_or_404(request, str(object_id), "adjust_points")
        if activity.kind != Activity.Kind.PURCHASE:
            raise Http404
        returns = returns_of(activity)
        if any(each.external_id == f"staff-{request.POST.get('key')}" for each in returns):  # a double click
            return self.done(request, _("The return is recorded."), self.address("change", activity))
        sold = sold_lines(activity, returns)
        products = {line.position: line.category or line.sku for line in activity.lines.all()}
        form = ReturnForm(*posted(request), lines=[(line, products[line.position] or str(_("item"))) for line in sold])

        def go_on(filled: dict[str, Any]) -> HttpResponse:
            is_sure = "confirmed" in request.POST
            backs = tuple(LineBack(*each) for each in form.quantities().items())
            returned = record_return(
                activity.program, activity.source, activity.external_id,
                ReturnFacts(id=f"staff-{filled['key']}", lines=backs, reason=filled["reason"]),
                actor=actor_of(request), dry_run=not is_sure,
            )  # fmt: skip
            if is_sure:
                words = [str(_("The return is recorded.")), *map(has_moved, returned.tier_changes)]
                return self.done(request, " ".join(words), self.address("change", activity))
            return self._preview(request, activity, returned, products)

        return self.form_page(request, form, go_on, _("Return goods"), obj=activity, submit=_("Go on"))

    def _preview(
        self, request: HttpRequest, activity: Activity, returned: Returned, products: dict[int, str]
    ) -> HttpResponse:
        before = {each.wallet.code: each.active - each.debt for each in balances_of(activity.member)}
        after = {each.wallet.code: each.active - each.debt for each in returned.balances}
        given = {each.wallet_code: each.points for each in returned.given_back}
        claws = {each.wallet_code: each for each in returned.clawbacks}
        return self.page(
            request,
            "programs/admin/return_confirm.html",
            _("Is this right?"),
            obj=activity,
            returned=returned,
            tiers=[(would_move(each), each.is_fall) for each in returned.tier_changes],
            lines=[(line, products[line.position]) for line in returned.lines],
            wallets=[
                (code, claws.get(code), given.get(code, 0), before.get(code, 0), after.get(code, 0))
                for code in {**claws, **given}
            ],
            action=self.address("return", activity),
            hidden=[(name, value) for name, value in request.POST.items() if name != "csrfmiddlewaretoken"],
        )
