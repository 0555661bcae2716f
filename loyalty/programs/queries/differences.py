"""A difference between two configurations in plain words, for the staff."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from django.utils import formats
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from loyalty.programs.models.program import Program
from loyalty.programs.models.versions import ProgramVersion
from loyalty.programs.queries.activities import units_of
from loyalty.programs.queries.caps import words_of_cap
from loyalty.programs.queries.configuration import published_of, rule_of, watch_rule_of
from loyalty.programs.queries.conversions import words_of_rate
from loyalty.programs.queries.documents import (
    MODELS,
    Described,
    Rows,
    described,
    field_of,
    rows_from,
    stored_rows,
    usual_of,
)
from loyalty.programs.queries.extensions import words_of_extension
from loyalty.programs.queries.households import words_of_sharing
from loyalty.programs.queries.moving import words_of_sending
from loyalty.programs.queries.reinstatement import words_of_reinstatement
from loyalty.programs.rules.conditions import condition_from_text
from loyalty.programs.rules.days import zone_of
from loyalty.programs.rules.differences import ADDED, REMOVED, Change, Setting, changes_between
from loyalty.programs.rules.documents import SETTINGS, Noun
from loyalty.programs.rules.invalid import InvalidSetting
from loyalty.programs.rules.wording.amounts import number_of, sentence_of
from loyalty.programs.rules.wording.conditions import phrase_for
from loyalty.programs.rules.wording.earning import sentence_for_rule
from loyalty.programs.rules.wording.velocity import sentence_for_watch


@dataclass(frozen=True, slots=True)
class Difference:
    """One line: `kind` is added, removed or changed; `text` a sentence."""

    kind: str
    text: str


def difference_of_draft(program: Program) -> list[Difference]:
    """What publishing the draft would change; nothing where there is none."""
    fresh = Program.objects.select_related("published").get(pk=program.pk)
    published = published_of(fresh)
    if published is None:
        return []
    return difference(rows_from(fresh, published.document, published.places), stored_rows(fresh))


def difference_to(version: ProgramVersion) -> list[Difference]:
    """What going back to `version` would change in the rows as they are now."""
    program = version.program
    return difference(stored_rows(program), rows_from(program, version.document, version.places))


def difference(before: Rows, after: Rows) -> list[Difference]:
    """In the language in force, in the order in which a program is described."""
    was, now = described(before), described(after)
    words = _Words(before, after, was, now)
    changes = changes_between(was.document, now.document, was.places, now.places)
    return [line for change in changes for line in words.lines(change)]


class _Words:
    def __init__(self, before: Rows, after: Rows, was: Described, now: Described) -> None:
        self._zone, self._currency = zone_of(after.program.time_zone), after.program.currency
        self._before, self._after = _sentences(before, was), _sentences(after, now)
        self._names = _names(before, was) | _names(after, now)

    def lines(self, change: Change) -> Iterator[Difference]:
        thing = self._thing(change)
        if change.kind == REMOVED:
            yield Difference(change.kind, _("%(thing)s goes.") % {"thing": thing})
        elif change.kind == ADDED:
            sentence = self._after.get((change.noun.name, change.after_key)) or self._told(change)
            text = _("%(thing)s is new: %(sentence)s") if sentence else _("%(thing)s is new.")
            yield Difference(change.kind, text % {"thing": thing, "sentence": sentence})
        else:
            for text in self._changed(change, thing):
                yield Difference(change.kind, text)

    def _told(self, change: Change) -> str:
        """What is new and has no sentence of its own is told by what is unusual of it."""
        noun, entry = change.noun, change.after
        names = [*noun.fields, *(part.name for part in noun.parts if not part.key)]
        settings = [(name, entry.get(name)) for name in names if name not in SEEN and name != noun.key]
        told = [
            f"{_label(noun, name)}: {self._value(noun, Setting(name, None, value), value)}"
            for name, value in settings
            if value not in (None, "", []) and (name not in noun.fields or value != usual_of(noun, name))
        ]
        return sentence_of("; ".join(told)) if told else ""

    def _changed(self, change: Change, thing: str) -> Iterator[str]:
        """A rule's sentence says most of its settings at once; what it does not say is told setting by setting."""
        before = self._before.get((change.noun.name, change.before_key), "")
        after = self._after.get((change.noun.name, change.after_key), "")
        is_told = before != after
        if is_told:
            words = {"thing": thing, "before": before.rstrip("."), "after": after.rstrip(".")}
            yield _("%(thing)s: “%(before)s” becomes “%(after)s”.") % words
        for setting in change.settings:
            if not (is_told and setting.name in TOLD):
                yield _("%(thing)s, %(setting)s: %(before)s becomes %(after)s.") % {
                    "thing": thing,
                    "setting": _label(change.noun, setting.name),
                    "before": self._value(change.noun, setting, setting.before),
                    "after": self._value(change.noun, setting, setting.after),
                }

    def _thing(self, change: Change) -> str:
        kind = capfirst(str(MODELS[change.noun.name]._meta.verbose_name))
        if change.noun.name == SETTINGS or change.noun.is_single:
            return kind
        entry = change.before or change.after
        keys = [(change.noun.name, key) for key in (change.before_key, change.after_key)]
        name = entry.get("name") or next((self._names[key] for key in keys if key in self._names), keys[0][1])
        return _("%(kind)s “%(name)s”") % {"kind": kind, "name": name}

    def _value(self, noun: Noun, setting: Setting, value: Any) -> str:
        if value in (None, "", []):
            return _("nothing")
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if isinstance(value, list):
            return ", ".join(_item(each, self._currency) for each in value)
        if setting.name in noun.refers:
            return f"“{value}”"
        field = field_of(noun, setting.name)
        if field.choices:
            return str(dict(field.flatchoices).get(value, value))
        if setting.name.endswith("_at"):
            return formats.date_format(datetime.fromisoformat(value).astimezone(self._zone), "DATETIME_FORMAT")
        if field.get_internal_type() in NUMBERS:
            return number_of(Decimal(value))
        return str(value)


