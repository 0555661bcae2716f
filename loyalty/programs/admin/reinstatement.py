from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from import_export.fields import Field
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from loyalty.lib import clock
from loyalty.lib.admin.desk import actor_of, desk_of
from loyalty.lib.admin.export import SafeResource, WithExport
from loyalty.lib.admin.forms import posted
from loyalty.lib.admin.history import WithHistory
from loyalty.lib.admin.screens import ProgramScreen, ReadOnly
from loyalty.members.queries import members_matching
from loyalty.programs.admin.banner import WithDraftBanner
from loyalty.programs.admin.previews import Meaning, WithMeaning
from loyalty.programs.forms.moving import ReasonForm
from loyalty.programs.forms.reinstatement import PaidForm, ReinstatementPolicyForm
from loyalty.programs.models.reinstatement import Reinstatement, ReinstatementPolicy
from loyalty.programs.queries.activities import units_of
from loyalty.programs.queries.reinstatement import outlook_of, terms_under, words_of_reinstatement
from loyalty.programs.rules.wording.amounts import money_of, points_of
from loyalty.programs.services.reinstatement import cancel_reinstatement, pay_reinstatement

LOOK = {"open": "warning", "done": "success", "paid": "success", "cancelled": "default"}
SAMPLE = 1000
COLUMNS = (
    "created_at", "member", "wallet", "expired_at", "points", "came_back", "fee", "amount", "currency", "state",
    "pay_by", "reference", "reason", "actor", "settled_at", "settled_by",
)  # fmt: skip


@admin.register(ReinstatementPolicy)
class ReinstatementPolicyScreen(WithDraftBanner, WithMeaning, WithHistory, ProgramScreen):
    """Whether points that expired come back, wallet by wallet."""

    form = ReinstatementPolicyForm
    list_display = ("wallet", "pill", "said")
    list_select_related = ("wallet", "program")
    ordering = ("wallet__position", "wallet_id")
    list_pages = {"preview": "preview_view"}
    warn_unsaved_form = True
    add_words = _("Allow for a wallet")
    empty_title = _("What expired is gone")
    empty_hint = _("Allow it for a wallet, and members find “Expired points” in the portal.")
    conditional_fields = {
        "fee_points": "price == 'points'",
        "fee_percent": "price == 'points'",
        "fee_money": "price == 'money'",
        "value_percent": "price == 'money'",
        "comes_back": "price == 'money'",
        "pay_days": "price == 'money'",
    }
    fieldsets = (
        (None, {"fields": ("wallet", "is_on", "by_members")}),
        (_("How long"), {"fields": ("window_days", "lasts_days")}),
        (
            _("What it costs"),
            {"fields": ("price", "fee_points", "fee_percent", "fee_money", "value_percent", "comes_back", "pay_days")},
        ),
    )

    @display(description=_("state"), label={"on": "success", "off": "default"})
    def pill(self, policy: ReinstatementPolicy) -> tuple[str, Any]:
        return ("on", _("on")) if policy.is_on else ("off", _("off"))

    @display(description=_("in words"))
    def said(self, policy: ReinstatementPolicy) -> str:
        return " ".join(words_of_reinstatement(policy))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("wallet",) if obj else ()

    def meaning_of(self, row: ReinstatementPolicy, form: Any) -> Meaning:
        units, currency, terms = units_of(row.wallet), row.program.currency, terms_under(row)
        members, points = outlook_of(row, clock.now())
        fee, amount = terms.points_for(SAMPLE), terms.money_for(SAMPLE, row.wallet.point_value, currency)
        told = {
            "points": points_of(SAMPLE, units),
            "fee": points_of(fee, units) if fee else money_of(amount, currency),
            "members": members,
            "expired": points_of(points, units),
        }
        numbers = [_("Bringing %(points)s back costs %(fee)s.") % told] if fee or amount else []
        today = ngettext(
            "Today %(expired)s of %(members)d member lie within the window.",
            "Today %(expired)s of %(members)d members lie within the window.", members,
        )  # fmt: skip
        numbers.append(today % told)
        has_no_value = row.price == "money" and row.value_percent and not row.wallet.point_value
        warning = _("Units of this wallet have no value in money, so a part of it is nothing.") if has_no_value else ""
        return Meaning(words_of_reinstatement(row), numbers, warning)


