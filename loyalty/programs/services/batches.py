"""Many purchases at once, set by set: what a till sends when it has been offline."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Any

from loyalty.ledger import services as ledger
from loyalty.ledger.rules import AwardRow
from loyalty.lib import clock
from loyalty.lib.errors import DomainError
from loyalty.lib.prepared import rows_of
from loyalty.outbox.services import publish_many
from loyalty.programs.models.program import Program
from loyalty.programs.queries.configuration import Configuration, configuration_under, known_configuration
from loyalty.programs.rules.capping import Place, places_of
from loyalty.programs.rules.explanation import Evaluation
from loyalty.programs.rules.standing import NO_NEEDS
from loyalty.programs.services.activities import (
    answer,
    ensure_welcome,
    record_purchase,
    recorded_event,
    replayed,
    was_asked,
)
from loyalty.programs.services.checks import ensure_purchase
from loyalty.programs.services.drafts import Draft, draft_of_purchase
from loyalty.programs.services.facts import PurchaseFacts, Recorded
from loyalty.programs.services.judging import Plan, evaluation_of, plan_of, setting_of
from loyalty.programs.services.recording import stamp
from loyalty.programs.services.storing import Situation, asked_json, situation_from
from loyalty.programs.services.tiers import follow
from loyalty.programs.services.transactions import in_transaction
from loyalty.programs.services.uses import Counters, take_uses
from loyalty.programs.services.watching import Flagged, Watch, flagged, open_cases
from loyalty.programs.services.writing import activity_json

# Members are locked in the order of their numbers, as everywhere.
SITUATIONS = """
SELECT q.place, s.* FROM (
    SELECT * FROM unnest(%s::int[], %s::text[], %s::text[], %s::text[], %s::jsonb[])
        AS q (place, number, source, external_id, needs)
    ORDER BY number, place
) q, LATERAL programs_situation(%s, q.number, 'purchase', q.source, q.external_id, %s, q.needs) s"""
# The rows are read once, and the text that holds them is sent once.
INSERT = """
WITH told AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%s::jsonb) AS r (program_id bigint, member_id bigint, source text,
        external_id text, digest text, event_at timestamptz, currency text, total numeric, channel text, store text,
        attributes jsonb, payments jsonb, explanation jsonb, awards jsonb, lines jsonb, published_id bigint,
        config_version bigint)
), made AS (
    INSERT INTO loyalty_activity (program_id, member_id, kind, type, source, external_id, digest, event_at, created_at,
        currency, total, channel, store, attributes, payments, explanation, awards, actor, version_id)
    SELECT r.program_id, r.member_id, 'purchase', 'purchase', r.source, r.external_id, r.digest, r.event_at, %s,
           r.currency, r.total, r.channel, r.store, r.attributes, r.payments, r.explanation, r.awards, %s,
           coalesce(r.published_id, (SELECT v.id FROM loyalty_programversion v
                                     WHERE v.program_id = r.program_id AND v.config_version = r.config_version))
    FROM told r ORDER BY r.source, r.external_id
    ON CONFLICT (program_id, kind, source, external_id) DO NOTHING
    RETURNING id, source, external_id, version_id
), lines AS (
    INSERT INTO loyalty_activityline (activity_id, position, kind, sku, category, attributes, quantity, amount, tax,
        discount)
    SELECT made.id, l.*
    FROM made JOIN told r USING (source, external_id)
    CROSS JOIN LATERAL jsonb_to_recordset(r.lines) AS l (position smallint, kind text, sku text, category text,
        attributes jsonb, quantity numeric, amount numeric, tax numeric, discount numeric)
)
SELECT source, external_id, id, version_id FROM made"""
type Answer = Recorded | DomainError
type _Placed = tuple[int, Draft]  # where it stands in the batch


@dataclass(frozen=True, slots=True)
class _Judged:
    """One purchase that is going to be stored; `place` is where it stands in the batch."""

    place: int
    draft: Draft
    situation: Situation
    plan: Plan
    configuration: Configuration


@dataclass(frozen=True, slots=True)
class _Evaluated:
    """A purchase as the rules judge it, before caps."""

    place: int
    draft: Draft
    situation: Situation
    configuration: Configuration
    evaluation: Evaluation

    def places(self) -> list[Place]:
        """The counters of caps that decide about it."""
        setting = setting_of(self.configuration, self.situation, self.draft)
        return places_of(self.configuration.caps, self.evaluation, setting)


def record_purchases(program: Program, purchases: Sequence[PurchaseFacts], *, actor: str) -> list[Answer]:
    """What `record_purchase` would answer to each, in their order; a refusal stands in the list and stops no other.

    One transaction and a handful of statements however many there are (thousands at most). Raises Busy.
    """
    drafts: dict[int, Draft] = {}
    answers: dict[int, Answer] = {}
    for place, facts in enumerate(purchases):
        try:
            ensure_purchase(facts)
            drafts[place] = draft_of_purchase(facts)
        except DomainError as error:
            answers[place] = error
    if drafts:
        answers |= in_transaction(partial(_record, program, purchases, actor, drafts))
    return [answers[place] for place in range(len(purchases))]


def _record(
    program: Program, purchases: Sequence[PurchaseFacts], actor: str, drafts: dict[int, Draft]
) -> dict[int, Answer]:
    answers: dict[int, Answer] = {}
    for place in Batch(program, actor).book(drafts, answers):
        answers[place] = _alone(program, purchases[place], actor)
    return answers


class Batch:
    """Purchases that are booked together in the caller's transaction. Without `is_told` they publish no events."""

    def __init__(self, program: Program, actor: str, *, is_told: bool = True) -> None:
        self._program = program
        self._actor = actor
        self._is_told = is_told
        self._situations: dict[int, tuple] = {}
        self._counters = Counters()
        self._watch = Watch()
        # What members bought in this batch since the books were last looked at, by number.
        self._bought: dict[str, list[tuple[datetime, Decimal]]] = {}

    def book(self, drafts: dict[int, Draft], answers: dict[int, Answer]) -> list[int]:
        """Judged in the order of time, so that what one purchase changes counts for the next one of the member.

        Returns the places of those that were stored meanwhile by someone else, or repeat another one of the batch.
        """
        self._look(drafts)
        waiting: Sequence[_Placed] = sorted(drafts.items(), key=lambda item: (item[1].at, item[0]))
        done: set[str] = set()
        again: list[int] = []
        while waiting:
            run, waiting = self._next_run(waiting)
            self._look({place: draft for place, draft in run if draft.number in done})
            done |= {draft.number for _place, draft in run}
            again += self._record_run(run, answers)
        return again

    def _next_run(self, waiting: Sequence[_Placed]) -> tuple[Sequence[_Placed], Sequence[_Placed]]:
        """All of them; where each purchase must be in the books before the member's next one, none of whom twice."""
        if not any(each.needs.is_told_anew for each in self._configurations()):
            return waiting, ()
        seen: set[str] = set()
        for index, (_place, draft) in enumerate(waiting):
            if draft.number in seen:
                return waiting[:index], waiting[index:]
            seen.add(draft.number)
        return waiting, ()

    def _record_run(self, run: Sequence[_Placed], answers: dict[int, Answer]) -> list[int]:
        """Places that are to be recorded alone: those stored by someone else meanwhile, and repetitions."""
        judged, again = self._judge(run, answers)
        made = _insert(judged, self._actor) if judged else {}
        stored = [each for each in judged if each.draft.ref in made]
        if stored:
            configuration = stored[0].configuration
            take_uses([(each.plan.uses, each.draft.at) for each in stored], configuration.caps)
            _post(configuration, stored, self._actor)
            open_cases(self._program.pk, [_flagged(each, made) for each in stored if each.plan.suspicions])
            members = {each.situation.member_id: None for each in stored}
            follow(configuration, members, actor=self._actor, quietly=not self._is_told)
            if self._is_told:
                publish_many(
                    recorded_event(self._program, each.situation, each.draft, each.plan, made[each.draft.ref])
                    for each in stored
                )
            for each in stored:
                first = Recorded(made[each.draft.ref], each.draft.ref, each.plan.awards, each.plan.steps)
                answers[each.place] = answer(configuration, each.situation, first)
        return [*(each.place for each in judged if each.draft.ref not in made), *again]

    def _judge(self, run: Sequence[_Placed], answers: dict[int, Answer]) -> tuple[list[_Judged], list[int]]:
        """Those to store, and the places of those that repeat one of them; refusals and replays go to `answers`."""
        evaluated: dict[str, _Evaluated] = {}
        repeated: list[int] = []
        for place, draft in run:
            if draft.ref in evaluated:
                repeated.append(place)
                continue
            try:
                found = self._one(place, draft)
            except DomainError as error:
                answers[place] = error
                continue
            if isinstance(found, _Evaluated):
                evaluated[draft.ref] = found
                self._bought.setdefault(draft.number, []).append((draft.at, draft.total))
            else:
                answers[place] = found
        return self._plan(list(evaluated.values())), repeated

    def _plan(self, evaluated: Sequence[_Evaluated]) -> list[_Judged]:
        """With what caps leave; their counters are looked at all at once."""
        self._watch.look((each.configuration, each.draft, each.situation.member_id) for each in evaluated)
        capped = [each for each in evaluated if each.configuration.caps]
        self._counters.look(place for each in capped for place in each.places())
        return [
            _Judged(each.place, each.draft, each.situation, self._plan_one(each), each.configuration)
            for each in evaluated
        ]

    def _plan_one(self, each: _Evaluated) -> Plan:
        plan = plan_of(each.configuration, each.situation, each.draft, self._counters, each.evaluation)
        return self._watch.checked(each.configuration, each.draft, each.situation.member_id, plan)

    def _look(self, drafts: dict[int, Draft]) -> None:
        """Rows of `programs_situation` by place; the members stay locked where one purchase decides another."""
        if not drafts:
            return
        known = known_configuration(self._program.pk)
        situations = _situations_of(self._program.pk, drafts, known)
        version = next((version for version, *_rest in situations.values() if version is not None), None)
        if version is not None:
            configuration = configuration_under(self._program.pk, version)
            if not was_asked(known, configuration):
                situations = _situations_of(self._program.pk, drafts, configuration)
        self._situations |= situations
        for draft in drafts.values():
            self._bought.pop(draft.number, None)

    def _configurations(self) -> list[Configuration]:
        versions = {version for version, *_rest in self._situations.values() if version is not None}
        return [configuration_under(self._program.pk, version) for version in versions]

    def _one(self, place: int, draft: Draft) -> _Evaluated | Recorded:
        situation = situation_from(*self._situations[place])
        configuration = configuration_under(self._program.pk, situation.config_version)
        if situation.known:
            return replayed(situation.known, situation, configuration, draft)
        ensure_welcome(configuration.program, situation, draft)
        if bought := self._bought.get(draft.number):
            stands = situation.standing.after(bought, draft.at, configuration.program.time_zone)
            situation = replace(situation, has_bought=True, standing=stands)
        return _Evaluated(place, draft, situation, configuration, evaluation_of(configuration, situation, draft))


