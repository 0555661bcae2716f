from typing import Any

from django.utils.translation import gettext_lazy as _

from loyalty.lib.admin.screens import ProgramForm
from loyalty.programs.forms.lists import ListField, month_day
from loyalty.programs.forms.sound import SoundForm
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries import wallets
from loyalty.programs.queries.configuration import activation_of, expiry_of

NEEDED = {
    ("expiry", Wallet.Expiry.CALENDAR): ("expiry_dates", _("Give at least one date, such as 12-31.")),
    ("activation", Wallet.Activation.FIXED_DATES): ("activation_dates", _("Give at least one date, such as 01-01.")),
}
POLICY = (
    "expiry", "expiry_months", "expiry_rounding", "expiry_dates", "expiry_min_months", "sliding_activities",
    "activation", "activation_count", "activation_dates", "cancel_after_days",
)  # fmt: skip
# The policy that an argument of the pure rules comes from, where it is called differently.
FIELDS = {
    "months": "expiry_months",
    "rounding": "expiry_rounding",
    "dates": "expiry_dates",
    "count": "activation_count",
}


class WalletForm(SoundForm, ProgramForm):
    """A wallet; what does not apply to the chosen policy is hidden and not asked for."""

    called = FIELDS

    expiry_dates = ListField(
        item=month_day,
        label=_("Expiry dates"),
        help_text=_("Such as 06-30, 12-31; points expire at the end of that day."),
    )
    activation_dates = ListField(item=month_day, label=_("Activation dates"), help_text=_("Such as 01-01, 07-01."))
    sliding_activities = ListField(
        label=_("Activities that keep points alive"), help_text=_("Such as purchase, review. Empty: every activity.")
    )

    class Meta:
        model = Wallet
        fields = (
            "name", "code", "unit_one", "unit_many", "unit_few", "is_spendable", "is_qualifying", "point_value",
            "position", "by_hand_limit", "balance_cap", *POLICY,
        )  # fmt: skip
        help_texts = {
            "unit_many": _("As it stands after a large number: 1,000 stars."),
            "is_spendable": _("Off: its points only count for tiers; nobody spends, sends, shares or changes them."),
            "is_qualifying": _("Ladders of tiers may count its points."),
            "balance_cap": _(
                "What is earned beyond it is not given, and the purchase says so. Points sent by others, taken from a "
                "household, given by hand or brought back are refused. Points that wait count too. What members have "
                "already, or get when they leave a household, stays theirs. Empty: no limit."
            ),
        }

    def clean(self) -> dict[str, Any]:
        filled = super().clean() or {}
        for (name, choice), (field, words) in NEEDED.items():
            if filled.get(name) == choice and not filled.get(field) and field not in self.errors:
                self.add_error(field, words)
        if filled.get("expiry") in ("rolling", "sliding") and filled.get("expiry_months") == 0:
            self.add_error("expiry_months", _("Points need at least one month to be spent."))
        for name, words in wallets.needs_of(self.instance).items():
            if not filled.get(name):
                self.add_error(name, words)
        return filled

    def compile(self) -> None:
        expiry_of(self.instance)
        activation_of(self.instance)

    @property
    def policy(self) -> dict[str, Any]:
        """What was filled in about expiry and activation."""
        return {name: self.cleaned_data[name] for name in POLICY}
