from typing import Any

from loyalty.lib.admin.screens import ProgramForm
from loyalty.programs.forms.rules import ConditionForm
from loyalty.programs.models.conditions import Subject
from loyalty.programs.models.extensions import Extension, ExtensionCondition
from loyalty.programs.rules.extensions import SUBJECTS


class ExtensionForm(ProgramForm):
    """How much longer points last, without the audience."""

    class Meta:
        model = Extension
        fields = ("name", "wallet", "is_on", "months", "until")


class ExtensionAudienceForm(ConditionForm):
    """One condition of the audience: a tier, a list, or what is known about the member."""

    class Meta(ConditionForm.Meta):
        model = ExtensionCondition

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = [(value, label) for value, label in Subject.choices if value in SUBJECTS]
        self.fields["subject"].choices = [("", "---------"), *chosen]  # type: ignore[attr-defined]
