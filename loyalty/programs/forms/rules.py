from typing import Any

from django.utils.translation import gettext_lazy as _
from unfold.admin import PaginationInlineFormSet
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from loyalty.lib.admin.screens import ProgramForm
from loyalty.programs.forms.kinds import TypeInput
from loyalty.programs.forms.sound import SoundForm, TimedForm
from loyalty.programs.models.earning import EarningRule, RuleCondition
from loyalty.programs.queries.configuration import condition_of, rule_of
from loyalty.programs.queries.kinds import types_of
from loyalty.programs.rules.conditions import NAMED_SUBJECTS, OPERATORS

HINTS = {
    "basket_total": _("50, or 50 - 100 for between"),
    "sku": _("A-100, A-101"),
    "category": _("coffee, tea"),
    "line_attribute": _("red, blue"),
    "channel": _("web, till"),
    "store": _("oslo-1, oslo-2"),
    "weekday": _("monday, tuesday; or friday - sunday for between"),
    "time_of_day": _("07:00-11:00"),
    "first_purchase": _("yes or no"),
    "member_attribute": _("gold, silver"),
    "activity_attribute": _("5"),
    "tier": _("gold, silver: codes or names"),
    "list": _("press, founders: codes or names"),
    "member_days": _("30"),
    "age": _("18"),
    "birthday": _("7: a week before or after; 0: the day itself"),
    "days_since_purchase": _("90"),
    "purchases_in_days": _("3; and under attribute the number of days"),
    "spend_in_days": _("100; and under attribute the number of days"),
    "activities_in_days": _("1, or 0 for never; and under attribute the type and the days, such as review 30"),
}


def guide() -> dict[str, Any]:
    """What the form's script needs to offer only what makes sense: per subject its operators, its name, a hint."""
    return {
        subject: {"operators": list(OPERATORS[subject]), "named": subject in NAMED_SUBJECTS, "hint": str(hint)}
        for subject, hint in HINTS.items()
    }


class RuleForm(TimedForm, SoundForm, ProgramForm):
    """An earning rule without its conditions."""

    class Meta:
        model = EarningRule
        fields = (
            "name", "trigger", "wallet", "campaign", "effect", "points", "per_amount", "whole_steps", "factor", "basis",
            "with_tax", "with_shipping", "with_discounted", "rounding", "is_stackable", "priority", "starts_at",
            "ends_at", "is_active", "is_shadow",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.desk_program is not None and "trigger" in self.fields:
            self.fields["trigger"].widget = TypeInput(types_of(self.desk_program))

    def compile(self) -> None:
        rule_of(self.instance, [])


class ConditionForm(SoundForm):
    """One condition; what it is about decides what can be asked."""

    class Meta:
        model = RuleCondition
        fields = ("subject", "name", "operator", "value")
        widgets = {
            "subject": UnfoldAdminSelectWidget(attrs={"data-condition": "subject", "aria-label": _("what")}),
            "operator": UnfoldAdminSelectWidget(attrs={"data-condition": "operator", "aria-label": _("how")}),
            "name": UnfoldAdminTextInputWidget(attrs={"data-condition": "name", "aria-label": _("attribute")}),
            "value": UnfoldAdminTextInputWidget(attrs={"data-condition": "value", "aria-label": _("value")}),
        }

    def compile(self) -> None:
        if not self.has_changed():
            return
        if self.instance.subject not in NAMED_SUBJECTS:
            self.instance.name = ""
        condition_of(self.instance)


class ConditionFormSet(PaginationInlineFormSet):
    """All conditions of a rule, in the order in which they stand."""

    def rows(self) -> list[RuleCondition]:
        """The conditions as filled in, saved or not, without those that are to go."""
        forms_left = [form for form in self.forms if form not in self.deleted_forms and form.cleaned_data]
        return [form.instance for form in forms_left]
