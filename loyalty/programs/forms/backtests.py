from django import forms
from django.utils.translation import gettext_lazy as _

from loyalty.lib.admin.forms import StaffForm


class BacktestForm(StaffForm):
    """How far back."""

    months = forms.IntegerField(
        label=_("Months"), min_value=1, max_value=60, initial=12, help_text=_("So much of the history is judged anew.")
    )
    budget = forms.DecimalField(
        label=_("Budget"), min_value=0, max_digits=14, decimal_places=2, required=False,
        help_text=_("What is set aside for points, in money. Two worst cases are held against it. Empty: none."),
    )  # fmt: skip
