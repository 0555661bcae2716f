"""An earning rule: what an activity gives in one wallet, and when. `evaluation` applies it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from decimal import Decimal

from loyalty.programs.rules.campaigns import Campaign
from loyalty.programs.rules.conditions import Condition
from loyalty.programs.rules.exact import ROUNDINGS, decimal_of
from loyalty.programs.rules.explanation import RuleId, WalletId
from loyalty.programs.rules.invalid import InvalidSetting, ensure_choice
from loyalty.programs.rules.occurrence import PURCHASE

BASES = ("basket", "lines")
EFFECTS = ("rate", "fixed", "fixed_per_unit", "multiplier")
LARGEST_POINTS = Decimal(10) ** 9
LARGEST_FACTOR = Decimal(1000)
CALENDAR = (datetime(1900, 1, 1, tzinfo=UTC), datetime(2999, 12, 31, tzinfo=UTC))
"""Instants that every client can read; one rule from the year 1 BC would stop all purchases of its program."""


def ensure_within_calendar(field: str, instant: datetime | None) -> None:
    """An instant of the CALENDAR, or none; raises InvalidSetting."""
    first, last = CALENDAR
    if instant is not None and not first <= instant <= last:
        raise InvalidSetting(field, "beyond-calendar", first=str(first.year), last=str(last.year))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One earning rule; raises InvalidSetting on nonsense. Amounts are in the program's currency, instants aware.

    `effect`: `rate` gives `points` per `per_amount` (per full `per_amount` of the whole sum when `whole_steps`),
    `fixed` gives `points` once per activity, `fixed_per_unit` gives `points` per item (per full item when
    `whole_steps`; delivery is no item), `multiplier` multiplies by `factor` what the other rules gave.

    `basis`: a rule on the `basket` earns on everything that is left after products were claimed, and its conditions
    on lines only ask whether the basket holds such a line (when all of them are negative: that it holds none such).
    A rule on `lines` earns on the lines that meet all its conditions on lines, and claims them. A multiplier with
    conditions on lines multiplies what those lines earned, and `fixed_per_unit` counts the items of those lines,
    whatever the basis.

    `with_tax`, `with_shipping`: what counts, also for a condition on the basket's total. `with_discounted`: whether
    lines that carry a discount count at all. Validity is half-open: [starts_at, ends_at); that of a `campaign`, and its
    audience, hold beside the rule's own.
    """

    id: RuleId
    name: str
    wallet: WalletId
    trigger: str = PURCHASE
    conditions: tuple[Condition, ...] = ()
    basis: str = "basket"
    with_tax: bool = True
    with_shipping: bool = False
    with_discounted: bool = True
    effect: str = "rate"
    points: Decimal = Decimal(0)
    per_amount: Decimal = Decimal(1)
    whole_steps: bool = False
    factor: Decimal = Decimal(1)
    stackable: bool = True
    priority: int = 0
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    is_active: bool = True
    is_shadow: bool = False
    rounding: str = "down"
    campaign: Campaign | None = None
    # Worked out once, so that judging is quick. `claims`: it takes its lines away from rules on the basket; `excludes`:
    # it is a zero-rate rule on lines; `selects`: it works on chosen lines only; `rank` orders rules by id.
    gates: tuple[Condition, ...] = field(init=False, repr=False, compare=False)
    selectors: tuple[Condition, ...] = field(init=False, repr=False, compare=False)
    claims: bool = field(init=False, repr=False, compare=False)
    excludes: bool = field(init=False, repr=False, compare=False)
    selects: bool = field(init=False, repr=False, compare=False)
    night_ends: tuple[time, ...] = field(init=False, repr=False, compare=False)
    rank: tuple[int, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._ensure_choices()
        self._ensure_validity()
        self._read_numbers()
        self._prepare()

    def _ensure_choices(self) -> None:
        if not self.trigger.strip():
            raise InvalidSetting("trigger", "required")
        ensure_choice("basis", self.basis, BASES)
        ensure_choice("effect", self.effect, EFFECTS)
        ensure_choice("rounding", self.rounding, ROUNDINGS)

    def _ensure_validity(self) -> None:
        bounds: Mapping[str, datetime | None] = {"starts_at": self.starts_at, "ends_at": self.ends_at}
        for name, instant in bounds.items():
            if instant is not None and instant.utcoffset() is None:
                raise InvalidSetting(name, "not-aware")
            ensure_within_calendar(name, instant)
        if self.starts_at is not None and self.ends_at is not None and self.ends_at <= self.starts_at:
            raise InvalidSetting("ends_at", "ends-before-start")

    def _read_numbers(self) -> None:
        largest = {"points": LARGEST_POINTS, "per_amount": LARGEST_POINTS, "factor": LARGEST_FACTOR}
        for name, limit in largest.items():
            number = decimal_of(name, getattr(self, name))
            if number < 0:
                raise InvalidSetting(name, "negative")
            if number > limit:
                raise InvalidSetting(name, "too-large", limit=str(limit))
            object.__setattr__(self, name, number)
        if not self.per_amount:
            raise InvalidSetting("per_amount", "not-positive")

    @property
    def asked(self) -> tuple[Condition, ...]:
        """Its own conditions and those of its campaign's audience."""
        return self.conditions + (self.campaign.audience if self.campaign else ())

    @property
    def all_gates(self) -> tuple[Condition, ...]:
        """Those of them that look at the whole occurrence."""
        return self.gates + (self.campaign.audience if self.campaign else ())

    @property
    def opens_at(self) -> datetime | None:
        """From when on it can give anything: its own beginning, or its campaign's if that is later."""
        own = self.campaign.starts_at if self.campaign else None
        return max((each for each in (self.starts_at, own) if each is not None), default=None)

    @property
    def closes_at(self) -> datetime | None:
        """The instant from which on it gives nothing any more: its own end, or its campaign's if that is earlier."""
        own = self.campaign.ends_at if self.campaign else None
        return min((each for each in (self.ends_at, own) if each is not None), default=None)

    @property
    def instants(self) -> frozenset[datetime]:
        """When it, or its campaign, begins and ends."""
        bounds = [self.starts_at, self.ends_at]
        bounds += [self.campaign.starts_at, self.campaign.ends_at] if self.campaign else []
        return frozenset(instant for instant in bounds if instant is not None)

    def _prepare(self) -> None:
        conditions = tuple(self.conditions)
        selectors = tuple(condition for condition in conditions if condition.is_on_lines)
        claims = self.basis == "lines" and self.effect != "multiplier"
        windows = [condition.value for condition in conditions if condition.is_time_window]
        prepared = {
            "conditions": conditions,
            "gates": tuple(condition for condition in conditions if not condition.is_on_lines),
            "selectors": selectors,
            "claims": claims,
            "excludes": claims and not self.points,
            "selects": bool(selectors) and (claims or self.effect in ("multiplier", "fixed_per_unit")),
            "night_ends": tuple(end for start, end in windows if end < start),
            "rank": (len(str(self.id)), str(self.id)),
        }
        for name, value in prepared.items():
            object.__setattr__(self, name, value)
