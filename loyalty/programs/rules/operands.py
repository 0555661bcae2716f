"""The two sides of a condition: what staff wrote, parsed once, and what an occurrence holds, read so that they
compare.

Each kind of operand has a parser (raises InvalidSetting), a form in which it is compared, and a reader (None: not
there, or not of that kind).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from loyalty.programs.rules.exact import parse_decimal
from loyalty.programs.rules.invalid import InvalidSetting

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
YES = frozenset({"true", "yes", "1"})
NO = frozenset({"false", "no", "0"})


def fold(text: str) -> str:
    """Text as it is compared: without regard to case and surrounding blanks."""
    return text.strip().casefold()


def plain(value: Any) -> Any:
    """A parsed value as JSON holds it."""
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, date | time) else value


def parse_text(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise InvalidSetting("value", "not-text", value=str(value))
    text = str(value).strip()
    if not text:
        raise InvalidSetting("value", "required")
    return text


def parse_scalar(value: object) -> bool | Decimal | str:
    return value if isinstance(value, bool | Decimal) else parse_text(value)


def parse_number(value: object) -> Decimal:
    return parse_decimal("value", value)


def parse_ordered(value: object) -> Decimal | date:
    found = read_number(value)
    day = read_date(value) if found is None else found
    if day is None:
        raise InvalidSetting("value", "not-ordered", value=str(value))
    return day


def parse_weekday(value: object) -> int:
    """ISO: Monday is 1, Sunday 7; English names and their first three letters are read too."""
    text = fold(str(value))
    for number, name in enumerate(WEEKDAYS, start=1):
        if text in (str(number), name, name[:3]):
            return number
    raise InvalidSetting("value", "not-a-weekday", value=str(value))


def parse_time(value: object) -> time:
    """A time of day; "24:00" is the midnight at the day's end."""
    text = str(value).strip()
    try:
        found = time() if text == "24:00" else time.fromisoformat(text)
    except ValueError:
        raise InvalidSetting("value", "not-a-time", value=text) from None
    if found.tzinfo is not None:
        raise InvalidSetting("value", "not-a-time", value=text)
    return found


def parse_flag(value: object) -> bool:
    text = fold(str(value))
    if text not in YES | NO:
        raise InvalidSetting("value", "not-yes-or-no", value=text)
    return text in YES


def read_text(value: object) -> str | None:
    return fold(value) if isinstance(value, str) else None


def read_scalar(value: object) -> str | None:
    """Text folded, numbers in their shortest form, truth values as words."""
    if value is None or isinstance(value, Mapping):
        return None
    if isinstance(value, bool | str):
        return fold(str(value))
    number = read_number(value)
    return None if number is None else shortest(number)


def read_number(value: object) -> Decimal | None:
    """A number, also in text; a float that came from JSON is read by its shortest text."""
    try:
        return parse_decimal("value", str(value))
    except InvalidSetting:
        return None


def read_date(value: object) -> date | None:
    """A day, also that of an instant, also in ISO text."""
    try:
        return date.fromisoformat(str(value).strip()[:10])
    except ValueError:
        return None


def read_as_is(value: Any) -> Any:
    return value


def shortest(number: Decimal) -> str:
    """A number without needless zeros: 2.50 is "2.5", 100 is "100"."""
    return f"{number.normalize():f}"


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of operand is parsed, compared and read."""

    parse: Callable[[object], Any]
    compared: Callable[[Any], Any]
    read: Callable[[Any], Any]


KINDS = {
    "text": Kind(parse_text, fold, read_text),
    "scalar": Kind(parse_scalar, read_scalar, read_scalar),
    "number": Kind(parse_number, read_as_is, read_as_is),
    "amount": Kind(parse_ordered, read_as_is, read_number),
    "date": Kind(parse_ordered, read_as_is, read_date),
    "weekday": Kind(parse_weekday, read_as_is, read_as_is),
    "time": Kind(parse_time, read_as_is, read_as_is),
    "flag": Kind(parse_flag, read_as_is, read_as_is),
}


def kind_of_ordered(value: object) -> str:
    """Whether what staff wrote is compared as a number or as a date."""
    first = value[0] if isinstance(value, list | tuple) and value else value
    return "date" if isinstance(first, date | datetime) or read_number(first) is None else "amount"
