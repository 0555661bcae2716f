"""Types of activity that pay once: what an activity would be paid for, so that one act under two ids pays once.

What it is paid for is a short text, unique for a member and a type among what was paid (the database sees to that).
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

from loyalty.programs.rules.days import Zone, end_of_day, local_day, start_of_day
from loyalty.programs.rules.explanation import Evaluation, Step
from loyalty.programs.rules.invalid import InvalidSetting, ensure_choice

FRACTION = re.compile(r"-?[0-9]+[.][0-9]+")  # as the books write a Decimal
HOWS = ("ever", "daily", "value")


@dataclass(frozen=True, slots=True)
class Slot:
    """What one activity would be paid for. None: of any time, of any value."""

    key: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    attribute: str | None = None
    value: str | None = None
    told: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Once:
    """How a type pays once: ever, daily, or for each value of an `attribute`; raises InvalidSetting on nonsense."""

    kind: int
    name: str
    how: str
    attribute: str = ""

    def __post_init__(self) -> None:
        ensure_choice("pays", self.how, HOWS)
        if (self.how == "value") != bool(self.attribute):
            raise InvalidSetting("pays_for", "required" if self.how == "value" else "not-used")

    def slot(self, attributes: Mapping[str, Any], at: datetime, zone: Zone) -> Slot:
        """What an activity at `at` with these attributes would be paid for; days are those of `zone`."""
        if self.how == "daily":
            return _of_day(local_day(at, zone), zone)
        if self.how == "ever":
            return Slot("ever", told={"how": "ever"})
        text = _text_of(attributes.get(self.attribute))
        key = f"value:{sha256(text.encode()).hexdigest()[:32]}"
        told = {"how": "value", "attribute": self.attribute, "value": text}
        return Slot(key, attribute=self.attribute, value=text, told=told)


def ensure_told_each_time(attribute: str, needed: Iterable[str]) -> None:
    """Raises InvalidSetting unless the attribute is one of those that every activity of the type tells."""
    if attribute not in needed:
        raise InvalidSetting("pays_for", "not-told", value=attribute)


def _of_day(day: date, zone: Zone) -> Slot:
    return Slot(f"day:{day:%Y-%m-%d}", start_of_day(day, zone), end_of_day(day, zone), told={"how": "daily"})


def _text_of(value: Any) -> str:
    """A value in one spelling: 1, 1.0 and "1" are the same, as the books keep fractions as text."""
    if value is None:
        return ""
    if isinstance(value, str):
        return _number(value) if FRACTION.fullmatch(value) else value
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return _number(str(value))
    return json.dumps(value, sort_keys=True, default=str)


def _number(text: str) -> str:
    return f"{Decimal(text).normalize():f}"


def earned_before(once: Once, slot: Slot, evaluation: Evaluation, at: datetime) -> Evaluation:
    """The evaluation of what was paid for at `at` already: nothing, and the explanation says so for every wallet."""
    steps = tuple(
        Step(
            f"once:{once.kind}", once.name, award.wallet, True, -award.points, "already-earned",
            {**slot.told, "at": at.isoformat()},
        )
        for award in evaluation.awards
    )  # fmt: skip
    return replace(evaluation, awards=(), explanation=evaluation.explanation + steps)
