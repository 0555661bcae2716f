from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.admin import PaginationInlineFormSet
from unfold.widgets import UnfoldAdminColorInputWidget, UnfoldAdminSelectWidget

from loyalty.lib import clock
from loyalty.lib.admin.forms import StaffForm
from loyalty.lib.admin.screens import ProgramForm, without_zeros
from loyalty.programs.forms.lists import ListField, days
from loyalty.programs.forms.sound import SoundForm
from loyalty.programs.models.tiers import Tier, TierSet
from loyalty.programs.queries.ladders import ladder_of
from loyalty.programs.rules.days import end_of_day
from loyalty.programs.rules.tiers import Ladder

TO_COUNT = "count"
NOWHERE = "none"
WARN_DAYS = [30, 7]  # what is suggested for a new ladder


class TierSetForm(SoundForm, ProgramForm):
    """A ladder without its tiers; what does not apply is hidden and not asked for."""

    called: ClassVar = {"window": "counted_in"}
    activity_types = ListField(
        label=_("Activities that count"), help_text=_("Such as review, visit. Empty: all but purchases.")
    )

    # Not by the name of its setting: in the page's script a field called `window` would hide the browser's own.
    counted_in = forms.ChoiceField(
        label=_("In"), choices=TierSet.Window, initial=TierSet.Window.CALENDAR_YEAR, widget=UnfoldAdminSelectWidget
    )
    warn_days = ListField(
        item=days,
        label=_("Warn before a tier is lost, days before"),
        help_text=_("Such as 30, 7: two messages before a tier ends, each with what keeps it. Empty: no warning."),
    )

    class Meta:
        model = TierSet
        fields = (
            "name", "code", "measure", "wallet", "activity_types", "window_months", "downgrade",
            "one_step_down", "grace_count", "grace_unit", "grace_to_month_end", "warn_days", "position",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is None:
            self.initial["warn_days"] = WARN_DAYS
        else:
            self.initial["counted_in"] = self.instance.window

    def clean(self) -> dict[str, Any]:
        filled = super().clean() or {}
        self.instance.window = filled.get("counted_in", self.instance.window)
        if filled.get("measure") in ("points", "balance") and not filled.get("wallet") and "wallet" not in self.errors:
            self.add_error("wallet", _("Choose the wallet whose points count."))
        return filled

    def compile(self) -> None:
        ladder_of(self.instance, [])


class TierForm(forms.ModelForm):
    """One rung."""

    class Meta:
        model = Tier
        fields = (
            "name", "code", "threshold", "color", "multiplier", "discount_percent", "expiry_extra_months",
            "early_access_hours", "perks",
        )  # fmt: skip
        widgets = {"color": UnfoldAdminColorInputWidget()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = without_zeros(self.initial)


class TierFormSet(PaginationInlineFormSet):
    """The rungs; one on which members stand, or ever stood, stays: the database keeps it."""

    def rows(self) -> list[Tier]:
        """The rungs as filled in, saved or not, without those that are to go; new ones bear negative ids."""
        left = [form for form in self.forms if form not in self.deleted_forms]
        rows = [form.instance for form in left if form.has_changed() or form.instance.pk]
        for number, row in enumerate(rows, 1):
            row.pk = row.pk or -number
        return rows


class TierByHandForm(StaffForm):
    """A member is put on a tier, or left to what is counted."""

    tier = forms.ChoiceField(label=_("Tier"), widget=forms.RadioSelect)
    until = forms.DateField(
        label=_("Not lower through"),
        required=False,
        help_text=_("The last day on which the member cannot fall below it. Empty: for good. They may rise meanwhile."),
    )
    is_locked = forms.BooleanField(
        label=_("Lock"), required=False, help_text=_("Neither rises nor falls by itself until somebody unlocks it.")
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("For your colleagues and the auditors; the member does not see it."),
    )

    def __init__(self, *args: Any, ladder: Ladder, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._zone = zone
        choices: list[tuple[str, Any]] = [(str(rung.id), rung.name) for rung in reversed(ladder.rungs)]
        if ladder.base < 0:
            choices.append((NOWHERE, _("none")))
        choices.append((TO_COUNT, _("Leave it to what is counted")))
        self.fields["tier"].choices = choices  # type: ignore[attr-defined]
        self.fields["tier"].widget.choices = choices

    def clean_until(self) -> Any:
        """The instant at which that day is over."""
        day = self.cleaned_data["until"]
        if day is None:
            return None
        end = end_of_day(day, self._zone)
        if end <= clock.now():
            raise forms.ValidationError(_("This day is over."))
        return end

    @property
    def tier_id(self) -> int | None:
        chosen = self.cleaned_data["tier"]
        return int(chosen) if chosen.isdigit() else None
