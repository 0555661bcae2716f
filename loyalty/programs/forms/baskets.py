from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from loyalty.lib import clock
from loyalty.lib.admin.forms import StaffForm
from loyalty.programs.rules.occurrence import Line

LINES = 8
KINDS = [("item", _("item")), ("shipping", _("delivery"))]


class LineForm(StaffForm):
    """One line of a basket. A line without an amount is not there."""

    amount = forms.DecimalField(label=_("Amount"), max_digits=16, decimal_places=4, required=False)
    quantity = forms.DecimalField(label=_("Quantity"), max_digits=14, decimal_places=3, required=False, initial=1)
    sku = forms.CharField(label=_("SKU"), max_length=80, required=False)
    category = forms.CharField(label=_("Category"), max_length=80, required=False)
    tax = forms.DecimalField(label=_("of it tax"), max_digits=16, decimal_places=4, required=False)
    discount = forms.DecimalField(label=_("Discount given"), max_digits=16, decimal_places=4, required=False)
    kind = forms.ChoiceField(label=_("Kind"), choices=KINDS, required=False)

    def line(self) -> Line | None:
        """The line as the rules take it."""
        filled = self.cleaned_data
        if filled.get("amount") is None:
            return None
        return Line(
            amount=filled["amount"],
            quantity=filled["quantity"] if filled["quantity"] is not None else Decimal(1),
            tax=filled["tax"] or Decimal(0),
            discount=filled["discount"] or Decimal(0),
            sku=filled["sku"],
            category=filled["category"],
            kind=filled["kind"] or "item",
        )


class BasketForm(StaffForm):
    """A purchase, or another activity, that nobody made: what would it earn?"""

    type = forms.CharField(
        label=_("Activity"),
        max_length=40,
        initial="purchase",
        help_text=_("purchase, review, visit, or any type that your rules know."),
    )
    at = forms.DateTimeField(label=_("When"), required=False)
    channel = forms.CharField(label=_("Channel"), max_length=40, required=False)
    store = forms.CharField(label=_("Store"), max_length=60, required=False)
    member = forms.CharField(
        label=_("Member number"),
        max_length=30,
        required=False,
        help_text=_(
            "For rules, caps and watch rules that ask about the member: tier, lists, earlier purchases, household. "
            "Left empty: someone of whom nothing is known."
        ),
    )
    source = forms.CharField(label=_("Till"), max_length=40, required=False)
    card = forms.CharField(label=_("Card (token)"), max_length=60, required=False)
    device = forms.CharField(label=_("Device"), max_length=60, required=False)
    cashier = forms.CharField(label=_("Cashier"), max_length=60, required=False)
    is_first = forms.BooleanField(label=_("It is their first purchase"), required=False)

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, prefix="try", **kwargs)
        self.lines = [LineForm(data, prefix=f"try-{number}") for number in range(LINES)]
        if data is None:
            self.initial.setdefault("at", clock.now())

    def is_valid(self) -> bool:
        wrong = [form for form in self.lines if not form.is_valid()]
        return super().is_valid() and not wrong

    def basket(self) -> tuple[Line, ...]:
        """The lines that were filled in."""
        return tuple(self._lines())

    def mistakes(self) -> Iterator[str]:
        """Everything that is wrong, each with its place."""
        for number, form in enumerate((self, *self.lines)):
            for name, errors in form.errors.items():
                label = form.fields[name].label if name in form.fields else ""
                place = _("Line %(number)s, %(label)s") % {"number": number, "label": label} if number else label
                yield f"{place}: {errors[0]}" if place else str(errors[0])

    def _lines(self) -> Iterator[Line]:
        for form in self.lines:
            if (line := form.line()) is not None:
                yield line
