from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from loyalty.lib.admin.screens import ProgramForm
from loyalty.programs.forms.rules import ConditionForm
from loyalty.programs.models.campaigns import AudienceCondition, Campaign
from loyalty.programs.models.caps import Cap
from loyalty.programs.models.conditions import Subject
from loyalty.programs.queries.configuration import cap_of
from loyalty.programs.rules.campaigns import AUDIENCE_SUBJECTS
from loyalty.programs.rules.earning import ensure_within_calendar
from loyalty.programs.rules.invalid import InvalidSetting
from loyalty.programs.rules.wording.invalid import message_for


class CampaignForm(ProgramForm):
    """A campaign without its audience."""

    class Meta:
        model = Campaign
        fields = ("name", "code", "description", "starts_at", "ends_at", "is_active")

    def clean(self) -> dict[str, Any] | None:
        filled = super().clean()
        for name in {"starts_at", "ends_at"} & self.cleaned_data.keys():
            try:
                ensure_within_calendar(name, self.cleaned_data[name])
            except InvalidSetting as error:
                self.add_error(name, message_for(error))
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


class SoundCap(forms.ModelForm):
    """A cap that makes sense."""

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if self.errors:
            return
        try:
            cap_of(self.instance, [])
        except InvalidSetting as error:
            name = error.field if error.field in self.fields else None
            self.add_error(name, forms.ValidationError(message_for(error)))


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