# What needs no words when something is new: its name is said, its colour is seen.
SEEN = frozenset("name code color position".split())
NUMBERS = frozenset(
    "DecimalField PositiveIntegerField PositiveBigIntegerField PositiveSmallIntegerField IntegerField "
    "BigIntegerField SmallIntegerField".split()
)
# What the sentences about rules and policies tell of their settings.
TOLD = frozenset(
    "trigger effect points per_amount whole_steps factor basis with_tax with_shipping with_discounted conditions "
    "starts_at ends_at give get minimum per_day fee_points fee_percent keeps_expiry tiers by_members window_days "
    "lasts_days price fee_money value_percent comes_back pay_days months until extension_audience "
    "pattern most minutes step per_year cooling_hours asks_receiver answer_days percent most_members leaving".split()
)


def _sentences(rows: Rows, told: Described) -> dict[tuple[str, str], str]:
    found = {}
    for key, rule in zip(told.places.get("rules", {}), rows.rules, strict=True):
        units = units_of(rule.wallet)
        try:
            algebra = rule_of(rule, list(rule.conditions.all()))
        except InvalidSetting:
            continue
        program = rows.program
        found["rules", key] = sentence_for_rule(algebra, units, program.currency, zone=program.time_zone)
    for noun, words_of in POLICIES.items():
        for key, row in zip(told.places.get(noun, {}), rows.by_noun[noun], strict=True):
            with suppress(InvalidSetting):
                found[noun, key] = " ".join(words_of(row))
    for key, watch in zip(told.places.get("velocity_rules", {}), rows.velocity_rules, strict=True):
        try:
            found["velocity_rules", key] = sentence_for_watch(watch_rule_of(watch))
        except InvalidSetting:
            continue
    return found


def _names(rows: Rows, told: Described) -> dict[tuple[str, str], str]:
    """What has no name of its own is called by what it says, or by what it is for."""
    caps = zip(told.places.get("caps", {}), rows.caps, strict=True)
    found = {("caps", key): _unquoted(words_of_cap(cap, rows.program, None)) for key, cap in caps}
    for noun in POLICIES:
        for key, row in zip(told.places.get(noun, {}), rows.by_noun[noun], strict=True):
            found[noun, key] = str(row)
    return found


def _unquoted(sentence: str) -> str:
    """A sentence as it stands between quotation marks."""
    return sentence.rstrip(".").translate(str.maketrans("", "", "“”„«»"))


# What is said of policies in sentences.
POLICIES: Mapping[str, Callable[[Any], list[str]]] = MappingProxyType(
    {
        "conversions": words_of_rate,
        "extensions": words_of_extension,
        "households": words_of_sharing,
        "reinstatement": words_of_reinstatement,
        "transfers": words_of_sending,
    }
)


def _label(noun: Noun, name: str) -> str:
    part = next((part for part in noun.parts if part.name == name), None)
    if part is not None:
        return str(MODELS[part.name]._meta.verbose_name_plural)
    return str(field_of(noun, name).verbose_name)


def _item(value: Any, currency: str) -> str:
    """One of several; a condition reads as it does in a sentence."""
    if not isinstance(value, dict):
        return str(value)
    with suppress(InvalidSetting, KeyError):
        asked = condition_from_text(value["subject"], value["operator"], value["value"], value.get("name") or "")
        return phrase_for(asked, currency)
    return " ".join(str(each) for each in value.values() if each not in (None, ""))
