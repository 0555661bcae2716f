"""An earning rule as sentences."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loyalty.programs.rules.conditions import Condition
from loyalty.programs.rules.days import Zone
from loyalty.programs.rules.earning import Rule
from loyalty.programs.rules.occurrence import PURCHASE
from loyalty.programs.rules.wording.activities import activity_name
from loyalty.programs.rules.wording.amounts import (
    UnitWords,
    last_moment_of,
    moment_of,
    money_of,
    number_of,
    points_of,
    sentence_of,
)
from loyalty.programs.rules.wording.conditions import phrase_for

NO_NAMES: Mapping[str, str] = MappingProxyType({})
# What is given, by voice.
CLAUSES = {
    "rate": {
        "staff": gettext_lazy("Members earn %(points)s per %(amount)s"),
        "member": gettext_lazy("You earn %(points)s per %(amount)s"),
    },
    "steps": {
        "staff": gettext_lazy("Members earn %(points)s for every full %(amount)s"),
        "member": gettext_lazy("You earn %(points)s for every full %(amount)s"),
    },
    "first": {
        "staff": gettext_lazy("Members earn %(points)s on their first purchase"),
        "member": gettext_lazy("You earn %(points)s on your first purchase"),
    },
    "purchase": {
        "staff": gettext_lazy("Members earn %(points)s per purchase"),
        "member": gettext_lazy("You earn %(points)s per purchase"),
    },
    "activity": {
        "staff": gettext_lazy("Members earn %(points)s for each %(activity)s"),
        "member": gettext_lazy("You earn %(points)s for each %(activity)s"),
    },
    "item": {
        "staff": gettext_lazy("Members earn %(points)s for each item"),
        "member": gettext_lazy("You earn %(points)s for each item"),
    },
    "double": {
        "staff": gettext_lazy("Members earn double %(units)s"),
        "member": gettext_lazy("You earn double %(units)s"),
    },
    "triple": {
        "staff": gettext_lazy("Members earn triple %(units)s"),
        "member": gettext_lazy("You earn triple %(units)s"),
    },
    "times": {
        "staff": gettext_lazy("Members earn %(factor)s times the %(units)s"),
        "member": gettext_lazy("You earn %(factor)s times the %(units)s"),
    },
    "nothing": {
        "staff": gettext_lazy("Members earn no %(units)s"),
        "member": gettext_lazy("You earn no %(units)s"),
    },
}


def sentence_for_rule(
    rule: Rule,
    units: UnitWords,
    currency: str,
    voice: str = "staff",
    *,
    zone: Zone = "UTC",
    activities: Mapping[str, str] = NO_NAMES,
) -> str:
    """The rule in plain words: what it gives and when, then what else is to know.

    `units` are the wallet's names of one unit and many. `activities` names custom types of activity ("product review").
    Staff also read that a rule is off or a shadow; what members are told is for the caller to choose.
    """
    activity = activities.get(rule.trigger) or activity_name(rule.trigger)
    words = {
        "points": points_of(rule.points, units),
        "amount": money_of(rule.per_amount, currency, short=True),
        "factor": number_of(rule.factor),
        "units": units[1],
        "activity": activity,
    }
    clause, told = _clause(rule)
    phrases = [str(CLAUSES[clause][voice]) % words]
    if rule.trigger != PURCHASE and clause != "activity":
        phrases.append(_("for each %(activity)s") % {"activity": activity})
    of_basket = not rule.selects
    phrases += [phrase_for(each, currency, voice, of_basket=of_basket) for each in rule.asked if each is not told]
    return " ".join([sentence_of(" ".join(phrases)), *_notes(rule, voice, zone)])


def _clause(rule: Rule) -> tuple[str, Condition | None]:
    """Which clause says what is given, and the condition that it has already told."""
    if rule.effect == "multiplier":
        special = {0: "nothing", 2: "double", 3: "triple"}
        return special.get(int(rule.factor), "times") if rule.factor % 1 == 0 else "times", None
    if not rule.points:
        return "nothing", None
    if rule.effect == "rate":
        return "steps" if rule.whole_steps else "rate", None
    if rule.effect == "fixed_per_unit":
        return "item", None
    first = next((each for each in rule.gates if each.subject == "first_purchase" and each.value), None)
    if first:
        return "first", first
    return "purchase" if rule.trigger == PURCHASE else "activity", None


def _notes(rule: Rule, voice: str, zone: Zone) -> Iterator[str]:
    if rule.effect == "rate" and rule.points:
        if not rule.with_tax:
            yield _("Tax does not count.")
        if rule.with_shipping:
            yield _("Delivery counts too.")
    if not rule.with_discounted:
        yield _("Discounted items do not count.")
    if not rule.stackable and not rule.excludes:
        yield _("Cannot be combined with other rules.") if voice == "staff" else _("Cannot be combined with others.")
    yield from _validity(rule, zone)
    if voice == "staff" and not rule.is_active:
        yield _("Switched off.")
    if voice == "staff" and rule.is_shadow:
        yield _("On trial: it is worked out and logged, and pays nothing.")


def _validity(rule: Rule, zone: Zone) -> Iterator[str]:
    start = rule.opens_at and moment_of(rule.opens_at, zone)
    end = rule.closes_at and last_moment_of(rule.closes_at, zone)
    if start and start == end:
        yield sentence_of(_("Valid on %(day)s") % {"day": start})
    elif start and end:
        yield sentence_of(_("Valid from %(start)s to %(end)s") % {"start": start, "end": end})
    elif start:
        yield sentence_of(_("Valid from %(start)s") % {"start": start})
    elif end:
        yield sentence_of(_("Valid until %(end)s") % {"end": end})
