from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from loyalty.programs.rules.shapes import validate_month_day

LARGEST_DAYS = 365


def month_day(text: str) -> str:
    """A day of every year, such as 12-31."""
    validate_month_day(text)
    return text


def days(text: str) -> int:
    """A number of days, at least one and at most a year."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= LARGEST_DAYS):
        raise ValidationError(_("“%(value)s” is not a number of days from 1 to 365."), params={"value": text})
    return int(text)


class ListField(forms.CharField):
    """Several values in one line, separated by commas; each is read, and refused, by itself."""

    widget = UnfoldAdminTextInputWidget

    def __init__(self, *, item: Callable[[str], Any] = str, **kwargs: Any) -> None:
        self.item = item
        super().__init__(required=False, max_length=1000, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(map(str, value)) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[Any]:
        text = super().clean(value)
        return [self.item(part.strip()) for part in text.split(",") if part.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return self.clean(data or "") != (initial or [])
        except ValidationError:
            return True
