"""What another document changes: which things are new, gone or otherwise, setting by setting."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from loyalty.programs.rules.documents import NOUNS, PROGRAM, SETTINGS, Document, Entry, Noun, keys_of

ADDED, REMOVED, CHANGED = "added", "removed", "changed"
type Places = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting that is otherwise; what hangs on a thing without a name of its own counts as one setting."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Change:
    """One thing of `noun` that is new, gone or changed; by the key that it has in either document."""

    noun: Noun
    kind: str
    before_key: str
    after_key: str
    before: Entry
    after: Entry
    settings: tuple[Setting, ...] = ()


def changes_between(before: Document, after: Document, was: Places, now: Places) -> list[Change]:
    """In the order in which a program is described. `was` and `now` tell which entries stand for the same row."""
    settings = _settings(PROGRAM, before[SETTINGS], after[SETTINGS])
    changes = [Change(PROGRAM, CHANGED, "", "", before[SETTINGS], after[SETTINGS], settings)] if settings else []
    for noun in NOUNS:
        changes += _of(noun, _entries(noun, before), _entries(noun, after), was, now)
        for part in noun.parts:
            if part.key:
                changes += _of(part, _nested(noun, part, before), _nested(noun, part, after), was, now)
    return changes


def _entries(noun: Noun, document: Document) -> dict[str, Entry]:
    entries = document.get(noun.name, [])
    return dict(zip(keys_of(noun, entries), entries, strict=True))


def _nested(noun: Noun, part: Noun, document: Document) -> dict[str, Entry]:
    return {
        f"{key}/{each[part.key]}": each
        for key, entry in _entries(noun, document).items()
        for each in entry.get(part.name, [])
    }


def _of(noun: Noun, old: dict[str, Entry], new: dict[str, Entry], was: Places, now: Places) -> Iterator[Change]:
    there = {pk: key for key, pk in was.get(noun.name, {}).items() if key in old}
    origins = {key: there.get(now.get(noun.name, {}).get(key, 0), key) for key in new}
    for key in old:
        if key not in origins.values():
            yield Change(noun, REMOVED, key, key, old[key], {})
    for key, entry in new.items():
        origin = origins[key]
        if origin not in old:
            yield Change(noun, ADDED, key, key, {}, entry)
        elif settings := _settings(noun, old[origin], entry):
            yield Change(noun, CHANGED, origin, key, old[origin], entry, settings)


def _settings(noun: Noun, old: Entry, new: Entry) -> tuple[Setting, ...]:
    names = [*noun.fields, *(part.name for part in noun.parts if not part.key)]
    return tuple(Setting(name, old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name))
