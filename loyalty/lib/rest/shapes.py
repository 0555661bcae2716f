"""The declared shapes of what comes in and what goes out; the OpenAPI document is made from the same declarations."""

from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.fields import empty

from loyalty.lib.rest.faults import Fault, InvalidInput
from loyalty.lib.rest.fields import StrictField, fault_of_parameter

UNKNOWN = _("This field is not known here.")
MISSING = _("This field is required.")


class Input(serializers.Serializer):
    """An object from outside: declared fields only, each read strictly, every fault collected with its pointer.

    An optional field that is absent takes its default, or stays absent where it has none.
    """

    @classmethod
    def parse(cls, data: Any) -> dict[str, Any]:
        """The fields of a JSON object; raises InvalidInput."""
        if not isinstance(data, Mapping):
            raise InvalidInput.of("type", _("An object is expected here."))
        declared: Mapping[str, StrictField] = cls._declared_fields
        faults: list[Fault] = []
        values: dict[str, Any] = {}
        unread = len(data)
        for name, field in declared.items():
            value = data.get(name, empty)
            try:
                if value is not empty:
                    unread -= 1
                    values[name] = field.read(value)
                elif field.required:
                    raise InvalidInput.of("required", MISSING)
                elif field.default is not empty:
                    values[name] = field.default
            except InvalidInput as wrong:
                faults += wrong.below(name)
        if unread:
            faults += [Fault("unknown-field", UNKNOWN).below(name) for name in data.keys() - declared.keys()]
        if faults:
            raise InvalidInput(faults)
        return values

    @classmethod
    def parse_query(cls, query: QueryDict) -> dict[str, Any]:
        """The parameters of a query string, each at most once; raises InvalidInput."""
        declared: Mapping[str, StrictField] = cls._declared_fields
        faults: list[Fault] = []
        values = {name: field.default for name, field in declared.items() if field.default is not empty}
        for name, texts in query.lists():
            try:
                values[name] = _read_parameter(declared.get(name), texts)
            except InvalidInput as wrong:
                faults += fault_of_parameter(name.replace("\x00", "�")[:80], wrong).faults
        if faults:
            raise InvalidInput(faults)
        return values


def _read_parameter(field: StrictField | None, texts: list[Any]) -> Any:
    if field is None:
        raise InvalidInput.of("unknown-parameter", _("This parameter is not known here."))
    if len(texts) != 1:
        raise InvalidInput.of("duplicate-parameter", _("This parameter may stand once only."))
    return field.read_text(texts[0])


class Many(StrictField):
    """A list of `least` to `most` objects of one shape."""

    def __init__(self, shape: type[Input], *, most: int, least: int = 1, **rest: Any) -> None:
        self.shape, self.least, self.most = shape, least, most
        super().__init__(**rest)

    def read(self, value: Any) -> list[dict[str, Any]]:
        if not isinstance(value, list):
            raise InvalidInput.of("type", _("A list is expected here."))
        if not self.least <= len(value) <= self.most:
            raise InvalidInput.of("length", _("Too many entries, or too few."))
        rows: list[dict[str, Any]] = []
        faults: list[Fault] = []
        for index, item in enumerate(value):
            try:
                rows.append(self.shape.parse(item))
            except InvalidInput as wrong:
                faults += wrong.below(index)
        if faults:
            raise InvalidInput(faults)
        return rows


class Output(serializers.Serializer):
    """An object that goes out. `present` reads the declared fields from an object in one plain pass."""

    @classmethod
    def present(cls, thing: Any) -> dict[str, Any]:
        """What the JSON holds; instants and decimals are written by the answer's encoder."""
        readers = _READERS.get(cls) or _READERS.setdefault(cls, _readers(cls))
        return {name: read(thing) for name, read in readers}

    @classmethod
    def present_all(cls, things: Iterable[Any]) -> list[dict[str, Any]]:
        return [cls.present(thing) for thing in things]


type Reader = Callable[[Any], Any]
_READERS: dict[type, tuple[tuple[str, Reader], ...]] = {}


def _readers(shape: type[Output]) -> tuple[tuple[str, Reader], ...]:
    return tuple((name, _reader(shape, name, field)) for name, field in shape._declared_fields.items())


def _reader(shape: type[Output], name: str, field: serializers.Field) -> Reader:
    if isinstance(field, serializers.SerializerMethodField):
        return getattr(shape, f"get_{name}")
    read = attrgetter(field.source or name)
    if isinstance(field, serializers.ListSerializer) and isinstance(field.child, Output):
        return lambda thing: field.child.present_all(read(thing))
    if isinstance(field, Output):
        return lambda thing: None if (inner := read(thing)) is None else field.present(inner)
    return read
