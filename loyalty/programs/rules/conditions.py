"""The "if" of an earning rule: one condition on the basket, its lines, the place, the time, the member or the
activity.

A condition on what is known about the member beside the basket (tier, lists, days since …) holds for nobody whose fact
is missing: without a date of birth there is no birthday.

An attribute that holds a list "is" each of its values, so that `segments equals vip` and `segments not_in (vip,
staff)` read as they are meant. What is missing equals nothing: it satisfies `not_equals` and `not_in` only.
"""

import operator as op
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time
from types import MappingProxyType
from typing import Any

from loyalty.programs.rules.invalid import InvalidSetting, ensure_choice
from loyalty.programs.rules.operands import KINDS, kind_of_ordered, plain

LINE_SUBJECTS = frozenset({"sku", "category", "line_attribute"})
ATTRIBUTES = frozenset({"line_attribute", "member_attribute", "activity_attribute"})
WINDOWS = frozenset({"purchases_in_days", "spend_in_days"})  # their name is a number of days
DONE = "activities_in_days"  # its name is a type and a number of days: “review 30”
NAMED_SUBJECTS = ATTRIBUTES | WINDOWS | {DONE}
# What is known about the member beside the basket; `standing` says what each of them means.
STANDING_SUBJECTS = WINDOWS | {DONE, "tier", "list", "member_days", "age", "birthday", "days_since_purchase"}
LONGEST_WINDOW = 3_660  # days
NEGATIVE = frozenset({"not_equals", "not_in"})
ORDERED = ("gte", "gt", "lte", "lt", "between")
MANY = frozenset({"in", "not_in", "between"})

_EQUALITY = ("equals", "not_equals", "in", "not_in")
_TEXT = (*_EQUALITY, "contains")
_ATTRIBUTE = (*_EQUALITY, *ORDERED, "contains")
_COUNT = (*ORDERED, "equals")
# Which operators make sense for which subject; forms offer exactly these.
OPERATORS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "basket_total": ORDERED,
        "sku": _TEXT,
        "category": _TEXT,
        "line_attribute": _ATTRIBUTE,
        "channel": _TEXT,
        "store": _TEXT,
        "weekday": (*_EQUALITY, "between"),
        "time_of_day": ("between", "gte", "lt"),
        "first_purchase": ("equals",),
        "member_attribute": _ATTRIBUTE,
        "activity_attribute": _ATTRIBUTE,
        "tier": _EQUALITY,
        "list": _EQUALITY,
        "member_days": _COUNT,
        "age": _COUNT,
        "birthday": ("lte", "equals"),
        "days_since_purchase": _COUNT,
        "purchases_in_days": _COUNT,
        "spend_in_days": ORDERED,
        DONE: _COUNT,
    }
)
_KIND_OF = {"basket_total": "number", "weekday": "weekday", "time_of_day": "time", "first_purchase": "flag"} | (
    dict.fromkeys(STANDING_SUBJECTS - {"tier", "list"}, "number")
)
LISTS = (list, tuple, set, frozenset)
_TYPE_AND_DAYS = re.compile(r"([a-z0-9._-]{1,40})[\s,:/]+([0-9]+)", re.ASCII)
_BETWEEN_COMMAS = re.compile(r"\s*[,;]\s*")
_BETWEEN_ENDS = re.compile(r"\s*(?:[,;–]|\.\.|\s-\s)\s*")


def _is_within(actual: Any, ends: tuple[Any, Any]) -> bool:
    return bool(ends[0] <= actual <= ends[1])


def _is_within_hours(actual: time, window: tuple[time, time]) -> bool:
    """Half-open [from, to); when `to` is the earlier one the window runs over midnight."""
    start, end = window
    return start <= actual < end if start < end else actual >= start or actual < end


def _is_one_of(actual: Any, values: Collection[Any]) -> bool:
    return actual in values


def _is_none_of(actual: Any, values: Collection[Any]) -> bool:
    return actual not in values


