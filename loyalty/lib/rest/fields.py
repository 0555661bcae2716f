"""Strict fields: each reads one JSON value, or a query parameter's text, and describes itself for the OpenAPI document.

They are REST framework fields only so that the document generator finds them; reading is one plain method, because a
batch of purchases reads thousands of them. No field turns one type into another: `true` is no integer, `"1"` no number.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _
from rest_framework.fields import Field

from loyalty.lib.rest.faults import Fault, InvalidInput
from loyalty.lib.text import UNSEEN, is_legible

LARGEST = 2**63 - 1
PRINTABLE = rf"^[^{UNSEEN}]*$"
BOUNDED = rf"^[^\s{UNSEEN}]([^{UNSEEN}]*[^\s{UNSEEN}])?$"  # printable, no blank around it
SLUG = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"
_DATE = r"(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?"
DAY = rf"^{_DATE}$"
INSTANT = rf"^{_DATE}[Tt]{_TIME}([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"


type Sign = Literal["any", "not-negative", "positive"]


class StrictField(Field):
    """One value from outside. `read` takes what JSON holds, `read_text` what a query parameter holds."""

    def read(self, value: Any) -> Any:
        """The value as Python uses it; raises InvalidInput."""
        raise NotImplementedError

    def read_text(self, text: str) -> Any:
        return self.read(text)

    def describe(self) -> dict[str, Any]:
        """The JSON Schema of what `read` takes."""
        raise NotImplementedError


def _wrong_type() -> InvalidInput:
    return InvalidInput.of("type", _("Wrong type of value."))


def _out_of_range() -> InvalidInput:
    return InvalidInput.of("range", _("Outside the allowed range."))


class Text(StrictField):
    """Text of `shortest` to `longest` characters, all legible; `pattern` may ask for more."""

    def __init__(self, longest: int, *, shortest: int = 0, pattern: str = PRINTABLE, **rest: Any) -> None:
        self.longest, self.shortest, self.pattern = longest, shortest, pattern
        self._matches = re.compile(pattern.removesuffix("$") + r"\Z").match
        super().__init__(**rest)

    def read(self, value: Any) -> str:
        if not isinstance(value, str):
            raise _wrong_type()
        if not self.shortest <= len(value) <= self.longest:
            raise InvalidInput.of("length", _("Too long, or too short."))
        if not self._matches(value) or not is_legible(value):
            raise InvalidInput.of("pattern", _("Contains characters that are not allowed here."))
        return value

    def describe(self) -> dict[str, Any]:
        return {"type": "string", "minLength": self.shortest, "maxLength": self.longest, "pattern": self.pattern}


class Email(Text):
    """An e-mail address; may be empty where `shortest` is 0."""

    def __init__(self, **rest: Any) -> None:
        super().__init__(254, **rest)

    def read(self, value: Any) -> str:
        address = super().read(value)
        try:
            validate_email(address) if address else None
        except ValidationError:
            raise InvalidInput.of("email", _("Not an e-mail address.")) from None
        return address

    def describe(self) -> dict[str, Any]:
        return {"anyOf": [{"type": "string", "maxLength": 254, "format": "email"}, {"const": ""}]}


class Whole(StrictField):
    """An integer from `least` to `most`."""

    def __init__(self, *, least: int = -LARGEST, most: int = LARGEST, **rest: Any) -> None:
        self.least, self.most = least, most
        super().__init__(**rest)

    def read(self, value: Any) -> int:
        if type(value) is not int:
            raise _wrong_type()
        if not self.least <= value <= self.most:
            raise _out_of_range()
        return value

    def read_text(self, text: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,19}", text):
            raise _wrong_type()
        return self.read(int(text))

    def describe(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


class Amount(StrictField):
    """An exact decimal as a string such as "19.99", or an integer, below 10^`digits`.

    `sign` says whether it may be negative ("any"), zero ("not-negative") or neither ("positive").
    A JSON number with a fraction is refused: too many clients write 19.99 as 19.990000000000002.
    """

    def __init__(self, *, digits: int, decimals: int, sign: Sign = "not-negative", **rest: Any) -> None:
        self.most = 10**digits - 1
        self.least = {"any": -self.most, "not-negative": 0, "positive": 1}[sign]
        start = {"any": "-?", "not-negative": "", "positive": "(?=[0-9.]*[1-9])"}[sign]
        self.pattern = rf"^{start}[0-9]{{1,{digits}}}(\.[0-9]{{1,{decimals}}})?$"
        self._matches = re.compile(self.pattern).fullmatch
        self._wrong = InvalidInput.of(
            "decimal", _("Not a decimal such as “19.99”, or out of range, or with too many decimals.")
        )
        super().__init__(**rest)

    def read(self, value: Any) -> Decimal:
        if type(value) is int and self.least <= value <= self.most:
            return Decimal(value)
        if isinstance(value, Decimal):
            raise InvalidInput.of("type", _("Write amounts as a string, such as “19.99”."))
        if not isinstance(value, str) or not self._matches(value) or value.endswith("\n"):
            raise self._wrong
        return Decimal(value) + 0  # never "-0"

    def describe(self) -> dict[str, Any]:
        text = {"type": "string", "pattern": self.pattern}
        return {"anyOf": [text, {"type": "integer", "minimum": self.least, "maximum": self.most}]}


class Instant(StrictField):
    """An ISO 8601 instant with seconds and offset (RFC 3339), from 1900 to 2199; read as UTC."""

    _matches = re.compile(INSTANT).fullmatch

    def read(self, value: Any) -> datetime:
        if not isinstance(value, str):
            raise _wrong_type()
        if not self._matches(value) or value.endswith("\n"):
            raise InvalidInput.of("instant", _("Not an instant with offset, such as 2026-11-20T14:30:00+01:00."))
        try:
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
        except ValueError:
            raise InvalidInput.of("instant", _("There is no such instant.")) from None

    def describe(self) -> dict[str, Any]:
        return {"type": "string", "format": "date-time", "pattern": INSTANT}


class Day(StrictField):
    """A calendar date from 1900 to 2199; `null` clears it where `allow_null`."""

    _matches = re.compile(DAY).fullmatch

    def read(self, value: Any) -> date | None:
        if value is None and self.allow_null:
            return None
        if not isinstance(value, str) or not self._matches(value) or value.endswith("\n"):
            raise InvalidInput.of("date", _("Not a date such as 1990-05-17."))
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise InvalidInput.of("date", _("There is no such date.")) from None

    def describe(self) -> dict[str, Any]:
        return {"type": "string", "format": "date", "pattern": DAY}


class Flag(StrictField):
    """true or false, and nothing that resembles them."""

    def read(self, value: Any) -> bool:
        if type(value) is not bool:
            raise _wrong_type()
        return value

    def read_text(self, text: str) -> bool:
        if text not in ("true", "false"):
            raise InvalidInput.of("type", _("Write true or false."))
        return text == "true"

    def describe(self) -> dict[str, Any]:
        return {"type": "boolean"}


class OneOf(StrictField):
    """One of a few words."""

    def __init__(self, words: Iterable[str], **rest: Any) -> None:
        self.words = tuple(words)
        super().__init__(**rest)

    def read(self, value: Any) -> str:
        if not isinstance(value, str) or value not in self.words:
            raise InvalidInput.of("choice", _("Must be one of: %(words)s.") % {"words": ", ".join(self.words)})
        return value

    def describe(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.words)}


class Map(StrictField):
    """Names of `longest_name` characters to values of one kind of field, at most `most` of them."""

    def __init__(self, value: StrictField, *, most: int = 50, longest_name: int = 60, **rest: Any) -> None:
        self.value, self.most = value, most
        self.name = Text(longest_name, shortest=1)
        super().__init__(**rest)

    def read(self, value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise _wrong_type()
        if len(value) > self.most:
            raise InvalidInput.of("length", _("Too many entries."))
        return {
            self._read_at(name, self.name, name): self._read_at(name, self.value, item) for name, item in value.items()
        }

    @staticmethod
    def _read_at(name: str, field: StrictField, value: Any) -> Any:
        try:
            return field.read(value)
        except InvalidInput as wrong:
            raise InvalidInput(wrong.below(name)) from None

    def describe(self) -> dict[str, Any]:
        return {
            "type": "object",
            "propertyNames": {key: item for key, item in self.name.describe().items() if key != "type"},
            "additionalProperties": self.value.describe(),
            "maxProperties": self.most,
        }


class Scalar(StrictField):
    """What an attribute may hold: text, an integer, true or false, or a list of texts. Fractions are text."""

    text = Text(500)
    most = 50

    def read(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text.read(value)
        if isinstance(value, list):
            return self._read_list(value)
        if type(value) not in (int, bool):
            raise InvalidInput.of("type", _("An attribute is text, an integer, true or false, or a list of texts."))
        return value

    def _read_list(self, value: list[Any]) -> list[str]:
        if len(value) > self.most:
            raise InvalidInput.of("length", _("Too many entries."))
        return [self.text.read(item) for item in value]

    def describe(self) -> dict[str, Any]:
        text = self.text.describe()
        kinds = [text, Whole().describe(), Flag().describe(), {"type": "array", "items": text, "maxItems": self.most}]
        return {"anyOf": kinds}


def fault_of_parameter(name: str, wrong: InvalidInput) -> InvalidInput:
    """The same refusal, pointing at a query parameter."""
    return InvalidInput([Fault(fault.code, fault.detail, name, "parameter") for fault in wrong.faults])
