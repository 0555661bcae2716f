from django import forms
from django.utils.translation import gettext_lazy as _

from loyalty.lib.admin.forms import StaffForm


class BacktestForm(StaffForm):
    """How far back."""

    months = forms.IntegerField(
        label=_("Months"), min_value=1, max_value=60, initial=12, help_text=_("So much of the history is judged anew.")
    )
