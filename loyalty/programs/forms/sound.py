"""Forms whose rows must make sense to the pure rules: what those refuse is said at its field, in words."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms

from loyalty.lib.admin.screens import without_zeros
from loyalty.programs.rules.earning import ensure_within_calendar
from loyalty.programs.rules.invalid import InvalidSetting
from loyalty.programs.rules.wording.invalid import message_for


class SoundForm(forms.ModelForm):
    """Says `compile` what it needs to; a field of the rules that is called otherwise here stands in `called`."""

    called: ClassVar[Mapping[str, str]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = without_zeros(self.initial)

    def compile(self) -> None:
        """Make of `self.instance` what the rules judge by; raises InvalidSetting."""

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if self.errors:
            return
        try:
            self.compile()
        except InvalidSetting as error:
            name = self.called.get(error.field, error.field)
            self.add_error(name if name in self.fields else None, forms.ValidationError(message_for(error)))


class TimedForm(forms.ModelForm):
    """A row that holds from `starts_at` until `ends_at`: instants of years that every client can read."""

    def clean(self) -> dict[str, Any] | None:
        filled = super().clean()
        for name in {"starts_at", "ends_at"} & self.cleaned_data.keys():
            try:
                ensure_within_calendar(name, self.cleaned_data[name])
            except InvalidSetting as error:
                self.add_error(name, message_for(error))
        return filled