class ReinstatementResource(SafeResource):
    """The columns of a list of reinstatements."""

    member = Field(attribute="member__number", column_name=_("member"))
    wallet = Field(attribute="wallet__code", column_name=_("wallet"))

    class Meta:
        model = Reinstatement
        fields = COLUMNS
        export_order = COLUMNS


@admin.register(Reinstatement)
class ReinstatementScreen(ReadOnly, WithExport, ProgramScreen):
    """Expired points that came back or will, and what is owed for them."""

    list_display = ("created_at", "who", "wallet", "points", "price", "pill", "pay_by")
    list_select_related = ("member", "wallet")
    list_filter = ("state", ("created_at", RangeDateTimeFilter))
    list_filter_submit = True
    ordering = ("-id",)
    paginator = InfinitePaginator
    search_fields = ("external_id",)
    search_help_text = _("Its number, a payment’s reference, or a member’s name, number, own id or address")
    resource_class = ReinstatementResource
    export_permission = "export_members"
    detail_pages = {"pay": "pay_view", "cancel": "cancel_view"}
    empty_title = _("No expired points were brought back yet")
    empty_hint = _("What members or the staff bring back stands here, and what is still to be paid for it.")

    @display(description=_("member"))
    def who(self, row: Reinstatement) -> str:
        address = reverse(f"{self.admin_site.name}:loyalty_member_change", args=[row.member_id])
        return format_html('<a class="l-link" href="{}">{}</a>', address, row.member)

    @display(description=_("price"))
    def price(self, row: Reinstatement) -> str:
        if row.amount:
            return money_of(row.amount.normalize(), row.currency)
        return points_of(row.fee, units_of(row.wallet)) if row.fee else "–"

    @display(description=_("state"), label=LOOK)
    def pill(self, row: Reinstatement) -> tuple[str, Any]:
        return (row.state, row.get_state_display())

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        term, program = search_term.strip(), desk_of(request).program
        if not term or program is None:
            return queryset, False
        people = list(members_matching(program, term).values_list("pk", flat=True)[:200])
        wanted = Q(external_id=term) | Q(reference=term) | Q(member__in=people)
        return queryset.filter(wanted | Q(pk=int(term)) if term.isdecimal() and len(term) < 19 else wanted), False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        row = self.get_object_or_404(request, object_id, "view_reinstatement")
        may = row.state == Reinstatement.State.OPEN and desk_of(request).may("change_reinstatement")
        return self.page(
            request,
            "programs/admin/reinstatement.html",
            _("Reinstatement"),
            obj=row,
            row=row,
            price=self.price(row),
            pay=self.address("pay", row) if may else "",
            cancel=self.address("cancel", row) if may else "",
        )

    def _open(self, request: HttpRequest, object_id: int) -> Reinstatement:
        row = self.get_object_or_404(request, str(object_id), "change_reinstatement")
        if row.state != Reinstatement.State.OPEN:
            raise PermissionDenied
        return row

    def pay_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The money came in: with its reference, and the numbers before it happens."""
        row = self._open(request, object_id)

        def pay(filled: dict[str, Any]) -> HttpResponse:
            pay_reinstatement(row, reference=filled["reference"], actor=actor_of(request))
            return self.done(request, _("Paid. The points are back."), self.address("change", row))

        told = {"amount": self.price(row), "points": points_of(row.points, units_of(row.wallet)), "member": row.member}
        intro = _("%(member)s paid %(amount)s; %(points)s come back now.") % told
        if row.came_back:
            intro = _("%(member)s paid %(amount)s; %(points)s are back already.") % told
        form = PaidForm(*posted(request))
        return self.form_page(request, form, pay, _("It is paid"), obj=row, intro=intro, submit=_("It is paid"))

    def cancel_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """It will not be paid; with a reason."""
        row = self._open(request, object_id)

        def cancel(filled: dict[str, Any]) -> HttpResponse:
            cancel_reinstatement(row, reason=filled["reason"], actor=actor_of(request))
            return self.done(request, _("Cancelled."), self.address("change", row))

        intro = _("The points stay expired. While their time lasts, the member can ask for them again.")
        if row.came_back:
            intro = _("The points came back already and stay; what is owed is written off.")
        form = ReasonForm(*posted(request))
        return self.form_page(request, form, cancel, _("Cancel it"), obj=row, intro=intro, submit=_("Cancel it"))
