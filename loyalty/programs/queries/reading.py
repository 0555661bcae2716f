"""A document that a person wrote, checked against what there is to set and filled up with what they left out."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from loyalty.programs.errors.documents import WrongDocument
from loyalty.programs.models.program import Program
from loyalty.programs.queries.documents import field_of, usual_of
from loyalty.programs.queries.settings import understood, written
from loyalty.programs.rules.documents import BY_NAME, FORMAT, NOUNS, PROGRAM, SETTINGS, Document, Entry, Noun, keys_of

ABOUT = "about"
type Where = tuple[str | int, ...]


def document_from(raw: Any, program: Program) -> Document:
    """The whole document; settings of the program that are not written stay as they are. Raises WrongDocument."""
    _ensure_mapping(raw, (), {"format", ABOUT, SETTINGS, *(noun.name for noun in NOUNS)})
    if str(raw.get("format", FORMAT)) != str(FORMAT):
        raise WrongDocument(_("This format is not known here."), where=("format",))
    settings = {name: written(getattr(program, name)) for name in PROGRAM.fields} | (raw.get(SETTINGS) or {})
    document: Document = {"format": FORMAT, SETTINGS: _entry(PROGRAM, settings, (SETTINGS,), None)}
    zone = ZoneInfo(document[SETTINGS]["time_zone"])
    for noun in NOUNS:
        document[noun.name] = _entries(noun, raw.get(noun.name), (noun.name,), zone)
        for place, entry in enumerate(document[noun.name]):
            _ensure_known(noun, entry, document, (noun.name, place))
    return document


def without_defaults(document: Document) -> Document:
    """The document as people like to read it: settings that have their usual value are left out."""
    short: Document = {"format": document["format"], SETTINGS: document[SETTINGS]}
    for noun in NOUNS:
        if entries := [_short(noun, entry) for entry in document.get(noun.name, [])]:
            short[noun.name] = entries[0] if noun.is_single else entries
    return short


def _short(noun: Noun, entry: Entry) -> Entry:
    kept: Entry = {}
    for name in noun.fields:
        if name == noun.key or entry[name] != usual_of(noun, name):
            kept[name] = entry[name]
    return kept | {
        part.name: [_short(part, each) for each in entry[part.name]] for part in noun.parts if entry[part.name]
    }


def _entries(noun: Noun, raw: Any, where: Where, zone: Any) -> list[Entry]:
    if raw in (None, ""):
        return []
    if noun.is_single:
        return [_entry(noun, raw, where, zone)]
    if not isinstance(raw, list):
        raise WrongDocument(_("Write a list here."), where=where)
    entries = [_entry(noun, each, (*where, place), zone) for place, each in enumerate(raw)]
    return sorted(entries, key=lambda entry: Decimal(entry[noun.rises_by])) if noun.rises_by else entries


def _entry(noun: Noun, raw: Any, where: Where, zone: Any) -> Entry:
    _ensure_mapping(raw, where, {*noun.fields, *(part.name for part in noun.parts)})
    entry: Entry = {}
    for name in noun.fields:
        if name in noun.refers:
            entry[name] = None if raw.get(name) in (None, "", "null", "~") else str(raw[name])
        else:
            entry[name] = _setting(noun, name, raw, (*where, name), zone)
    for part in noun.parts:
        entry[part.name] = _entries(part, raw.get(part.name), (*where, part.name), zone)
    return entry


def _setting(noun: Noun, name: str, raw: Mapping[str, Any], where: Where, zone: Any) -> Any:
    field = field_of(noun, name)
    try:
        if name in raw:
            return written(field.to_python(understood(field, raw[name], zone)))
        usual = field.get_default()
        return written(field.to_python(usual) if field.has_default() else field.clean(usual, None))
    except ValidationError as error:
        raise WrongDocument(" ".join(error.messages), where=where) from error


def _ensure_mapping(raw: Any, where: Where, known: set[str]) -> None:
    if not isinstance(raw, Mapping):
        raise WrongDocument(_("Write settings here, each with its name."), where=where)
    for name in raw:
        if name not in known:
            raise WrongDocument(_("There is no setting “%(name)s” here.") % {"name": name}, where=(*where, str(name)))


def _ensure_known(noun: Noun, entry: Entry, document: Document, where: Where) -> None:
    """What an entry refers to stands in the document; what must refer to something does."""
    for name, other in noun.refers.items():
        if entry[name] is None and not field_of(noun, name).null:
            raise WrongDocument(_("This is required."), where=(*where, name))
        there = keys_of(BY_NAME[other], document[other])
        if entry[name] is not None and entry[name] not in there:
            raise WrongDocument(_("There is nothing called “%(name)s”.") % {"name": entry[name]}, where=(*where, name))
