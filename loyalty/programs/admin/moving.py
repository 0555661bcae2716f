from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from import_export.fields import Field
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from loyalty.lib.admin.desk import actor_of, desk_of
from loyalty.lib.admin.export import SafeResource, WithExport
from loyalty.lib.admin.forms import posted
from loyalty.lib.admin.history import WithHistory
from loyalty.lib.admin.screens import ProgramScreen, ReadOnly
from loyalty.members.queries import members_matching
from loyalty.programs.admin.banner import WithDraftBanner
from loyalty.programs.forms.moving import ReasonForm, TransferPolicyForm
from loyalty.programs.models.moving import Transfer, TransferPolicy
from loyalty.programs.services.moving import withdraw_transfer

LOOK = {"done": "success", "waiting": "warning", "declined": "default", "withdrawn": "default", "lapsed": "default"}
COLUMNS = (
    "created_at", "giver", "receiver", "wallet", "points", "fee", "state", "note", "source", "external_id",
    "answer_by", "settled_at", "actor", "reason",
)  # fmt: skip


@admin.register(TransferPolicy)
class TransferPolicyScreen(WithDraftBanner, WithHistory, ProgramScreen):
    """Whether members send points to one another, wallet by wallet."""

    scope = "wallet__program"
    form = TransferPolicyForm
    list_display = ("wallet", "pill", "step", "minimum", "per_day", "per_year", "asks_receiver")
    list_select_related = ("wallet",)
    ordering = ("wallet__position", "wallet_id")
    warn_unsaved_form = True
    add_words = _("Allow for a wallet")
    empty_title = _("Members cannot send points")
    empty_hint = _("Allow it for a wallet, and they find “Send points” in the portal.")
    conditional_fields = {"answer_days": "asks_receiver == true"}
    fieldsets = (
        (None, {"fields": ("wallet", "is_on")}),
        (_("How many"), {"fields": ("step", "minimum", "per_day", "per_year")}),
        (_("What it costs"), {"fields": ("fee_points", "fee_percent")}),
        (_("Who, and how safely"), {"fields": ("tiers", "cooling_hours", "asks_receiver", "answer_days")}),
    )

    @display(description=_("state"), label={"on": "success", "off": "default"})
    def pill(self, policy: TransferPolicy) -> tuple[str, Any]:
        return ("on", _("on")) if policy.is_on else ("off", _("off"))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("wallet",) if obj else ()


class TransferResource(SafeResource):
    """The columns of a list of transfers."""

    giver = Field(attribute="giver__number", column_name=_("from"))
    receiver = Field(attribute="receiver__number", column_name=_("to"))
    wallet = Field(attribute="wallet__code", column_name=_("wallet"))

    class Meta:
        model = Transfer
        fields = COLUMNS
        export_order = COLUMNS


@admin.register(Transfer)
class TransferScreen(ReadOnly, WithExport, ProgramScreen):
    """What members sent to one another; one that waits can be stopped."""

    list_display = ("created_at", "from_whom", "to_whom", "wallet", "points", "fee", "pill")
    list_select_related = ("giver", "receiver", "wallet")
    list_filter = ("state", ("made_on", RangeDateFilter))
    list_filter_submit = True
    ordering = ("-id",)
    paginator = InfinitePaginator
    search_fields = ("external_id",)
    search_help_text = _("A transfer’s id, or a member’s name, number, own id or address")
    resource_class = TransferResource
    export_permission = "export_members"
    detail_pages = {"stop": "stop_view"}
    empty_title = _("Nobody sent points yet")
    empty_hint = _("What members send to one another stands here, with its fee and whether it was accepted.")

    @display(description=_("from"))
    def from_whom(self, transfer: Transfer) -> str:
        return self._person(transfer.giver)

    @display(description=_("to"))
    def to_whom(self, transfer: Transfer) -> str:
        return self._person(transfer.receiver)

    def _person(self, member: Any) -> str:
        address = reverse(f"{self.admin_site.name}:loyalty_member_change", args=[member.pk])
        return format_html('<a class="l-link" href="{}">{}</a>', address, member)

    @display(description=_("state"), label=LOOK)
    def pill(self, transfer: Transfer) -> tuple[str, Any]:
        return (transfer.state, transfer.get_state_display())

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        term, program = search_term.strip(), desk_of(request).program
        if not term or program is None:
            return queryset, False
        people = list(members_matching(program, term).values_list("pk", flat=True)[:200])
        return queryset.filter(Q(external_id=term) | Q(giver__in=people) | Q(receiver__in=people)), False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        transfer = self.get_object_or_404(request, object_id, "view_transfer")
        may_stop = transfer.state == Transfer.State.WAITING and desk_of(request).may("change_transfer")
        return self.page(
            request,
            "programs/admin/transfer.html",
            _("Transfer"),
            obj=transfer,
            transfer=transfer,
            stop=self.address("stop", transfer) if may_stop else "",
        )

    def stop_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Points and fee go back to the sender."""
        transfer = self.get_object_or_404(request, str(object_id), "change_transfer")

        def stop(filled: dict[str, Any]) -> HttpResponse:
            withdraw_transfer(transfer, reason=filled["reason"], actor=actor_of(request))
            return self.done(request, _("The points went back."), self.address("change", transfer))

        form = ReasonForm(*posted(request))
        return self.form_page(request, form, stop, _("Stop this transfer"), obj=transfer, submit=_("Stop it"))
