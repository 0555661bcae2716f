from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from loyalty.lib.admin.forms import StaffForm, dress
from loyalty.lib.portal import new_form_key
from loyalty.programs.rules.returns import Sold
from loyalty.programs.rules.wording.amounts import number_of


class ReturnForm(StaffForm):
    """How many of each line came back. `key` is the return's identity: sending the form twice is one return."""

    key = forms.CharField(widget=forms.HiddenInput, initial=new_form_key, max_length=80)

    def __init__(self, *args: Any, lines: Sequence[tuple[Sold, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for line, product in lines:
            if line.left:
                self.fields[f"line_{line.position}"] = self._quantity(line, product)
        self.fields["reason"] = forms.CharField(
            label=_("Reason"),
            max_length=300,
            required=False,
            help_text=_("For your colleagues and the auditors; the member does not see it."),
        )
        for field in self.fields.values():
            dress(field)

    @staticmethod
    def _quantity(line: Sold, product: str) -> forms.Field:
        return forms.DecimalField(
            label=_("Line %(line)d: %(product)s") % {"line": line.position, "product": product},
            min_value=Decimal(0),
            max_value=line.left,
            max_digits=14,
            decimal_places=3,
            required=False,
            initial=0,
            help_text=_("How many came back, at most %(left)s.") % {"left": number_of(line.left)},
        )

    def clean(self) -> dict[str, Any]:
        filled = super().clean()
        if not self.errors and not self.quantities():
            raise forms.ValidationError(_("Say how many of which line came back."))
        return filled

    def quantities(self) -> dict[int, Decimal]:
        """How many of which line, by its position."""
        return {
            int(name.removeprefix("line_")): value
            for name, value in self.cleaned_data.items()
            if name.startswith("line_") and value
        }
