"""What rules count on: the lines of one occurrence, which of them count, and what they add up to."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from loyalty.programs.rules.exact import ToExact, as_decimal
from loyalty.programs.rules.occurrence import NIL, PURCHASE, Occurrence
from loyalty.programs.rules.operands import fold

LABELS = 5  # how many products an explanation names


class Basket:
    """The lines as rules look at them; remembers what several rules ask alike. Sums need the EXACT decimal context.

    Lines go by their position. `exact` turns a Decimal into what points are reckoned in.
    """

    __slots__ = ("_amounts", "_counted", "_labels", "_sums", "_values", "exact", "is_purchase", "lines")

    def __init__(self, occurrence: Occurrence, exact: ToExact = as_decimal) -> None:
        self.lines = occurrence.lines
        self.is_purchase = occurrence.type == PURCHASE
        self.exact = exact
        self._amounts: dict[bool, list[Decimal]] = {}
        self._counted: dict[tuple[bool, bool], tuple[int, ...]] = {}
        self._labels: dict[tuple[int, ...], dict[str, Any]] = {}
        self._sums: dict[tuple[tuple[int, ...], bool], Decimal] = {}
        self._values: dict[tuple[str, str], list[Any]] = {}

    def counted(self, with_shipping: bool, with_discounted: bool) -> tuple[int, ...]:
        """The lines that count for a rule with these switches."""
        key = (with_shipping, with_discounted)
        if key not in self._counted:
            self._counted[key] = tuple(
                [
                    position
                    for position, line in enumerate(self.lines)
                    if (with_shipping or line.kind == "item") and (with_discounted or line.discount <= 0)
                ]
            )
        return self._counted[key]

    def amounts(self, with_tax: bool) -> Sequence[Decimal]:
        """Every line's amount, with or without tax."""
        if with_tax not in self._amounts:
            self._amounts[with_tax] = [line.amount if with_tax else line.amount - line.tax for line in self.lines]
        return self._amounts[with_tax]

    def sum(self, lines: tuple[int, ...], with_tax: bool) -> Decimal:
        """What these lines add up to."""
        key = (lines, with_tax)
        if key not in self._sums:
            amounts = self.amounts(with_tax)
            self._sums[key] = sum([amounts[position] for position in lines], NIL)
        return self._sums[key]

    def quantities(self, lines: tuple[int, ...]) -> dict[int, Decimal]:
        """How many items are on each of these lines; delivery is no item."""
        return {position: self.lines[position].quantity for position in lines if self.lines[position].kind == "item"}

    def values(self, subject: str, name: str) -> Sequence[Any]:
        """What every line holds of a subject of conditions; sku and category folded as they are compared."""
        key = (subject, name)
        if key not in self._values:
            if subject == "line_attribute":
                self._values[key] = [line.attributes.get(name) for line in self.lines]
            else:
                self._values[key] = [fold(line.sku if subject == "sku" else line.category) for line in self.lines]
        return self._values[key]

    def labels(self, lines: tuple[int, ...]) -> dict[str, Any]:
        """These lines' products by name, for an explanation."""
        if lines not in self._labels:
            found = [self.lines[position] for position in lines]
            names = list(dict.fromkeys([line.sku or line.category for line in found if line.sku or line.category]))
            self._labels[lines] = {"products": names[:LABELS], "more": len(names[LABELS:])}
        return self._labels[lines]