def _alone(program: Program, facts: PurchaseFacts, actor: str) -> Answer:
    try:
        return record_purchase(program, facts, actor=actor)
    except DomainError as error:
        return error


def _situations_of(program_id: int, drafts: dict[int, Draft], asked: Configuration | None) -> dict[int, tuple]:
    """Rows of `programs_situation` by place, with what `asked` needs; where it takes turns the members stay locked."""
    needs, zone = (asked.needs, asked.program.time_zone) if asked else (NO_NEEDS, "UTC")
    rows = [
        (place, draft.number, draft.source, draft.external_id, asked_json(needs, draft.at, zone))
        for place, draft in drafts.items()
    ]
    columns = [list(column) for column in zip(*rows, strict=True)]
    return {place: tuple(row) for place, *row in rows_of(SITUATIONS, *columns, program_id, needs.takes_turns)}


def _insert(judged: Sequence[_Judged], actor: str) -> dict[str, int]:
    """Store purchases with their lines; ids by ref. What another transaction has just stored is left out."""
    rows = rows_of(INSERT, f"[{', '.join([_row(each) for each in judged])}]", clock.now(), actor[:80])
    made = {f"{source}:{external_id}": (pk, version) for source, external_id, pk, version in rows}
    _stamp(judged, {ref: pk for ref, (pk, version) in made.items() if version is None})
    return {ref: pk for ref, (pk, _version) in made.items()}


