"""Purchases held up to the watch rules: what is noticed goes to review, and its points wait until that is done.

One statement for all purchases that are judged together, none where nothing is watched. What holds under a crowd of
tills: a place that many members share (a card on a till, a device) is locked before it is counted, a place of one
member's by the member's row, both until the purchase is in the books; so of those delivered at once, one by one or in
batches, exactly as many go through as the rule finds usual. A file's rows name no cards and devices, and its members
are locked.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from loyalty.lib import clock
from loyalty.lib.prepared import rows_of
from loyalty.programs.queries.configuration import Configuration
from loyalty.programs.rules.explanation import Step
from loyalty.programs.rules.occurrence import PURCHASE
from loyalty.programs.rules.velocity import Known, Seen, Sighting, Spot, Suspicion, VelocityRule
from loyalty.programs.services.drafts import Draft
from loyalty.programs.services.judging import Grant, Plan

WATCH = "SELECT * FROM programs_watch(%s, %s::jsonb, %s)"
CASES = """
INSERT INTO loyalty_reviewcase (program_id, rule_id, place, facts, member_id, cashier, highest, state, reason,
    opened_at, decided_by)
SELECT %s, c.rule, c.place, c.facts, c.member, c.cashier, c.count, 'open', '', %s, ''
FROM jsonb_to_recordset(%s::jsonb) AS c (rule bigint, place text, facts jsonb, member bigint, cashier text, count int)
ORDER BY c.rule, c.place COLLATE "C"
ON CONFLICT (rule_id, place) WHERE state = 'open'
DO UPDATE SET highest = greatest(loyalty_reviewcase.highest, EXCLUDED.highest)
RETURNING rule_id, place, id"""
FLAGS = """
WITH held AS (
    INSERT INTO loyalty_heldaward (activity_id, terms, state)
    SELECT h.activity, h.terms, 'waiting' FROM jsonb_to_recordset(%s::jsonb) AS h (activity bigint, terms jsonb)
    ON CONFLICT (activity_id) DO NOTHING
)
INSERT INTO loyalty_flag (case_id, activity_id, member_id, cashier, count, created_at)
SELECT f.case, f.activity, f.member, f.cashier, f.count, %s
FROM jsonb_to_recordset(%s::jsonb) AS f ("case" bigint, activity bigint, member bigint, cashier text, count int)
ON CONFLICT (case_id, activity_id) DO NOTHING"""
LONGEST_NAME = 60


class Flagged(NamedTuple):
    """A stored purchase that was noticed, with the points that wait: how they would have waited anyway, by wallet."""

    activity_id: int
    seen: Seen
    suspicions: Sequence[Suspicion]
    terms: dict[str, Any]


@dataclass(slots=True)
class Watch:
    """What is seen within one transaction; a dry run does not lock."""

    lock: bool = True
    _known: dict[Spot, Known] = field(default_factory=dict)

    def look(self, purchases: Iterable[tuple[Configuration, Draft, int]]) -> None:
        """Ask about purchases (with the ids of their members) that are going to be judged, all at once.

        Those that were judged before are in the books by now.
        """
        self._known = {}
        asked: list[dict[str, Any]] = []
        spots: list[tuple[Spot, datetime]] = []
        program_id = 0
        for configuration, draft, member_id in purchases:
            program_id = configuration.program.pk
            seen = seen_of(draft, member_id)
            for rule, spot in _spots(configuration, draft, seen):
                asked.append(_asked(len(spots), rule, spot, seen))
                spots.append((spot, seen.at))
        if asked:
            for place, sightings, allowed in rows_of(WATCH, program_id, json.dumps(asked), self.lock):
                self._learn(spots[place][0], sightings, allowed)

    def checked(self, configuration: Configuration, draft: Draft, member_id: int, plan: Plan) -> Plan:
        """The plan, its points waiting where the purchase is one too many; later ones see it."""
        if not configuration.watched:
            return plan
        seen = seen_of(draft, member_id)
        found: list[Suspicion] = []
        for rule, spot in _spots(configuration, draft, seen):
            known = self._known.get(spot, Known())
            if suspicion := rule.judge(seen, known):
                found.append(suspicion)
            if rule.pattern != "refunds":
                who = member_id if rule.pattern == "device" else -2 - len(known.sightings)
                self._known[spot] = known._replace(sightings=(*known.sightings, Sighting(seen.at, who)))
        return held_back(configuration, plan, found, seen) if found else plan

    def _learn(self, spot: Spot, sightings: Any, allowed: int | None) -> None:
        before = self._known.get(spot, Known())
        merged = tuple(sorted({*_sightings(sightings), *before.sightings}))
        self._known[spot] = Known(merged, max(allowed or 0, before.allowed))


def seen_of(draft: Draft, member_id: int) -> Seen:
    """What a purchase tells of itself."""
    card, device, cashier = (_token(draft.attributes.get(name)) for name in ("card", "device", "cashier"))
    return Seen(member_id, draft.at, draft.source, card, device, cashier)


def _token(value: Any) -> str:
    is_told = isinstance(value, str | int) and not isinstance(value, bool)
    return str(value) if is_told else ""


def _spots(configuration: Configuration, draft: Draft, seen: Seen) -> list[tuple[VelocityRule, Spot]]:
    if draft.type != PURCHASE:
        return []
    keys = [(rule, rule.key(seen)) for rule in configuration.watched]
    return [(rule, Spot(rule.id, key)) for rule, key in keys if key]


def _asked(place: int, rule: VelocityRule, spot: Spot, seen: Seen) -> dict[str, Any]:
    return {
        "place": place, "rule": rule.id, "key": spot.key, "pattern": rule.pattern, "member": seen.member,
        "card": seen.card, "device": seen.device, "cashier": seen.cashier, "till": seen.till,
        "at": seen.at.isoformat(), "since": (seen.at - rule.window).isoformat(),
        "until": (seen.at + rule.window).isoformat(),
    }  # fmt: skip


def held_back(configuration: Configuration, plan: Plan, found: Sequence[Suspicion], seen: Seen) -> Plan:
    """The plan with its points waiting for a decision, whatever their wallets say; the explanation says why."""
    wallets = [*plan.granted, *configuration.wallets]
    steps = tuple(
        Step(f"watch:{each.rule.id}", each.rule.name, wallets[0], True, 0, "under-review", _facts(each, seen))
        for each in found
        if wallets
    )
    granted = {wallet: replace(grant, is_pending=True, activates_at=None) for wallet, grant in plan.granted.items()}
    awards = tuple(replace(award, state="pending", activates_at=None) for award in plan.awards)
    return replace(
        plan, granted=granted, awards=awards, steps=(*plan.steps, *steps), suspicions=tuple(found),
        unheld=dict(plan.granted),
    )  # fmt: skip


def flagged(configuration: Configuration, activity_id: int, draft: Draft, member_id: int, plan: Plan) -> Flagged:
    """What `open_cases` needs to know of a stored purchase."""
    terms = {configuration.wallets[pk].wallet.code: _terms(grant) for pk, grant in plan.unheld.items()}
    return Flagged(activity_id, seen_of(draft, member_id), plan.suspicions, terms)


def _terms(grant: Grant) -> dict[str, Any]:
    return {"waits": grant.is_pending, "until": grant.activates_at.isoformat() if grant.activates_at else None}


def open_cases(program_id: int, noticed: Sequence[Flagged]) -> None:
    """Cases for what was noticed, or their place in cases that are open; two statements, none for nothing."""
    cases: dict[tuple[int, str], dict[str, Any]] = {}
    for each in noticed:
        for suspicion in each.suspicions:
            spot = (suspicion.rule.id, suspicion.key)
            case = cases.setdefault(spot, _case(suspicion, each.seen))
            case["count"] = max(case["count"], suspicion.count)
    if not cases:
        return
    now = clock.now()
    made = {(rule, place): pk for rule, place, pk in rows_of(CASES, program_id, now, json.dumps([*cases.values()]))}
    flags = [
        {
            "case": made[suspicion.rule.id, suspicion.key], "activity": each.activity_id, "member": each.seen.member,
            "cashier": each.seen.cashier[:LONGEST_NAME], "count": suspicion.count,
        }
        for each in noticed
        for suspicion in each.suspicions
    ]  # fmt: skip
    held = [{"activity": each.activity_id, "terms": each.terms} for each in noticed if each.terms]
    rows_of(FLAGS, json.dumps(held), now, json.dumps(flags))


def counts_returns(configuration: Configuration) -> bool:
    """Whether returns after the points were spent are watched."""
    return any(rule.pattern == "refunds" for rule in configuration.watched)


def notice_return(configuration: Configuration, activity_id: int, seen: Seen) -> None:
    """A return after the points were spent, which is in the books by now: one too many is a case for the staff.

    The caller has locked the member. What the member earns next waits as well, as long as the window holds.
    """
    rules = [rule for rule in configuration.watched if rule.pattern == "refunds"]
    asked = [_asked(place, rule, Spot(rule.id, rule.key(seen)), seen) for place, rule in enumerate(rules)]
    found: list[Suspicion] = []
    for place, sightings, allowed in rows_of(WATCH, configuration.program.pk, json.dumps(asked), True):
        if suspicion := rules[place].judge(seen, Known(_sightings(sightings), allowed or 0)):
            found.append(suspicion)
    open_cases(configuration.program.pk, [Flagged(activity_id, seen, found, {})])


def _sightings(told: Any) -> tuple[Sighting, ...]:
    """As `programs_watch` tells them."""
    rows = json.loads(told) if isinstance(told, str) else told or []
    return tuple(Sighting(datetime.fromisoformat(at), who) for at, who in rows)


def _case(suspicion: Suspicion, seen: Seen) -> dict[str, Any]:
    rule = suspicion.rule
    return {
        "rule": rule.id, "place": suspicion.key, "facts": _facts(suspicion, seen), "count": suspicion.count,
        "member": seen.member if rule.pattern in ("purchases", "cashier", "refunds") else None,
        "cashier": seen.cashier[:LONGEST_NAME] if rule.pattern == "cashier" else "",
    }  # fmt: skip


def _facts(suspicion: Suspicion, seen: Seen) -> dict[str, Any]:
    """What was noticed, and on which card, till or device, in plain values; the member is known anyway."""
    facts = {name: value[:LONGEST_NAME] for name, value in suspicion.rule.facts(seen).items() if name != "member"}
    return facts | suspicion.told()
