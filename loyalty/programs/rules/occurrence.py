"""What is judged: one activity as it happened, with its lines."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType

from loyalty.programs.rules.exact import decimal_of
from loyalty.programs.rules.invalid import InvalidSetting, ensure_choice
from loyalty.programs.rules.standing import NOBODY, Standing

PURCHASE = "purchase"
NIL = Decimal(0)
LINE_KINDS = ("item", "shipping")
NOTHING: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a basket. `amount` is the line's total including `tax`, after `discount`; all three in the
    basket's currency.

    How it was paid is not its business: a gift card or a wallet is a payment, not a discount.
    """

    amount: Decimal
    quantity: Decimal = Decimal(1)
    tax: Decimal = NIL
    discount: Decimal = NIL
    sku: str = ""
    category: str = ""
    attributes: Mapping[str, object] = field(default_factory=lambda: NOTHING)
    kind: str = "item"

    def __post_init__(self) -> None:
        for name in ("amount", "quantity", "tax", "discount"):
            given = getattr(self, name)
            if given is not NIL and (number := decimal_of(name, given)) is not given:
                object.__setattr__(self, name, number)
        ensure_choice("kind", self.kind, LINE_KINDS)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One activity. `at` is its aware instant, `local` the same instant in the program's zone.

    `attributes` are the activity's own, `member` the member's; values are plain (text, numbers, truth values, lists
    of them). `is_first` says that it is the member's first purchase, `standing` what else is known about the member.
    """

    type: str
    at: datetime
    local: datetime
    lines: tuple[Line, ...] = ()
    channel: str = ""
    store: str = ""
    attributes: Mapping[str, object] = field(default_factory=lambda: NOTHING)
    is_first: bool = False
    member: Mapping[str, object] = field(default_factory=lambda: NOTHING)
    standing: Standing = NOBODY

    def __post_init__(self) -> None:
        if self.at.utcoffset() is None or self.local.utcoffset() is None:
            raise InvalidSetting("at", "not-aware")
        # Compared in UTC: in the hour that a clock repeats, Python calls equal instants of two zones unequal (PEP 495).
        if self.at.astimezone(UTC) != self.local.astimezone(UTC):
            raise InvalidSetting("local", "another-instant")
        object.__setattr__(self, "lines", tuple(self.lines))