def _stamp(judged: Iterable[_Judged], unknown: Mapping[str, int]) -> None:
    """The first ones under a new configuration have it recorded."""
    by_number: dict[int, list[_Judged]] = {}
    for each in judged:
        if each.draft.ref in unknown:
            by_number.setdefault(each.configuration.version, []).append(each)
    for some in by_number.values():
        stamp([unknown[each.draft.ref] for each in some], some[0].configuration)


def _row(judged: _Judged) -> str:
    return activity_json(judged.configuration, judged.situation.member_id, judged.draft, judged.plan)


def _post(configuration: Configuration, stored: Sequence[_Judged], actor: str) -> None:
    """All awards in one statement; then, for sliding wallets, what keeps older points alive, in order of time."""
    accounts = _accounts_of(stored)
    rows = [
        _award_row(configuration, each, wallet_id, accounts[wallet_id, each.situation.subject])
        for each in stored
        for wallet_id in each.plan.granted
    ]
    ledger.award_many(rows, actor=actor)
    for each in sorted(stored, key=lambda each: each.draft.at):
        for wallet_id, until in each.plan.extended.items():
            key = f"extend:{each.draft.key}:{configuration.wallets[wallet_id].wallet.code}"
            account_id = accounts[wallet_id, each.situation.subject]
            ledger.extend(account_id, until=until, key=key, at=each.draft.at, actor=actor)


