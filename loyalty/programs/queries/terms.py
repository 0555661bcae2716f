"""The program in plain words, generated from what is live now."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from loyalty.lib import clock
from loyalty.programs.models.program import DebtPolicy, Program
from loyalty.programs.queries.activities import units_of
from loyalty.programs.queries.caps import full_told, limits_told
from loyalty.programs.queries.configuration import Configuration, configuration_of
from loyalty.programs.queries.conversions import words_of_rate
from loyalty.programs.queries.extensions import words_of_extension
from loyalty.programs.queries.households import words_of_sharing
from loyalty.programs.queries.moving import words_of_sending
from loyalty.programs.queries.reinstatement import words_of_reinstatement
from loyalty.programs.rules.earning import Rule
from loyalty.programs.rules.occurrence import PURCHASE
from loyalty.programs.rules.wording.earning import sentence_for_rule
from loyalty.programs.rules.wording.policies import sentence_for_activation, sentence_for_expiry
from loyalty.programs.rules.wording.tiers import benefits_of, kept_by, reached_by


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the terms; `code` is earning, tiers, activation, expiry, changing, sending or returns."""

    code: str
    title: str
    lines: tuple[str, ...]


def terms_of(program: Program) -> list[Section]:
    """How one earns and climbs, when points can be spent, moved and end, what a return takes back; no empty parts.

    Rules on trial or over are not told. In the language in force.
    """
    configuration = configuration_of(program)
    sections = [
        Section("earning", _("How you earn"), tuple(_earning(configuration))),
        Section("tiers", _("Tiers, and what they bring"), tuple(_tiers(configuration))),
        Section("activation", _("When you can spend"), tuple(_activation(configuration))),
        Section("expiry", _("How long it lasts"), tuple(_expiry(configuration))),
        Section("changing", _("Changing points"), tuple(_changing(configuration))),
        Section("sending", _("Sending and sharing"), tuple(_sending(configuration))),
        Section("returns", _("When you return something"), tuple(_returns(configuration))),
    ]
    return [section for section in sections if section.lines]


def _earning(configuration: Configuration) -> Iterator[str]:
    program, now = configuration.program, clock.now()
    for rule in sorted(configuration.rules, key=_reading_order):
        is_off = rule.campaign is not None and not rule.campaign.is_active
        if rule.is_shadow or is_off or (rule.closes_at is not None and rule.closes_at <= now):
            continue
        units = units_of(configuration.wallets[int(rule.wallet)].wallet)
        yield sentence_for_rule(rule, units, program.currency, "member", zone=program.time_zone)
    yield from limits_told(configuration)
    yield from full_told(configuration)


def _reading_order(rule: Rule) -> tuple:
    """The plain case first: purchases before other activities, what always holds before what has conditions."""
    raises, excludes = rule.effect == "multiplier", not rule.points
    return (rule.trigger != PURCHASE, raises, excludes, bool(rule.conditions), -rule.priority, rule.rank)


def _tiers(configuration: Configuration) -> Iterator[str]:
    for ladder in configuration.ladders:
        terms = configuration.wallets.get(ladder.wallet or 0)
        units = units_of(terms.wallet) if terms else None
        for rung in ladder.rungs:
            benefits = "; ".join(benefits_of(rung))
            reached = reached_by(ladder, rung, units, configuration.program.currency)
            yield f"{reached}: {benefits}." if benefits else f"{reached}."
        yield from kept_by(ladder)
        if ladder.warn_days and ladder.downgrade != "never":
            yield _("We tell you %(when)s before a tier ends.") % {"when": _days_of(ladder.warn_days)}


def _days_of(days: Iterable[int]) -> str:
    return _all_of(
        [ngettext("%(count)d day", "%(count)d days", day) % {"count": day} for day in sorted(days, reverse=True)]
    )


def _activation(configuration: Configuration) -> Iterator[str]:
    for terms in configuration.wallets.values():
        if terms.activation.is_pending:
            yield sentence_for_activation(terms.activation, units_of(terms.wallet), "member")


def _expiry(configuration: Configuration) -> Iterator[str]:
    for terms in configuration.wallets.values():
        yield sentence_for_expiry(terms.expiry, units_of(terms.wallet), "member")
    days = configuration.program.warn_days
    if days and any(terms.expiry.kind != "never" for terms in configuration.wallets.values()):
        yield _("We tell you %(when)s before points expire.") % {"when": _days_of(days)}
    for row in configuration.rows.by_noun["extensions"]:
        if any(each.id == row.pk for each in configuration.extensions):
            yield from words_of_extension(row, "member")
    for policy in configuration.rows.by_noun["reinstatement"]:
        yield " ".join(words_of_reinstatement(policy))


def _changing(configuration: Configuration) -> Iterator[str]:
    for rate in configuration.rows.by_noun["conversions"]:
        yield " ".join(words_of_rate(rate))


def _sending(configuration: Configuration) -> Iterator[str]:
    names = {rung.code: rung.name for ladder in configuration.ladders for rung in ladder.rungs}
    for policy in configuration.rows.by_noun["transfers"]:
        yield " ".join(words_of_sending(policy, names))
    for policy in configuration.rows.by_noun["households"]:
        yield " ".join(words_of_sharing(policy))


def _all_of(items: list[str]) -> str:
    *most, last = items
    return _("%(most)s and %(last)s") % {"most": ", ".join(most), "last": last} if most else last


def _returns(configuration: Configuration) -> Iterator[str]:
    words = {
        DebtPolicy.ONLY_PENDING: _("Points that you cannot spend yet are taken back when you return what earned them."),
        DebtPolicy.WITHIN_BALANCE: _(
            "Points are taken back when you return what earned them, as far as you still have them."
        ),
        DebtPolicy.UNLIMITED: _(
            "Points are taken back when you return what earned them. What you have spent already is set off against "
            "the next points."
        ),
    }
    if configuration.rules:
        yield words[DebtPolicy(configuration.program.debt_policy)]
