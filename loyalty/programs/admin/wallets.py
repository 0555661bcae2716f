from copy import copy
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from loyalty.lib import clock
from loyalty.lib.admin.desk import actor_of, desk_of
from loyalty.lib.admin.history import WithHistory
from loyalty.lib.admin.screens import ProgramScreen
from loyalty.lib.errors import DomainError
from loyalty.programs.admin.banner import WithDraftBanner
from loyalty.programs.forms.wallets import POLICY, WalletForm
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.activities import units_of
from loyalty.programs.queries.configuration import activation_of, expiry_of
from loyalty.programs.queries.samples import sample_expiry
from loyalty.programs.rules.wording import policies as wording
from loyalty.programs.rules.wording.amounts import money_of
from loyalty.programs.services import policies

WITH_MONTHS = "expiry == 'rolling' || expiry == 'sliding'"


@admin.register(Wallet)
class WalletScreen(WithDraftBanner, WithHistory, ProgramScreen):
    """Units of a program, how long they live and when they can be spent."""

    form = WalletForm
    list_display = ("title", "units", "expires", "activates", "worth", "state")
    list_select_related = ("program",)
    list_filter = ("is_archived",)
    ordering = ("is_archived", "position", "id")
    list_pages = {"preview": "preview_view"}
    actions_detail = ("archive",)
    warn_unsaved_form = True
    change_form_before_template = "programs/admin/wallet_preview.html"
    add_words = _("New wallet")
    empty_title = _("No wallet yet")
    empty_hint = _("A wallet is a kind of unit with its own rules: points, stars, cashback. One is enough to begin.")
    conditional_fields = {
        "expiry_months": WITH_MONTHS,
        "expiry_rounding": WITH_MONTHS,
        "expiry_dates": "expiry == 'calendar'",
        "expiry_min_months": "expiry == 'calendar'",
        "sliding_activities": "expiry == 'sliding'",
        "activation_count": "activation == 'after_days' || activation == 'after_months'",
        "activation_dates": "activation == 'fixed_dates'",
        "cancel_after_days": "activation == 'on_confirmation'",
    }
    fieldsets = (
        (
            _("What it is called"),
            {"fields": ("name", "code", "unit_one", "unit_many", "unit_few")},
        ),
        (_("What it is for"), {"fields": ("is_spendable", "is_qualifying", "point_value", "position")}),
        (
            _("When points expire"),
            {
                "fields": (
                    "expiry", "expiry_months", "expiry_rounding", "expiry_dates", "expiry_min_months",
                    "sliding_activities",
                ),
                "description": _(
                    "A shorter life never takes points before one full period has passed; you see how many "
                    "are affected before anything is saved."
                ),
            },
        ),
        (
            _("When points can be spent"),
            {"fields": ("activation", "activation_count", "activation_dates", "cancel_after_days")},
        ),
        (_("How many a member holds"), {"fields": ("balance_cap",)}),
        (_("Points by hand"), {"fields": ("by_hand_limit",)}),
    )  # fmt: skip

    @display(description=_("wallet"), header=True, ordering="name")
    def title(self, wallet: Wallet) -> list[str]:
        return [wallet.name, wallet.code]

    @display(description=_("unit"))
    def units(self, wallet: Wallet) -> str:
        return ", ".join(filter(None, units_of(wallet)))

    @display(description=_("expiry"))
    def expires(self, wallet: Wallet) -> str:
        return wording.sentence_for_expiry(expiry_of(wallet), units_of(wallet))

    @display(description=_("can be spent"))
    def activates(self, wallet: Wallet) -> str:
        return wording.sentence_for_activation(activation_of(wallet), units_of(wallet))

    @display(description=_("money value of one unit"), ordering="point_value")
    def worth(self, wallet: Wallet) -> str:
        return money_of(wallet.point_value, wallet.program.currency) if wallet.point_value else ""

    @display(description=_("state"), label={"on": "success", "archived": "default"})
    def state(self, wallet: Wallet) -> tuple[str, Any]:
        return ("archived", _("archived")) if wallet.is_archived else ("on", _("in use"))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("code",) if obj else ()

    # --- Preview, before anything is saved ---------------------------------------------------------------------

    def preview_view(self, request: HttpRequest) -> HttpResponse:
        """What the form as it stands means for points earned today, and for those that members have."""
        if not self.has_view_permission(request) or desk_of(request).program is None:
            raise PermissionDenied
        stored = self._stored(request)
        form = self.get_form(request, stored, change=bool(stored))(request.POST, instance=copy(stored))
        context: dict[str, Any] = {"form": form}
        if form.is_valid():
            wallet = form.instance
            wallet.program = desk_of(request).program
            context |= {"wallet": wallet, "sample": sample_expiry(wallet, clock.now())}
            context["change"] = self._change(stored, form) if stored else None
        return TemplateResponse(request, "programs/admin/wallet_sample.html", context)

    def _stored(self, request: HttpRequest) -> Wallet | None:
        number = request.GET.get("wallet", "")
        return self.get_object_or_404(request, number, "view_wallet") if number.isdigit() else None

    def _change(self, stored: Wallet, form: WalletForm) -> Any:
        """What a change of policy does to the points there are; None if the policy stays, or is refused."""
        if not set(form.changed_data) & set(POLICY):
            return None
        try:
            return policies.preview_wallet_policy(stored, **form.policy)
        except DomainError:
            return None

    # --- Saving --------------------------------------------------------------------------------------------------

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """A change that shortens the life of points there are is shown with its numbers first."""
        if request.method == "POST" and object_id and "_confirmed" not in request.POST:
            wallet = self.get_object_or_404(request, object_id, "change_wallet")
            form = self.get_form(request, wallet, change=True)(request.POST, instance=copy(wallet))
            change = self._change(wallet, form) if form.is_valid() else None
            if change is not None and change.lots:
                return self._ask(request, wallet, form, change)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def _ask(self, request: HttpRequest, wallet: Wallet, form: WalletForm, change: Any) -> HttpResponse:
        return self.page(
            request,
            "programs/admin/wallet_confirm.html",
            _("Change when points expire?"),
            obj=wallet,
            action=self.address("change", wallet),
            hidden=[*_posted(request), ("_confirmed", "1")],
            change=change,
            consequences=[change.text, _("Points that they earn from now on live by the new policy.")],
            wallet=form.instance,
            submit=_("Change it"),
        )

    def save_model(self, request: HttpRequest, obj: Wallet, form: WalletForm, change: bool) -> None:
        """The policy goes through its service, which dates the points there are; everything else is plain settings."""
        if not change:
            obj.program = desk_of(request).program
            super().save_model(request, obj, form, change)
            return
        plain = [name for name in form.changed_data if name not in POLICY]
        if plain:
            obj.save(update_fields=plain)
        if set(form.changed_data) & set(POLICY):
            policies.change_wallet_policy(obj, actor=actor_of(request), **form.policy)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        actions = super().get_actions_detail(request, object_id)
        return [named_for(action, self._seen(request, str(object_id))) for action in actions]

    def has_archive_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    @action(description=_("Archive"), url_path="archive", icon="archive", permissions=["archive"])
    def archive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        wallet = self.get_object_or_404(request, object_id, "change_wallet")
        if request.method == "POST":
            wallet.is_archived = not wallet.is_archived
            wallet.save(update_fields=["is_archived"])
            return self.done(request, _("Saved."), self.address("changelist"))
        return self.page(
            request,
            "admin/page_confirm.html",
            _("Take this wallet back into use?") if wallet.is_archived else _("Archive this wallet?"),
            obj=wallet,
            action=self.address("archive", wallet),
            consequences=[
                _("Its earning rules give points again.")
                if wallet.is_archived
                else _("Nothing earns in it any more. What members have stays theirs and expires as promised.")
            ],
            submit=_("Take it back") if wallet.is_archived else _("Archive"),
        )


def named_for(action: Any, thing: Any) -> Any:
    """“Archive” says “take back” where the thing is archived."""
    if thing is not None and thing.is_archived and action.path == "archive":
        action.description = _("Take back into use")
    return action


def _posted(request: HttpRequest) -> list[tuple[str, str]]:
    """Everything that was filled in, to be sent once more."""
    return [(name, value) for name, values in request.POST.lists() for value in values if name != "csrfmiddlewaretoken"]