def _flagged(judged: _Judged, made: Mapping[str, int]) -> Flagged:
    draft = judged.draft
    return flagged(judged.configuration, made[draft.ref], draft, judged.situation.member_id, judged.plan)


def _accounts_of(stored: Sequence[_Judged]) -> dict[tuple[int, Any], int]:
    """The accounts that the purchases touch, by wallet and subject, opened where need be."""
    known = {
        (wallet_id, each.situation.subject): each.situation.accounts.get(wallet_id)
        for each in stored
        for wallet_id in each.plan.touched
    }
    accounts = {place: account_id for place, account_id in known.items() if account_id}
    missing = sorted(known.keys() - accounts.keys())
    for wallet_id, some in groupby(missing, key=itemgetter(0)):
        subjects = [subject for _wallet, subject in some]
        opened = ledger.open_accounts(wallet_id=wallet_id, subjects=subjects)
        accounts |= {(wallet_id, subject): account_id for subject, account_id in opened.items()}
    return accounts


def _award_row(configuration: Configuration, judged: _Judged, wallet_id: int, account_id: int) -> AwardRow:
    draft, grant = judged.draft, judged.plan.granted[wallet_id]
    code = configuration.wallets[wallet_id].wallet.code
    return AwardRow(
        account_id=account_id, points=grant.points, key=f"{draft.key}:{code}", at=draft.at, source=draft.key,
        expires_at=grant.expires_at, pending=grant.is_pending, activates_at=grant.activates_at,
        cancel_at=grant.cancel_at,
    )  # fmt: skip
