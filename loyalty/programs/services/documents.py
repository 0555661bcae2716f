"""Making a program's rows equal to a document: made, changed, taken back into use, archived; what has history stays."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, ProtectedError

from loyalty.lib import clock
from loyalty.members.errors import BadMemberData
from loyalty.members.services.rows import sign
from loyalty.members.services.segments import make_segments
from loyalty.outbox.services import publish
from loyalty.programs.errors.documents import StillInUse, WrongDocument
from loyalty.programs.events import ExpiryPolicyChanged
from loyalty.programs.models.conditions import Subject
from loyalty.programs.models.program import Program
from loyalty.programs.models.tiers import Tier
from loyalty.programs.queries.configuration import (
    activation_of,
    expiry_of,
    published_of,
    rule_of,
    watch_rule_of,
)
from loyalty.programs.queries.documents import MODELS, Places, described, field_of, stored_rows
from loyalty.programs.queries.kinds import ensure_told
from loyalty.programs.queries.settings import read, written
from loyalty.programs.rules.documents import NOUNS, PROGRAM, SETTINGS, Document, Entry, Noun, keys_of
from loyalty.programs.rules.invalid import InvalidSetting
from loyalty.programs.rules.wording.invalid import message_for

OUT_OF_THE_WAY = 10**15
type Where = tuple[str | int, ...]


@transaction.atomic
def load_document(program: Program, document: Document, *, actor: str, places: Places | None = None) -> Program:
    """The program as the document has it; `places` are the rows that its entries stood for, if that is known.

    Where changes are live when saved, points there are get their new end as by `change_wallet_policy`: never earlier.
    Raises WrongDocument, StillInUse.
    """
    locked = Program.objects.select_for_update(of=("self",)).get(pk=program.pk)
    _Loading(locked, document, places or {}, actor).load()
    return Program.objects.get(pk=program.pk)


class _Loading:
    """One document on its way into the rows."""

    def __init__(self, program: Program, document: Document, places: Places, actor: str) -> None:
        self._program, self._document, self._actor = program, document, actor
        self._hints = places
        self._now = described(stored_rows(program))
        self._made: dict[str, dict[str, Any]] = {}
        self._is_live = published_of(program) is None

    def load(self) -> None:
        self._settings()
        for noun in NOUNS:
            self._made[noun.name] = {}
            entries = self._document.get(noun.name, [])
            for place, (key, entry) in enumerate(zip(keys_of(noun, entries), entries, strict=True)):
                self._made[noun.name][key] = self._row(noun, key, entry, (noun.name, place))
        for noun in reversed(NOUNS):
            if noun.name in self._document:  # else the document is older than this noun, and says nothing of it
                self._archive(noun)
        self._lists()

    def _settings(self) -> None:
        wanted = self._document[SETTINGS]
        if wanted["currency"] != self._program.currency and self._program.activities.exists():
            raise WrongDocument(field_of(PROGRAM, "currency").verbose_name, where=(SETTINGS, "currency"))
        self._save(self._program, PROGRAM, wanted, (SETTINGS,))

    def _lists(self) -> None:
        """Lists of members that audiences name are there, empty in a program that is new: staff fill them."""
        for where, condition in _conditions(self._document):
            if condition["subject"] == Subject.LIST:
                codes = [code.strip() for code in str(condition.get("value", "")).split(",")]
                try:
                    make_segments(self._program.pk, codes, actor=self._actor)
                except BadMemberData as error:
                    raise WrongDocument(error.message, where=(*where, "value")) from error

    def _row(self, noun: Noun, key: str, entry: Entry, where: Where) -> Any:
        links = {name: self._made[other].get(entry[name]) for name, other in noun.refers.items()}
        row = self._found(noun, key, entry, links) or self._new(noun)
        before = expiry_of(row) if noun.name == "wallets" and row.pk else None
        self._save(row, noun, entry, where, links)
        if before is not None and self._is_live and expiry_of(row) != before:
            publish(ExpiryPolicyChanged(self._program.pk, row.pk, self._actor, clock.now()))
        for part in noun.parts:
            self._parts(part, row, key, entry.get(part.name, []), (*where, part.name))
        if noun.name == "velocity_rules":
            _ensure_sense(lambda: watch_rule_of(row), where)
        if noun.name == "activity_types":
            _ensure_sense(lambda: ensure_told(row), where)
        if noun.name == "rules":
            _ensure_sense(lambda: rule_of(row, list(row.conditions.all())), where)
        return row

    def _new(self, noun: Noun) -> Any:
        model: Any = MODELS[noun.name]
        return model(program=self._program) if noun.scope == "program" else model()

    def _found(self, noun: Noun, key: str, entry: Entry, links: Mapping[str, Any]) -> Any:
        """The row that this entry stands for: by the hint, among those in use, among archived ones of this name."""
        manager: Any = MODELS[noun.name]._default_manager
        taken = {row.pk for row in self._made[noun.name].values()}
        rows = manager.filter(**{noun.scope: self._program}).exclude(pk__in=taken)
        if noun.is_single:
            return rows.first()
        hinted = self._hints.get(noun.name, {}).get(key)
        known = self._now.places.get(noun.name, {}).get(key)
        for pk in (hinted, known):
            if pk and (row := rows.filter(pk=pk).first()):
                return row
        if noun.key in links:
            return rows.filter(**{noun.key: links[noun.key]}).first()
        name, (field, value) = entry.get(noun.key), noun.off
        return rows.filter(**{field: value, noun.key: name}).order_by("-pk").first() if name else None

    def _save(self, row: Any, noun: Noun, entry: Entry, where: Where, links: Mapping[str, Any] | None = None) -> None:
        """Only if something is another than it was."""
        is_new = row._state.adding
        off, is_off = noun.off
        changed = is_new or getattr(row, off, None) is is_off
        for name in noun.fields:
            if links is not None and name in links:
                changed |= getattr(row, f"{name}_id") != (links[name].pk if links[name] else None)
                setattr(row, name, links[name])
            elif name in entry and written(getattr(row, name)) != entry[name]:
                setattr(row, name, read(field_of(noun, name), entry[name]))
                changed = True
        if not changed:
            return
        if hasattr(row, off):
            setattr(row, off, not is_off)
        try:
            row.full_clean()
        except ValidationError as error:
            name, messages = next(iter(error.message_dict.items()))
            raise WrongDocument(" ".join(messages), where=where if name == "__all__" else (*where, name)) from error
        if noun.name == "wallets":
            _ensure_sense(lambda: (expiry_of(row), activation_of(row)), where)
        sign(row, self._actor).save()

    def _parts(self, part: Noun, whole: Any, key: str, entries: list[Entry], where: Where) -> None:
        related = getattr(whole, part.name)
        there = {str(getattr(each, part.key)): each for each in related.all()} if part.key else {}
        if part.key:
            self._keyed(part, whole, there, entries, where)
            return
        old = [{name: written(getattr(each, name)) for name in part.fields} for each in related.all()]
        if old == entries:
            return
        for each in related.all():
            self._gone(each)
        for place, entry in enumerate(entries):
            self._save(related.model(**{part.parent: whole, "position": place}), part, entry, (*where, place), {})

    def _keyed(self, part: Noun, whole: Any, there: dict[str, Any], entries: list[Entry], where: Where) -> None:
        wanted = [str(entry[part.key]) for entry in entries]
        for name in there.keys() - set(wanted):
            self._gone(there.pop(name))
        heights = {str(entry[part.key]): entry.get("threshold") for entry in entries}
        moved = any(written(getattr(row, "threshold", None)) != heights[name] for name, row in there.items())
        if (
            part.name == "tiers" and moved
        ):  # thresholds may change places; two of one height are not allowed for a moment even
            Tier.objects.filter(tier_set=whole).update(threshold=F("threshold") + OUT_OF_THE_WAY)
            for row in there.values():
                row.refresh_from_db()
        for place, entry in enumerate(entries):
            row = there.get(wanted[place]) or MODELS[part.name](**{part.parent: whole})
            self._save(row, part, entry, (*where, place), {})

    def _gone(self, row: Any) -> None:
        try:
            sign(row, self._actor)
            row.delete()
        except ProtectedError as error:
            raise StillInUse(str(row)) from error

    def _archive(self, noun: Noun) -> None:
        """What is in use and not in the document."""
        kept = {row.pk for row in self._made[noun.name].values()}
        manager: Any = MODELS[noun.name]._default_manager
        off, is_off = noun.off
        for row in manager.filter(**noun.used, **{noun.scope: self._program}).exclude(pk__in=kept):
            setattr(row, off, is_off)
            sign(row, self._actor).save(update_fields=[off])


def _conditions(document: Document) -> Iterator[tuple[Where, Entry]]:
    """Every condition of the document, and the way to it."""
    parts = [(noun.name, part.name) for noun in NOUNS for part in noun.parts if "subject" in part.fields]
    for name, part in parts:
        for place, entry in enumerate(document.get(name, [])):
            for number, condition in enumerate(entry.get(part, [])):
                yield (name, place, part, number), condition


def _ensure_sense(make: Any, where: Where) -> None:
    try:
        make()
    except InvalidSetting as error:
        raise WrongDocument(message_for(error), where=(*where, error.field)) from error
