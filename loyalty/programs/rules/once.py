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
HOWS = ("ever", "daily", "yearly", "value")


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
    """How a type pays once: ever, daily, yearly, or for each value of an `attribute`.

    Raises InvalidSetting on nonsense. One that Laurel knows (`kind` 0) pays as often as it is told of where the
    attribute is not.
    """

    kind: int
    name: str
    how: str
    attribute: str = ""

    def __post_init__(self) -> None:
        ensure_choice("pays", self.how, HOWS)
        if self.kind and (self.how == "value") != bool(self.attribute):
            raise InvalidSetting("pays_for", "required" if self.how == "value" else "not-used")

    def slot(self, attributes: Mapping[str, Any], at: datetime, zone: Zone) -> Slot | None:
        """What an activity at `at` with these attributes would be paid for; days and years are those of `zone`."""
        if self.how == "ever":
            return Slot("ever", told={"how": "ever"})
        if self.how == "yearly":
            return _of_year(local_day(at, zone).year, zone)
        if not self.attribute:
            return _of_day(local_day(at, zone), zone)
        text = _text_of(attributes.get(self.attribute))
        if not text and not self.kind:
            return None
        slot = _of_value(self.attribute, text)
        return slot if self.how == "value" else _on(slot, local_day(at, zone), zone)


# What Laurel knows is one act, whoever tells of it. Invitations and shares are told of by nobody else.
OF_LAUREL: Mapping[str, Once] = {
    type: Once(0, "", how, attribute)
    for type, how, attribute in (
        ("profile", "ever", ""), ("birthday", "yearly", ""), ("anniversary", "yearly", ""), ("app_open", "daily", ""),
        ("survey", "value", "survey"), ("video", "value", "video"), ("review", "value", "product"),
        ("event", "value", "place"), ("visit", "daily", "place"),
    )
}  # fmt: skip
TOLD_BY_NOBODY = frozenset({"referral", "referred", "share"})


def ensure_told_each_time(attribute: str, needed: Iterable[str]) -> None:
    """Raises InvalidSetting unless the attribute is one of those that every activity of the type tells."""
    if attribute not in needed:
        raise InvalidSetting("pays_for", "not-told", value=attribute)


def _of_day(day: date, zone: Zone) -> Slot:
    return Slot(f"day:{day:%Y-%m-%d}", start_of_day(day, zone), end_of_day(day, zone), told={"how": "daily"})


def _of_year(year: int, zone: Zone) -> Slot:
    first, last = date(year, 1, 1), date(year, 12, 31)
    return Slot(f"year:{year}", start_of_day(first, zone), end_of_day(last, zone), told={"how": "yearly"})


def _of_value(attribute: str, text: str) -> Slot:
    key = f"value:{sha256(text.encode()).hexdigest()[:32]}"
    told = {"how": "value", "attribute": attribute, "value": text}
    return Slot(key, attribute=attribute, value=text, told=told)


def _on(slot: Slot, day: date, zone: Zone) -> Slot:
    """The same on one day alone."""
    of_day = _of_day(day, zone)
    key = f"{of_day.key}:{slot.key.removeprefix('value:')[:24]}"  # 40 characters have room
    return replace(slot, key=key, starts_at=of_day.starts_at, ends_at=of_day.ends_at, told=of_day.told)


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
