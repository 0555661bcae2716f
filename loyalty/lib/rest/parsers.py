"""JSON, strictly: what two readers could understand differently is refused."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from io import BufferedIOBase
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import UnreadablePostError
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.parsers import BaseParser

from loyalty.lib.errors import Malformed
from loyalty.lib.rest.faults import Fault, InvalidInput

DEEPEST = 16
LARGEST = 2**63 - 1
LONGEST_NUMBER = 40


class NotJSON(Malformed):
    """The body is not JSON in UTF-8."""

    code = "malformed"
    message = _("The body is not valid JSON in UTF-8.")


class OutOfRange:
    """Stands where a number stood that no field takes, so that the refusal can point at it."""


OUT_OF_RANGE: Final = OutOfRange()


def _integer(text: str) -> int | OutOfRange:
    if len(text) > LONGEST_NUMBER or abs(number := int(text)) > LARGEST:
        return OUT_OF_RANGE
    return number


def _fraction(text: str) -> Decimal | int | OutOfRange:
    """JSON knows one kind of number, so 2.0 and 2e0 are the integer 2."""
    if len(text) > LONGEST_NUMBER:
        return OUT_OF_RANGE
    try:
        number = Decimal(text)
    except InvalidOperation:  # an exponent that not even Decimal holds
        return OUT_OF_RANGE
    if abs(number.adjusted()) > LONGEST_NUMBER:
        return OUT_OF_RANGE
    if number == number.to_integral_value():
        return int(number) if abs(number) <= LARGEST else OUT_OF_RANGE
    return number


def _constant(name: str) -> None:
    raise NotJSON(_("%(name)s is not a JSON number.") % {"name": name})


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _value in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidInput.of("duplicate-key", _("“%(name)s” stands twice in one object.") % {"name": twice[:80]})
    return members


_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"')
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_decode = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_fraction, parse_int=_integer, parse_constant=_constant
).decode


def load_json(body: bytes) -> Any:
    """The value that `body` holds: whole numbers as int, fractions as Decimal, never float.

    Raises NotJSON, or InvalidInput for a key that stands twice, U+0000, half a surrogate pair, nesting beyond DEEPEST.
    """
    try:
        value = _decode(body.decode())
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        raise NotJSON from None
    if b"\\u" in body or _is_too_deep(body):
        _ensure_plain(value, DEEPEST)  # which finds the place
    return value


def _is_too_deep(body: bytes) -> bool:
    """Whether valid JSON nests beyond DEEPEST, told from its brackets alone: batches are large, and flat."""
    if body.count(b"[") + body.count(b"{") <= DEEPEST:
        return False
    depth = 0
    for bracket in _STRINGS.sub(b"", body).translate(None, _NO_BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        if depth > DEEPEST:
            return True
    return False


def _ensure_plain(value: Any, depth: int) -> None:
    if isinstance(value, str):
        _ensure_text(value)
    elif isinstance(value, Mapping | list):
        if not depth:
            raise InvalidInput.of("too-deep", _("Nested too deeply."))
        for name, item in value.items() if isinstance(value, Mapping) else enumerate(value):
            try:
                _ensure_plain(name, depth)
                _ensure_plain(item, depth - 1)
            except InvalidInput as wrong:
                raise InvalidInput(wrong.below(_printable(name))) from None


def _printable(name: str | int) -> str | int:
    return name.encode(errors="replace").decode().replace("\x00", "�") if isinstance(name, str) else name


def _ensure_text(text: str) -> None:
    if "\x00" in text:
        raise InvalidInput([Fault("character", _("The character U+0000 is not allowed."))])
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidInput([Fault("character", _("Half of a surrogate pair is not a character."))]) from None


class StrictJSONParser(BaseParser):
    """Reads `application/json` of at most DATA_UPLOAD_MAX_MEMORY_SIZE bytes."""

    media_type = "application/json"

    def parse(self, stream: BufferedIOBase, media_type: str | None = None, parser_context: Any = None) -> Any:
        _ensure_utf8(media_type or "")
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        try:
            body = stream.read(limit + 1)
        except UnreadablePostError:
            raise NotJSON from None
        if len(body) > limit:
            raise RequestDataTooBig
        return load_json(body)


def _ensure_utf8(media_type: str) -> None:
    _json, _semicolon, parameters = media_type.lower().partition(";")
    charset = parameters.partition("charset=")[2].partition(";")[0].strip(' "')
    if charset not in ("", "utf-8", "utf8"):
        raise UnsupportedMediaType(media_type)