_TESTS: Mapping[str, Callable[[Any, Any], bool]] = MappingProxyType(
    {
        "equals": op.eq,
        "not_equals": op.ne,
        "in": _is_one_of,
        "not_in": _is_none_of,
        "gte": op.ge,
        "gt": op.gt,
        "lte": op.le,
        "lt": op.lt,
        "between": _is_within,
        "contains": op.contains,
    }
)


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition. `name` says which attribute; `value` is one value, a sequence for `in` and `not_in`, two for
    `between`.

    Numbers and dates between are inclusive, hours are half-open and may run over midnight, weekdays are ISO numbers
    (Monday is 1) and may run over the week's end. Raises InvalidSetting.
    """

    subject: str
    operator: str
    value: Any
    name: str = ""
    told: Mapping[str, Any] = field(init=False, repr=False, compare=False)  # in plain values, for an explanation
    _wanted: Any = field(init=False, repr=False, compare=False)
    _read: Callable[[Any], Any] = field(init=False, repr=False, compare=False)
    _test: Callable[[Any, Any], bool] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        ensure_choice("subject", self.subject, OPERATORS)
        ensure_choice("operator", self.operator, OPERATORS[self.subject])
        if (self.subject in NAMED_SUBJECTS) != bool(self.name.strip()):
            raise InvalidSetting("name", "required" if self.subject in NAMED_SUBJECTS else "not-used")
        name = self.name.strip()
        if self.subject in WINDOWS:
            _ensure_days(name)
        elif self.subject == DONE:
            name = _named_done(name)
        kind = KINDS[self.kind]
        values = tuple(kind.parse(item) for item in self._values())
        compared = tuple(kind.compared(item) for item in values)
        self._set(name=name, value=values if self.operator in MANY else values[0], _read=kind.read)
        self._prepare(compared)
        told = {"subject": self.subject, "operator": self.operator, "value": plain(self.value)}
        self._set(told=told | {"name": self.name} if self.name else told)

    @property
    def kind(self) -> str:
        """How the value is parsed and compared: one of operands.KINDS."""
        if self.subject in ATTRIBUTES:
            return kind_of_ordered(self.value) if self.operator in ORDERED else "scalar"
        return _KIND_OF.get(self.subject, "text")

    @property
    def done(self) -> tuple[str, int]:
        """Of `activities_in_days`: which type is counted, and in how many days."""
        type, days = self.name.split(" ")
        return type, int(days)

    @property
    def is_on_lines(self) -> bool:
        """Whether it looks at single lines rather than at the whole occurrence."""
        return self.subject in LINE_SUBJECTS

    @property
    def is_negative(self) -> bool:
        return self.operator in NEGATIVE

    @property
    def is_time_window(self) -> bool:
        """Whether it asks for the hours from one time of day to another."""
        return self.subject == "time_of_day" and self.operator == "between"

    def holds(self, actual: Any) -> bool:
        """Whether what the occurrence holds satisfies the condition."""
        if isinstance(actual, LISTS):
            return self._holds_for_list(actual)
        found = self._read(actual)
        if found is None:
            return self.operator in NEGATIVE
        return self._test(found, self._wanted)

    def chosen(self, positions: Iterable[int], values: Sequence[Any]) -> tuple[int, ...]:
        """Those of `positions` at which `values` (of sku and category: already folded) satisfy the condition."""
        if self.subject == "line_attribute":
            return tuple([position for position in positions if self.holds(values[position])])
        test, wanted = self._test, self._wanted
        return tuple([position for position in positions if test(values[position], wanted)])

    def _holds_for_list(self, actual: Collection[Any]) -> bool:
        found = [reading for item in actual if (reading := self._read(item)) is not None]
        if self.operator in NEGATIVE:
            return all(self._test(item, self._wanted) for item in found)
        if self.operator == "contains":
            return self._wanted in found
        return any(self._test(item, self._wanted) for item in found)

    def _values(self) -> tuple[Any, ...]:
        if self.operator not in MANY:
            return (self.value,)
        if isinstance(self.value, str) or not isinstance(self.value, Collection) or not self.value:
            raise InvalidSetting("value", "required")
        if self.operator == "between" and len(self.value) != 2:
            raise InvalidSetting("value", "not-two")
        return tuple(self.value)

    def _prepare(self, compared: tuple[Any, ...]) -> None:
        if self.operator != "between":
            wanted = frozenset(compared) if self.operator in MANY else compared[0]
            self._set(_wanted=wanted, _test=_TESTS[self.operator])
        elif self.subject == "weekday":
            self._set(_wanted=_days_between(*compared), _test=_is_one_of)
        elif self.subject == "time_of_day":
            if compared[0] == compared[1]:
                raise InvalidSetting("value", "empty-window")
            self._set(_wanted=compared, _test=_is_within_hours)
        else:
            if type(compared[0]) is not type(compared[1]) or compared[0] > compared[1]:
                raise InvalidSetting("value", "ends-reversed")
            self._set(_wanted=compared, _test=_is_within)

    def _set(self, **values: Any) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)


def _ensure_days(text: str) -> None:
    if not (text.isascii() and text.isdigit()):
        raise InvalidSetting("name", "not-a-whole-number", value=text)
    if not 1 <= int(text) <= LONGEST_WINDOW:
        raise InvalidSetting("name", "out-of-range", value=text)


def _named_done(text: str) -> str:
    """The type and the number of days as they are kept; purchases have a subject of their own, which knows returns."""
    found = _TYPE_AND_DAYS.fullmatch(text.lower())
    if found is None or found[1] == "purchase":
        raise InvalidSetting("name", "not-a-type-and-days", value=text)
    _ensure_days(found[2])
    return f"{found[1]} {int(found[2])}"


def _days_between(first: int, last: int) -> frozenset[int]:
    """The weekdays from `first` to `last`, over the week's end when `last` is the earlier one."""
    return frozenset((first - 1 + step) % 7 + 1 for step in range((last - first) % 7 + 1))


def condition_from_text(subject: str, operator: str, text: str, name: str = "") -> Condition:
    """A condition as staff type it: several values separated by commas, ends also by a dash ("07:00-11:00", "50 -
    100").

    Raises InvalidSetting.
    """
    return Condition(subject, operator, _split(operator, text.strip()), name)


def _split(operator: str, text: str) -> str | list[str]:
    if operator not in MANY:
        return text
    parts = [part for part in (_BETWEEN_ENDS if operator == "between" else _BETWEEN_COMMAS).split(text) if part]
    if operator == "between" and len(parts) == 1 and text.count("-") == 1:
        return [part.strip() for part in text.split("-")]
    return parts
