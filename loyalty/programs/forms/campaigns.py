from typing import Any

from django.utils.translation import gettext_lazy as _

from loyalty.lib.admin.screens import ProgramForm
from loyalty.programs.forms.rules import ConditionForm
from loyalty.programs.forms.sound import SoundForm, TimedForm
from loyalty.programs.models.campaigns import AudienceCondition, Campaign
from loyalty.programs.models.caps import Cap
from loyalty.programs.models.conditions import Subject
from loyalty.programs.queries.configuration import cap_of
from loyalty.programs.rules.campaigns import AUDIENCE_SUBJECTS


class CampaignForm(TimedForm, ProgramForm):
    """A campaign without its audience."""

    class Meta:
        model = Campaign
        fields = ("name", "code", "description", "starts_at", "ends_at", "is_active")

    def clean(self) -> dict[str, Any] | None:
        filled = super().clean()
        starts, ends = self.cleaned_data.get("starts_at"), self.cleaned_data.get("ends_at")
        if starts and ends and ends <= starts:
            self.add_error("ends_at", _("The end is not after the start."))
        return filled


class AudienceForm(ConditionForm):
    """One condition of an audience: about the member, or where they are."""

    class Meta(ConditionForm.Meta):
        model = AudienceCondition

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = [(value, label) for value, label in Subject.choices if value in AUDIENCE_SUBJECTS]
        self.fields["subject"].choices = [("", "---------"), *chosen]  # type: ignore[attr-defined]


class SoundCap(SoundForm):
    """A cap that makes sense."""

    def compile(self) -> None:
        cap_of(self.instance, [])


class CapRowForm(SoundCap):
    """A cap below the rule or the campaign on which it stands, whose program it gets when it is saved."""

    class Meta:
        model = Cap
        fields = ("scope", "period", "minutes", "measure", "limit", "mode", "name", "is_active")


class CapForm(SoundCap, ProgramForm):
    """A cap on its own page."""

    class Meta:
        model = Cap
        fields = (
            "name", "rule", "campaign", "activity_type", "wallet", "scope", "period", "minutes", "measure", "limit",
            "mode", "is_active",
        )  # fmt: skip

    def clean(self) -> dict[str, Any] | None:
        filled = super().clean()
        if self.cleaned_data.get("rule") and self.cleaned_data.get("campaign"):
            self.add_error("campaign", _("A cap stands on a rule or on a campaign, not on both."))
        return filled
