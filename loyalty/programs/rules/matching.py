"""Whether one rule applies to an occurrence at all, and to which of its lines; other rules play no part here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from loyalty.programs.rules.basis import Basket
from loyalty.programs.rules.campaigns import Campaign
from loyalty.programs.rules.conditions import Condition
from loyalty.programs.rules.earning import Rule
from loyalty.programs.rules.occurrence import Occurrence


@dataclass(slots=True)
class Candidate:
    """A rule whose conditions hold, and the positions of the lines that it may work on."""

    rule: Rule
    lines: tuple[int, ...]


@dataclass(slots=True)
class Miss:
    """A rule that does not apply, and why (a code of `explanation`)."""

    rule: Rule
    code: str
    params: Mapping[str, Any]


def match(rule: Rule, occurrence: Occurrence, basket: Basket) -> Candidate | Miss:
    """Judges `rule` by its validity and conditions alone."""
    if not rule.is_active:
        return Miss(rule, "inactive", {})
    if rule.starts_at is not None and occurrence.at < rule.starts_at:
        return Miss(rule, "not-started", {"starts_at": rule.starts_at.isoformat()})
    if rule.ends_at is not None and occurrence.at >= rule.ends_at:
        return Miss(rule, "ended", {"ends_at": rule.ends_at.isoformat()})
    if rule.campaign is not None and (outside := _outside_campaign(rule, rule.campaign, occurrence)):
        return outside
    for condition in rule.gates:
        actual = _actual(condition, rule, occurrence, basket)
        if not condition.holds(actual):
            # Of what was found only the basket's total is told: the rest may be personal.
            found = {"actual": f"{actual:f}"} if condition.subject == "basket_total" else {}
            return Miss(rule, "condition-failed", {**condition.told, **found})
    return _match_lines(rule, basket)


def _outside_campaign(rule: Rule, campaign: Campaign, occurrence: Occurrence) -> Miss | None:
    """Nothing of what was found is told: it is the member's own."""
    state = campaign.state_at(occurrence.at)
    if state != "running":
        bounds = {"starts_at": campaign.starts_at, "ends_at": campaign.ends_at}
        told = {name: instant.isoformat() for name, instant in bounds.items() if instant is not None}
        return Miss(rule, "campaign-not-running", {"campaign": campaign.name, "state": state, **told})
    for condition in campaign.audience:
        if not condition.holds(_fact(condition, occurrence)):
            return Miss(rule, "not-in-audience", {"campaign": campaign.name, "condition": dict(condition.told)})
    return None


def is_for(campaign: Campaign, occurrence: Occurrence) -> bool:
    """Whether whoever `occurrence` tells of is in the audience, wherever they may shop."""
    asked = [condition for condition in campaign.audience if condition.subject not in ("channel", "store")]
    return all(condition.holds(_fact(condition, occurrence)) for condition in asked)


def _actual(condition: Condition, rule: Rule, occurrence: Occurrence, basket: Basket) -> Any:
    match condition.subject:
        case "basket_total":
            return basket.sum(basket.counted(rule.with_shipping, True), rule.with_tax)
        case "weekday":
            return _business_weekday(rule, occurrence.local)
        case _:
            return _fact(condition, occurrence)


def _fact(condition: Condition, occurrence: Occurrence) -> Any:
    match condition.subject:
        case "member_attribute":
            return occurrence.member.get(condition.name)
        case "activity_attribute":
            return occurrence.attributes.get(condition.name)
        case "time_of_day":
            return occurrence.local.time()
        case "first_purchase":
            return occurrence.is_first
        case "channel":
            return occurrence.channel
        case "store":
            return occurrence.store
        case _:
            return occurrence.standing.fact(condition, occurrence.local)


def _business_weekday(rule: Rule, local: datetime) -> int:
    """The ISO weekday. "Fridays from 22:00 to 02:00" is one night: its small hours belong to the evening before."""
    for end in rule.night_ends:
        if local.time() < end:
            return (local - timedelta(days=1)).isoweekday()
    return local.isoweekday()


def _match_lines(rule: Rule, basket: Basket) -> Candidate | Miss:
    counted = basket.counted(rule.with_shipping, rule.with_discounted)
    if not rule.selectors:
        return Candidate(rule, counted) if counted or not rule.claims else _no_lines(rule)
    chosen = counted
    for condition in rule.selectors:
        chosen = condition.chosen(chosen, basket.values(condition.subject, condition.name))
    if rule.selects:
        return Candidate(rule, chosen) if chosen else _no_lines(rule)
    wanted = len(counted) if all(condition.is_negative for condition in rule.selectors) else 1
    return Candidate(rule, counted) if len(chosen) >= wanted else _no_lines(rule)


def _no_lines(rule: Rule) -> Miss:
    return Miss(rule, "no-matching-lines", {"conditions": [condition.told for condition in rule.selectors]})
