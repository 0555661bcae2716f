"""A program's configuration as one document, and a document as the rows that it would be.

Rows made from a document are not saved and need not be: they bear the ids of the rows that they stand for (`places`),
so that the same code compiles both.
"""

from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from itertools import count
from typing import Any, cast

from django.db.models import Field, Model

from loyalty.programs.models.campaigns import AudienceCondition, Campaign
from loyalty.programs.models.caps import Cap
from loyalty.programs.models.checkins import Place
from loyalty.programs.models.conversions import ConversionRate
from loyalty.programs.models.earning import EarningRule, RuleCondition
from loyalty.programs.models.extensions import Extension, ExtensionCondition
from loyalty.programs.models.households import HouseholdPolicy
from loyalty.programs.models.kinds import ActivityKind, KindAttribute
from loyalty.programs.models.moving import TransferPolicy
from loyalty.programs.models.program import Program
from loyalty.programs.models.referrals import ReferralPolicy
from loyalty.programs.models.reinstatement import ReinstatementPolicy
from loyalty.programs.models.reviews import ReviewPolicy
from loyalty.programs.models.tiers import Tier, TierSet
from loyalty.programs.models.velocity import VelocityRule
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.settings import read, written
from loyalty.programs.rules.documents import FORMAT, NOUNS, PROGRAM, SETTINGS, Document, Entry, Noun, keys_of

MODELS: Mapping[str, type[Model]] = {
    SETTINGS: Program,
    "wallets": Wallet,
    "tier_sets": TierSet,
    "tiers": Tier,
    "campaigns": Campaign,
    "audience": AudienceCondition,
    "rules": EarningRule,
    "conditions": RuleCondition,
    "caps": Cap,
    "activity_types": ActivityKind,
    "attributes": KindAttribute,
    "places": Place,
    "invitations": ReferralPolicy,
    "reviews": ReviewPolicy,
    "households": HouseholdPolicy,
    "transfers": TransferPolicy,
    "conversions": ConversionRate,
    "extensions": Extension,
    "extension_audience": ExtensionCondition,
    "reinstatement": ReinstatementPolicy,
    "velocity_rules": VelocityRule,
}
# Rows that a document does not know get ids from here: after all that there are.
FIRST_UNKNOWN = 2**53
type Places = dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True)
class Rows:
    """A program's rows in use, stored or not, by the name of their noun; parts hang on them as if prefetched."""

    program: Program
    by_noun: Mapping[str, list[Any]]

    @property
    def wallets(self) -> list[Wallet]:
        return self.by_noun["wallets"]

    @property
    def tier_sets(self) -> list[TierSet]:
        """With `tiers`."""
        return self.by_noun["tier_sets"]

    @property
    def campaigns(self) -> list[Campaign]:
        """With their `audience`."""
        return self.by_noun["campaigns"]

    @property
    def rules(self) -> list[EarningRule]:
        """With their `conditions`; those that are off among them."""
        return self.by_noun["rules"]

    @property
    def caps(self) -> list[Cap]:
        return self.by_noun["caps"]

    @property
    def velocity_rules(self) -> list[VelocityRule]:
        return self.by_noun["velocity_rules"]


@dataclass(frozen=True, slots=True)
class Described:
    """A document, and which row each of its entries stands for."""

    document: Document
    places: Places


def document_of(program: Program) -> Document:
    """The program as its rows are now: the draft, where there is one."""
    return described(stored_rows(program)).document


def stored_rows(program: Program) -> Rows:
    """What stands in the database and is not archived, with everything that hangs on it; two statements per noun."""
    fresh = Program.objects.get(pk=program.pk)
    return _linked(fresh, {noun.name: _stored(noun, fresh) for noun in NOUNS})


def _stored(noun: Noun, program: Program) -> list[Any]:
    rows = MODELS[noun.name]._default_manager.filter(**noun.used, **{noun.scope: program}).order_by("pk")
    return list(rows.prefetch_related(*(part.name for part in noun.parts)))


def _linked(program: Program, found: dict[str, list[Any]]) -> Rows:
    """The rows without those that depend on something archived; what they refer to is at hand."""
    known: dict[str, dict[int, Any]] = {}
    for noun in NOUNS:
        rows = [row for row in found[noun.name] if all(_links(row, noun, known))]
        for row in rows:
            if noun.scope == "program":
                row.program = program
        known[noun.name] = {row.pk: row for row in rows}
    return Rows(program, {name: list(rows.values()) for name, rows in known.items()})


def _links(row: Any, noun: Noun, known: Mapping[str, Mapping[int, Any]]) -> Iterator[bool]:
    for setting, other in noun.refers.items():
        target = known[other].get(getattr(row, f"{setting}_id"))
        if target is not None:
            setattr(row, setting, target)
        yield target is not None or getattr(row, f"{setting}_id") is None


