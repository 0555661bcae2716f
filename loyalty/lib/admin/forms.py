"""Forms of the small pages, in the back office's look: a plain Django form is dressed, its fields say the rest."""

from datetime import date
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold import widgets

EARLIEST_YEAR, LATEST_YEAR = 1900, 2999
TEXT = " ".join(widgets.INPUT_CLASSES)

# The look for each kind of field, the most particular first.
LOOKS: list[tuple[type[forms.Field], Any]] = [
    (forms.FileField, widgets.UnfoldAdminFileFieldWidget),
    (forms.DateTimeField, lambda: forms.DateTimeInput({"class": TEXT, "type": "datetime-local"}, "%Y-%m-%dT%H:%M")),
    (forms.DateField, lambda: forms.DateInput({"class": TEXT, "type": "date"}, "%Y-%m-%d")),
    (forms.DecimalField, widgets.UnfoldAdminDecimalFieldWidget),
    (forms.IntegerField, widgets.UnfoldAdminIntegerFieldWidget),
    (forms.BooleanField, widgets.UnfoldBooleanSwitchWidget),
    (forms.MultipleChoiceField, widgets.UnfoldAdminCheckboxSelectMultipleWidget),
    (forms.ChoiceField, widgets.UnfoldAdminSelectWidget),
    (forms.EmailField, widgets.UnfoldAdminEmailInputWidget),
    (forms.CharField, widgets.UnfoldAdminTextInputWidget),
]


def posted(request: HttpRequest, *, with_files: bool = False) -> tuple[Any, ...]:
    """What a form is bound to: what was sent, or nothing when the page is only looked at."""
    if request.method != "POST":
        return (None,)
    return (request.POST, request.FILES) if with_files else (request.POST,)


def dress(field: forms.Field) -> None:
    """Give a field the look of the back office; hidden fields, radios and text areas keep what they are."""
    if field.widget.is_hidden:
        return
    attrs = {key: value for key, value in field.widget.attrs.items() if key != "class"}
    if isinstance(field.widget, forms.Textarea):
        field.widget.attrs["class"] = " ".join(widgets.TEXTAREA_CLASSES)
        return
    if isinstance(field.widget, forms.RadioSelect):
        widget: forms.Widget = widgets.UnfoldAdminRadioSelectWidget()
    else:
        widget = next(make() for kind, make in LOOKS if isinstance(field, kind))
    widget.attrs.update(attrs)
    widget.is_required = field.required
    if isinstance(field, forms.ChoiceField):
        widget.choices = field.choices  # type: ignore[attr-defined]
    field.widget = widget


def ensure_near_times(form: forms.BaseForm) -> None:
    """Refuse days that nobody means: near the ends of the calendar a time zone leads beyond what can be stored."""
    for name, value in list(form.cleaned_data.items()):
        if isinstance(value, date) and not EARLIEST_YEAR <= value.year <= LATEST_YEAR:
            form.add_error(name, _("Please check the year."))


class StaffForm(forms.Form):
    """A form on a page of its own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            dress(field)
            if field.help_text:
                field.widget.attrs.setdefault("aria-describedby", f"id_{name}_helptext")

    def clean(self) -> dict[str, Any]:
        filled = super().clean() or {}
        ensure_near_times(self)
        return filled
