"""Many purchases at once, set by set: what a till sends when it has been offline."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db import connection

from loyalty.ledger import services as ledger
from loyalty.ledger.rules import AwardRow
from loyalty.lib import clock
from loyalty.lib.errors import DomainError
from loyalty.outbox.services import publish_many
from loyalty.programs.models.program import Program
from loyalty.programs.queries.configuration import Configuration, asks_for_first, configuration_under
from loyalty.programs.services.activities import answer, ensure_welcome, record_purchase, recorded_event, replayed
from loyalty.programs.services.checks import ensure_purchase
from loyalty.programs.services.drafts import Draft, draft_of_purchase
from loyalty.programs.services.facts import PurchaseFacts, Recorded
from loyalty.programs.services.judging import Plan, plan_of
from loyalty.programs.services.recording import stamp
from loyalty.programs.services.storing import Situation, awards_json, lines_json, situation_from
from loyalty.programs.services.transactions import in_transaction

# Members are locked in the order of their numbers, as everywhere.
SITUATIONS = """
SELECT q.place, s.* FROM (
    SELECT * FROM unnest(%s::int[], %s::text[], %s::text[], %s::text[]) AS q (place, number, source, external_id)
    ORDER BY number, place
) q, LATERAL programs_situation(%s, q.number, 'purchase', q.source, q.external_id, %s) s"""
INSERT = """
WITH made AS (
    INSERT INTO loyalty_activity (program_id, member_id, kind, type, source, external_id, digest, event_at, created_at,
        currency, total, channel, store, attributes, payments, explanation, awards, actor, version_id)
    SELECT %(program)s, r.member_id, 'purchase', 'purchase', r.source, r.external_id, r.digest, r.event_at, %(now)s,
           r.currency, r.total, r.channel, r.store, r.attributes, r.payments, r.explanation, r.awards, %(actor)s,
           coalesce(r.published_id, (SELECT v.id FROM loyalty_programversion v
                                     WHERE v.program_id = %(program)s AND v.config_version = r.config_version))
    FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (member_id bigint, source text, external_id text, digest text,
        event_at timestamptz, currency text, total numeric, channel text, store text, attributes jsonb, payments jsonb,
        explanation jsonb, awards jsonb, published_id bigint, config_version bigint)
    ORDER BY r.source, r.external_id
    ON CONFLICT (program_id, kind, source, external_id) DO NOTHING
    RETURNING id, source, external_id, version_id
), lines AS (
    INSERT INTO loyalty_activityline (activity_id, position, kind, sku, category, attributes, quantity, amount, tax,
        discount)
    SELECT made.id, l.*
    FROM made JOIN jsonb_to_recordset(%(rows)s::jsonb) AS r (source text, external_id text, lines jsonb)
      USING (source, external_id)
    CROSS JOIN LATERAL jsonb_to_recordset(r.lines) AS l (position smallint, kind text, sku text, category text,
        attributes jsonb, quantity numeric, amount numeric, tax numeric, discount numeric)
)
SELECT source, external_id, id, version_id FROM made"""
type Answer = Recorded | DomainError


@dataclass(frozen=True, slots=True)
class _Judged:
    """One purchase that is going to be stored; `place` is where it stands in the batch."""

    place: int
    draft: Draft
    situation: Situation
    plan: Plan
    configuration: Configuration


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
        answers |= in_transaction(partial(_Batch(program, actor, purchases).record, drafts))
    return [answers[place] for place in range(len(purchases))]


class _Batch:
    """One batch in one transaction; made anew for every attempt by `record`."""

    def __init__(self, program: Program, actor: str, purchases: Sequence[PurchaseFacts]) -> None:
        self._program = program
        self._actor = actor
        self._purchases = purchases

    def record(self, drafts: dict[int, Draft]) -> dict[int, Answer]:
        answers: dict[int, Answer] = {}
        judged, repeated = self._judge(drafts, answers)
        made = _insert(self._program, judged, self._actor)
        stored = [each for each in judged if each.draft.ref in made]
        if stored:
            configuration = configuration_under(self._program.pk, stored[0].situation.config_version)
            _post(configuration, stored, self._actor)
            publish_many(
                recorded_event(self._program, each.situation, each.draft, each.plan, made[each.draft.ref])
                for each in stored
            )
            for each in stored:
                first = Recorded(made[each.draft.ref], each.draft.ref, each.plan.awards, each.plan.steps)
                answers[each.place] = answer(configuration, each.situation, first)
        overtaken = [each.place for each in judged if each.draft.ref not in made]
        for place in [*overtaken, *repeated]:  # stored meanwhile by someone else, or just now by this batch
            answers[place] = _alone(self._program, self._purchases[place], self._actor)
        return answers

    def _judge(self, drafts: dict[int, Draft], answers: dict[int, Answer]) -> tuple[list[_Judged], list[int]]:
        """Those to store, and the places of those that repeat one of them; refusals and replays go to `answers`."""
        situations = self._look(drafts)
        judged: dict[str, _Judged] = {}
        repeated: list[int] = []
        buyers: set[int] = set()
        for place, draft in drafts.items():
            if draft.ref in judged:
                repeated.append(place)
                continue
            try:
                found = self._one(place, draft, situation_from(*situations[place]), buyers)
            except DomainError as error:
                answers[place] = error
                continue
            if isinstance(found, _Judged):
                judged[draft.ref] = found
                buyers.add(found.situation.member_id)
            else:
                answers[place] = found
        return list(judged.values()), repeated

    def _look(self, drafts: dict[int, Draft]) -> dict[int, tuple]:
        """Rows of `programs_situation` by place; the members stay locked where a rule asks for the first purchase."""
        lock = asks_for_first(self._program.pk)
        situations = _situations_of(self._program.pk, drafts, lock=lock)
        versions = {version for version, *_rest in situations.values() if version is not None}
        if not lock and any(configuration_under(self._program.pk, version).asks_for_first for version in versions):
            return _situations_of(self._program.pk, drafts, lock=True)
        return situations

    def _one(self, place: int, draft: Draft, situation: Situation, buyers: set[int]) -> _Judged | Recorded:
        configuration = configuration_under(self._program.pk, situation.config_version)
        if situation.known:
            return replayed(situation.known, situation, configuration, draft)
        ensure_welcome(configuration.program, situation, draft)
        if situation.member_id in buyers:
            situation = replace(situation, has_bought=True)
        return _Judged(place, draft, situation, plan_of(configuration, situation, draft), configuration)


def _alone(program: Program, facts: PurchaseFacts, actor: str) -> Answer:
    try:
        return record_purchase(program, facts, actor=actor)
    except DomainError as error:
        return error


def _situations_of(program_id: int, drafts: dict[int, Draft], *, lock: bool) -> dict[int, tuple]:
    """Rows of `programs_situation` by place; with `lock` the members stay locked until the transaction ends."""
    identities = [(place, draft.number, draft.source, draft.external_id) for place, draft in drafts.items()]
    with connection.cursor() as cursor:
        cursor.execute(SITUATIONS, [*(list(column) for column in zip(*identities, strict=True)), program_id, lock])
        return {place: tuple(row) for place, *row in cursor.fetchall()}


def _insert(program: Program, judged: Sequence[_Judged], actor: str) -> dict[str, int]:
    """Store purchases with their lines; ids by ref. What another transaction has just stored is left out."""
    facts: dict[str, Any] = {
        "program": program.pk,
        "now": clock.now(),
        "actor": actor[:80],
        "rows": f"[{', '.join(_row(each) for each in judged)}]",
    }
    with connection.cursor() as cursor:
        cursor.execute(INSERT, facts)
        made = {f"{source}:{external_id}": (pk, version) for source, external_id, pk, version in cursor.fetchall()}
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
    draft = judged.draft
    plain = {
        "member_id": judged.situation.member_id,
        "source": draft.source,
        "external_id": draft.external_id,
        "digest": draft.digest,
        "event_at": draft.at.isoformat(),
        "currency": draft.currency,
        "total": str(draft.total),
        "channel": draft.channel,
        "store": draft.store,
        "explanation": [step.to_json() for step in judged.plan.steps],
        "published_id": judged.configuration.published_id,
        "config_version": judged.configuration.version,
    }
    parts = {
        "attributes": draft.attributes_json,
        "payments": draft.payments_json,
        "awards": awards_json(judged.plan.awards),
        "lines": lines_json(draft.lines),
    }
    return json.dumps(plain)[:-1] + "".join(f', "{name}": {text}' for name, text in parts.items()) + "}"


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
