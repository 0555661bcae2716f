from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from loyalty.lib.admin.forms import StaffForm
from loyalty.lib.admin.screens import ProgramForm
from loyalty.programs.forms.sound import SoundForm
from loyalty.programs.models.velocity import VelocityRule
from loyalty.programs.queries.configuration import watch_rule_of


class VelocityRuleForm(SoundForm, ProgramForm):
    """What is noticed."""

    class Meta:
        model = VelocityRule
        fields = ("name", "pattern", "most", "minutes", "is_active")

    def compile(self) -> None:
        watch_rule_of(self.instance)


class DecisionForm(StaffForm):
    """Why, for some cases at once; `cases` are their ids."""

    cases = forms.CharField(widget=forms.HiddenInput, max_length=4000, required=False)
    reason = forms.CharField(
        label=_("Reason"), max_length=200, widget=forms.Textarea({"rows": 2}),
        help_text=_("For your colleagues and the auditors; the member does not see it."),
    )  # fmt: skip


class ReleaseForm(DecisionForm):
    """What is usual here from now on."""

    allowed = forms.IntegerField(
        label=_("Usual here from now on, up to"), min_value=1, max_value=10_000, required=False,
        help_text=_("Only more than this is noticed at the same place again. Empty: as many as there were."),
    )  # fmt: skip


class SeveralIds(forms.Form):
    """The ids of cases in an address or a form."""

    cases = forms.CharField(max_length=4000)

    def ids(self) -> list[int]:
        """Those that are numbers."""
        text: Any = self.cleaned_data.get("cases", "") if self.is_valid() else ""
        return [int(part) for part in text.split(",") if part.isascii() and part.isdigit() and len(part) < 18]
