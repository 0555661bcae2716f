from django import forms
from django.utils.translation import gettext_lazy as _

from loyalty.lib.admin.forms import StaffForm
from loyalty.lib.admin.screens import ProgramForm
from loyalty.programs.models.reinstatement import ReinstatementPolicy


class ReinstatementPolicyForm(ProgramForm):
    """Whether expired points come back, for how long and for what."""

    class Meta:
        model = ReinstatementPolicy
        fields = (
            "wallet", "is_on", "by_members", "window_days", "lasts_days", "price", "fee_points", "fee_percent",
            "fee_money", "value_percent", "comes_back", "pay_days",
        )  # fmt: skip


class PaidForm(StaffForm):
    """That money came in, and by which word it is found again."""

    reference = forms.CharField(
        label=_("Reference of the payment"), max_length=100,
        help_text=_("The receipt, the invoice or the number of the transfer, so that it can be found again."),
    )  # fmt: skip
