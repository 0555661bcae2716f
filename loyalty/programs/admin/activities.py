from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from import_export.fields import Field
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from loyalty.lib.admin.desk import desk_of
from loyalty.lib.admin.export import SafeResource, WithExport
from loyalty.lib.admin.filters import ExactFilter
from loyalty.lib.admin.screens import ProgramScreen, ReadOnly
from loyalty.lib.money import round_money
from loyalty.members.queries import members_matching
from loyalty.programs.models.activity import Activity
from loyalty.programs.queries.activities import why_of

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
        return self.page(
            request,
            "programs/admin/activity.html",
            _("Purchase") if activity.kind == Activity.Kind.PURCHASE else activity.type,
            obj=activity,
            activity=activity,
            basket=activity.lines.order_by("position"),
            lines=why_of(activity, voice="staff"),
            awards=activity.awards,
            member_address=reverse(f"{self.admin_site.name}:loyalty_member_change", args=[activity.member_id]),
        )
