from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from loyalty.lib.admin.forms import StaffForm
from loyalty.lib.admin.screens import ProgramForm
from loyalty.programs.forms.lists import ListField
from loyalty.programs.models.moving import TransferPolicy


class TransferPolicyForm(ProgramForm):
    """How members send points of a wallet."""

    tiers = ListField(
        label=_("Only members of the tiers"), help_text=_("Codes of tiers, such as gold, platinum. Empty: everybody.")
    )

    class Meta:
        model = TransferPolicy
        fields = (
            "wallet", "is_on", "step", "minimum", "per_day", "per_year", "fee_points", "fee_percent", "tiers",
            "cooling_hours", "asks_receiver", "answer_days",
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        filled = super().clean() or {}
        smallest = max(filled.get("step") or 1, filled.get("minimum") or 1)
        for name in ("per_day", "per_year"):
            if filled.get(name) is not None and filled[name] < smallest:
                self.add_error(name, _("Nobody could send anything: this is less than one step or the minimum."))
        return filled


class ReasonForm(StaffForm):
    """Why the staff step in."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("For your colleagues and the auditors; the member does not see it."),
    )
