from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from import_export.fields import Field
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from loyalty.ledger.queries.figures import holders_with
from loyalty.lib.admin.desk import desk_of
from loyalty.lib.admin.export import SafeResource, WithExport
from loyalty.lib.admin.history import WithHistory
from loyalty.lib.admin.screens import ProgramScreen, ReadOnly
from loyalty.lib.money import round_money
from loyalty.members.queries import members_matching
from loyalty.programs.admin.banner import WithDraftBanner
from loyalty.programs.admin.previews import Meaning, WithMeaning
from loyalty.programs.forms.conversions import ConversionRateForm
from loyalty.programs.models.conversions import Conversion, ConversionRate
from loyalty.programs.queries.activities import units_of
from loyalty.programs.queries.conversions import words_of_rate
from loyalty.programs.rules.moving import first_amount
from loyalty.programs.rules.wording.amounts import money_of, points_of

COLUMNS = (
    "created_at", "member", "from_wallet", "given", "fee", "to_wallet", "received", "source", "external_id", "actor",
)  # fmt: skip


@admin.register(ConversionRate)
class ConversionRateScreen(WithDraftBanner, WithMeaning, WithHistory, ProgramScreen):
    """At which rates members change points of one wallet into another's."""

    form = ConversionRateForm
    list_display = ("title", "pill", "said")
    list_select_related = ("from_wallet", "to_wallet", "program")
    ordering = ("from_wallet__position", "pk")
    list_pages = {"preview": "preview_view"}
    warn_unsaved_form = True
    add_words = _("New rate")
    empty_title = _("Points of one wallet cannot become another’s")
    empty_hint = _("Say what becomes what, and members find “Change points” in the portal.")
    fieldsets = (
        (None, {"fields": ("from_wallet", "to_wallet", "is_on")}),
        (_("The rate"), {"fields": ("give", "get", "minimum", "per_day")}),
        (_("What it costs"), {"fields": ("fee_points", "fee_percent")}),
        (_("Who, and how long it lasts"), {"fields": ("tiers", "keeps_expiry")}),
    )

    @display(description=_("rate"), ordering="pk")
    def title(self, rate: ConversionRate) -> str:
        return str(rate)

    @display(description=_("state"), label={"on": "success", "off": "default"})
    def pill(self, rate: ConversionRate) -> tuple[str, Any]:
        return ("on", _("on")) if rate.is_on else ("off", _("off"))

    @display(description=_("in words"))
    def said(self, rate: ConversionRate) -> str:
        return " ".join(words_of_rate(rate))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("from_wallet", "to_wallet") if obj else ()

    def meaning_of(self, row: ConversionRate, form: Any) -> Meaning:
        people, points, steps = holders_with(
            row.from_wallet_id, first_amount(row.give, row.minimum) + row.fee_points, row.give
        )
        value = round_money(steps * row.get * row.to_wallet.point_value, row.program.currency)
        told = {
            "members": people,
            "points": points_of(points, units_of(row.from_wallet)),
            "got": points_of(steps * row.get, units_of(row.to_wallet)),
            "value": money_of(value, row.program.currency),
        }
        today = ngettext(
            "Today %(members)d member could change points; together they have %(points)s.",
            "Today %(members)d members could change points; together they have %(points)s.", people,
        )  # fmt: skip
        numbers = [today % told]
        if steps:
            numbers.append(_("If all of them changed all they have: %(got)s, worth %(value)s.") % told)
        return Meaning(words_of_rate(row), numbers)


class ConversionResource(SafeResource):
    """The columns of a list of changes."""

    member = Field(attribute="member__number", column_name=_("member"))
    from_wallet = Field(attribute="from_wallet__code", column_name=_("from"))
    to_wallet = Field(attribute="to_wallet__code", column_name=_("into"))

    class Meta:
        model = Conversion
        fields = COLUMNS
        export_order = COLUMNS


@admin.register(Conversion)
class ConversionScreen(ReadOnly, WithExport, ProgramScreen):
    """What members changed into what."""

    list_display = ("created_at", "who", "from_wallet", "given", "fee", "to_wallet", "received")
    list_display_links = None
    list_select_related = ("member", "from_wallet", "to_wallet")
    list_filter = (("made_on", RangeDateFilter),)
    list_filter_submit = True
    ordering = ("-id",)
    paginator = InfinitePaginator
    search_fields = ("external_id",)
    search_help_text = _("A change’s id, or a member’s name, number, own id or address")
    resource_class = ConversionResource
    export_permission = "export_members"
    empty_title = _("Nobody changed points yet")
    empty_hint = _("What members change from one wallet into another stands here.")

    @display(description=_("member"))
    def who(self, made: Conversion) -> str:
        address = reverse(f"{self.admin_site.name}:loyalty_member_change", args=[made.member_id])
        return format_html('<a class="l-link" href="{}">{}</a>', address, made.member)

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        term, program = search_term.strip(), desk_of(request).program
        if not term or program is None:
            return queryset, False
        people = list(members_matching(program, term).values_list("pk", flat=True)[:200])
        return queryset.filter(Q(external_id=term) | Q(member__in=people)), False
