from typing import Any

from django.utils.translation import gettext_lazy as _

from loyalty.lib.admin.screens import ProgramForm
from loyalty.programs.forms.lists import ListField
from loyalty.programs.models.conversions import ConversionRate
from loyalty.programs.rules.moving import first_amount


class ConversionRateForm(ProgramForm):
    """At which rate members change points."""

    tiers = ListField(
        label=_("Only members of the tiers"), help_text=_("Codes of tiers, such as gold, platinum. Empty: everybody.")
    )

    class Meta:
        model = ConversionRate
        fields = (
            "from_wallet", "to_wallet", "is_on", "give", "get", "minimum", "per_day", "fee_points", "fee_percent",
            "tiers", "keeps_expiry",
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        filled = super().clean() or {}
        smallest = first_amount(filled.get("give") or 1, filled.get("minimum") or 1)
        if filled.get("per_day") is not None and filled["per_day"] < smallest:
            self.add_error("per_day", _("Nobody could change anything: this is less than one step or the minimum."))
        return filled
