from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from loyalty.lib.admin.screens import ProgramForm
from loyalty.programs.models.kinds import ActivityKind, KindAttribute
from loyalty.programs.rules.kinds import choices_from
from loyalty.programs.rules.occurrence import PURCHASE


class TypeInput(UnfoldAdminTextInputWidget):
    """A type of activity: offers those that are known, takes any other. Works without a script."""

    def __init__(self, types: list[tuple[str, str]], attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"list": "activity-types", "autocomplete": "off", **(attrs or {})})
        self.types = types

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        options = format_html_join("", '<option value="{}">{}</option>', self.types)
        field = super().render(name, value, attrs, renderer)
        return format_html('{}<datalist id="activity-types">{}</datalist>', field, options)


class KindForm(ProgramForm):
    """A type of activity without its attributes."""

    class Meta:
        model = ActivityKind
        fields = ("code", "name", "description", "url", "is_shown", "is_strict", "pays", "pays_for", "leap_day")

    def clean_code(self) -> str:
        code = self.cleaned_data["code"]
        if code == PURCHASE:
            raise forms.ValidationError(_("A purchase has a receipt and lines, always."))
        return code

    def clean(self) -> dict[str, Any] | None:
        filled = super().clean() or self.cleaned_data
        if filled.get("pays") != ActivityKind.Pays.VALUE:
            filled["pays_for"] = ""
        elif not filled.get("pays_for"):
            self.add_error("pays_for", _("Name the attribute of which each value pays once."))
        return filled


class KindAttributeFormSet(forms.BaseInlineFormSet):
    """The attributes of a type; the one of which each value pays once is among those that are needed."""

    def clean(self) -> None:
        super().clean()
        wanted = self.instance.pays_for if self.instance.pays == ActivityKind.Pays.VALUE else ""
        rows = [form.cleaned_data for form in self.forms if hasattr(form, "cleaned_data")]
        needed = {row.get("name") for row in rows if row.get("is_required") and not row.get("DELETE")}
        if wanted and wanted not in needed:
            words = _("It pays once for each “%(name)s”: add that attribute here, and mark it as needed.")
            raise forms.ValidationError(words % {"name": wanted})


class KindAttributeForm(forms.ModelForm):
    """One attribute; what can be chosen is asked for choices alone."""

    class Meta:
        model = KindAttribute
        fields = ("name", "form", "choices", "is_required")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():  # the heads of a table's columns are no labels
            field.widget.attrs["aria-label"] = str(field.label)
        self.fields["form"].widget.attrs["data-choosing"] = KindAttribute.Form.CHOICE.value
        self.fields["choices"].widget.attrs["data-choices"] = ""

    def clean(self) -> dict[str, Any] | None:
        filled = super().clean() or self.cleaned_data
        if filled.get("form") != KindAttribute.Form.CHOICE:
            if choices_from(filled.get("choices", "")):
                self.add_error("choices", _("Only “one of” has choices. Take them out, or change what it is."))
        elif len(choices_from(filled.get("choices", ""))) < 2:
            self.add_error("choices", _("Give at least two, separated by commas."))
        return filled