def described(rows: Rows) -> Described:
    """The rows as a document."""
    document: Document = {"format": FORMAT, SETTINGS: _entry(PROGRAM, rows.program, {})}
    places: Places = {}
    for noun in NOUNS:
        document[noun.name] = [_entry(noun, row, places) for row in rows.by_noun[noun.name]]
        keys = keys_of(noun, document[noun.name])
        places[noun.name] = {key: row.pk for key, row in zip(keys, rows.by_noun[noun.name], strict=True)}
        for part in noun.parts:
            if part.key:
                places[part.name] = {
                    f"{key}/{getattr(each, part.key)}": each.pk
                    for key, row in zip(keys, rows.by_noun[noun.name], strict=True)
                    for each in getattr(row, part.name).all()
                }
    return Described(document, places)


def _entry(noun: Noun, row: Any, places: Places) -> Entry:
    entry: Entry = {}
    for name in noun.fields:
        if other := noun.refers.get(name):
            wanted = getattr(row, f"{name}_id")
            entry[name] = next((key for key, pk in places[other].items() if pk == wanted), None)
        else:
            entry[name] = written(getattr(row, name))
    for part in noun.parts:
        entry[part.name] = [_entry(part, each, places) for each in getattr(row, part.name).all()]
    return entry


def rows_from(program: Program, document: Document, places: Places) -> Rows:
    """The rows that a document describes, none of them saved. What only rows know (code, open or closed) stays.

    Of a noun that the document does not know, because it is older than that noun, it is the stored rows.
    """
    shown = copy(program)
    _fill(shown, PROGRAM, document.get(SETTINGS, {}))
    unknown = count(FIRST_UNKNOWN)
    made: dict[str, dict[str, Any]] = {}
    for noun in NOUNS:
        entries, places = _known(noun, program, document, places, made)
        made[noun.name] = {
            key: _row(shown, noun, key, entry, made, places, unknown)
            for key, entry in zip(keys_of(noun, entries), entries, strict=True)
        }
    return Rows(shown, {name: list(rows.values()) for name, rows in made.items()})


def _known(
    noun: Noun, program: Program, document: Document, places: Places, made: Mapping[str, Mapping[str, Any]]
) -> tuple[list[Entry], Places]:
    """The entries of a noun, and the places with theirs."""
    if noun.name in document:
        return document[noun.name], places
    rows, entries = [], []
    there: Places = {other: {key: row.pk for key, row in made[other].items()} for other in noun.refers.values()}
    for row in _stored(noun, program):
        entry = _entry(noun, row, there)
        if all(entry[name] is not None or getattr(row, f"{name}_id") is None for name in noun.refers):
            rows.append(row)
            entries.append(entry)
    keys = keys_of(noun, entries)
    return entries, places | {noun.name: {key: row.pk for key, row in zip(keys, rows, strict=True)}}


def _row(
    program: Program,
    noun: Noun,
    key: str,
    entry: Entry,
    made: Mapping[str, Mapping[str, Any]],
    places: Places,
    unknown: Iterator[int],
) -> Any:
    row: Any = MODELS[noun.name](pk=places.get(noun.name, {}).get(key) or next(unknown), **noun.used)
    if noun.scope == "program":
        row.program = program
    _fill(row, noun, entry)
    for setting, other in noun.refers.items():
        wanted = entry.get(setting)
        setattr(row, setting, made[other][wanted] if wanted is not None else None)
    row._prefetched_objects_cache = {
        part.name: [_part(part, row, key, each, places, unknown) for each in entry.get(part.name, [])]
        for part in noun.parts
    }
    return row


def _part(part: Noun, whole: Any, key: str, entry: Entry, places: Places, unknown: Iterator[int]) -> Any:
    place = places.get(part.name, {}).get(f"{key}/{entry.get(part.key)}") if part.key else None
    row = MODELS[part.name](pk=place or next(unknown), **{part.parent: whole})
    _fill(row, part, entry)
    return row


def _fill(row: Any, noun: Noun, entry: Entry) -> None:
    """Settings that the document does not know, because it is older than they are, have their defaults."""
    for name in noun.fields:
        if name not in noun.refers and name in entry:
            setattr(row, name, read(field_of(noun, name), entry[name]))


def field_of(noun: Noun, name: str) -> Field:
    """The model's field behind a setting."""
    return cast(Field, MODELS[noun.name]._meta.get_field(name))


def usual_of(noun: Noun, name: str) -> Any:
    """What a setting is where nobody says otherwise, as a document has it."""
    if name in noun.refers:
        return None
    field = field_of(noun, name)
    return written(field.to_python(field.get_default()))
