"""How an event becomes JSON and comes back typed, and how long a failed message waits. Pure."""

import types
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

MAX_ATTEMPTS = 15
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(hours=1)
TEXT_TYPES: dict[Any, Callable[[str], Any]] = {
    datetime: datetime.fromisoformat,
    date: date.fromisoformat,
    Decimal: Decimal,
    UUID: UUID,
}


def wait_after(attempts: int) -> timedelta:
    """The pause after the given number of attempts (1 or more): doubling, capped; 15 attempts span some five hours."""
    return min(FIRST_WAIT * 2 ** min(attempts - 1, 20), LONGEST_WAIT)


def name_of(event_class: type) -> str:
    """The dotted path under which wiring and stored messages know an event."""
    return f"{event_class.__module__}.{event_class.__qualname__}"


def to_plain(value: Any) -> Any:
    """`value` in JSON's own types. Floats and naive times are refused with TypeError: neither may stand near value."""
    match value:
        case None | bool() | int() | str():
            return value
        case datetime() if value.tzinfo is None:
            raise TypeError(f"{value!r} has no time zone")
        case datetime() | date():
            return value.isoformat()
        case Decimal() | UUID():
            return str(value)
        case list() | tuple():
            return [to_plain(item) for item in value]
        case dict():
            return {str(key): to_plain(item) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in fields(value)}
    raise TypeError(f"{value!r} is not a plain value")


@cache
def _hints(event_class: type) -> dict[str, Any]:
    return get_type_hints(event_class)


def rebuild(event_class: type, payload: dict[str, Any]) -> Any:
    """The event as it was published. Fields it has lost since are dropped, new ones take their default."""
    known = _hints(event_class)
    return event_class(**{name: _typed(known[name], value) for name, value in payload.items() if name in known})


def _typed(hint: Any, value: Any) -> Any:
    if value is None:
        return None
    if hint in TEXT_TYPES:
        return TEXT_TYPES[hint](value)
    if is_dataclass(hint):
        return rebuild(hint, value)  # type: ignore[arg-type]
    return _typed_generic(get_origin(hint) or hint, get_args(hint), value)


def _typed_generic(origin: Any, inner: tuple[Any, ...], value: Any) -> Any:
    if origin in (Union, types.UnionType):
        return _typed(next(each for each in inner if each is not type(None)), value)
    if origin is dict:
        return {key: _typed(inner[1] if inner else Any, item) for key, item in value.items()}
    if origin in (list, tuple):
        return origin(_typed(inner[0] if inner else Any, item) for item in value)
    return value
