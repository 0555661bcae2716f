"""A configuration on what members really did: judged activity by activity as it was learned of, nothing is written.

By the same algebra as at the till. Tiers, households and lists are those that members had; counters of caps begin at
nothing; of earlier purchases it is known that there were some.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from loyalty.programs.queries.configuration import Configuration
from loyalty.programs.rules.capping import UNUSED, Place, Used
from loyalty.programs.rules.occurrence import PURCHASE, Line
from loyalty.programs.rules.standing import NONE_RECENT, HeldTier, Standing
from loyalty.programs.services.drafts import Draft
from loyalty.programs.services.judging import plan_of
from loyalty.programs.services.storing import Situation
from loyalty.programs.services.uses import Counters

NOBODYS = UUID(int=0)
SLICE = 2_000
COUNT = "SELECT count(*) FROM loyalty_activity WHERE program_id = %s AND event_at >= %s AND event_at < %s"
EARLIER = """
SELECT DISTINCT member_id FROM loyalty_activity
WHERE program_id = %s AND kind = 'purchase' AND event_at < %s"""
# In the order in which they were learned of; a file is learned of at once, and then it is the order of time.
HISTORY = """
SELECT a.member_id, a.kind, a.type, a.source, a.external_id, a.event_at, a.currency, a.total, a.channel, a.store,
       a.attributes, a.awards, m.attributes, m.joined_at, m.birth_date,
       (SELECT jsonb_agg(jsonb_build_array(l.amount::text, l.quantity::text, l.tax::text, l.discount::text, l.sku,
                                           l.category, l.attributes, l.kind) ORDER BY l.position)
        FROM loyalty_activityline l WHERE l.activity_id = a.id),
       CASE WHEN %s THEN (
           SELECT jsonb_agg(jsonb_build_array(s.code, t.code, t.name)) FROM (
               SELECT DISTINCT ON (c.tier_set_id) c.tier_set_id, c.after_id FROM loyalty_tierchange c
               WHERE c.member_id = a.member_id AND c.created_at < a.created_at ORDER BY c.tier_set_id, c.id DESC) held
           JOIN loyalty_tier t ON t.id = held.after_id JOIN loyalty_tierset s ON s.id = held.tier_set_id) END,
       CASE WHEN %s THEN (
           SELECT h.household_id FROM loyalty_householdmember h
           WHERE h.member_id = a.member_id AND h.joined_at <= a.event_at
             AND (h.left_at IS NULL OR h.left_at > a.event_at)
           ORDER BY h.joined_at DESC, h.id DESC LIMIT 1) END
FROM loyalty_activity a JOIN loyalty_member m ON m.id = a.member_id
WHERE a.program_id = %s AND a.event_at >= %s AND a.event_at < %s
ORDER BY a.created_at, a.event_at, a.id"""


@dataclass(slots=True)
class Replay:
    """Points by wallet code: what was given when it happened (`before`) and what these rules give (`after`)."""

    activities: int = 0
    before: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    after: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    months: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    members: dict[int, list[Decimal]] = field(default_factory=lambda: defaultdict(lambda: [Decimal(0), Decimal(0)]))
    others: int = 0  # activities that earn otherwise than they did


class _Memory(Counters):
    """Counters of a replay: known to it alone."""

    def look(self, places: Iterable[Place]) -> Mapping[Place, Used]:
        self._known |= {place: UNUSED for place in places if place not in self._known}
        return self._known


def history_length(program_id: int, since: datetime, until: datetime) -> int:
    """How many activities happened in the time."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [program_id, since, until])
        return int(cursor.fetchone()[0])


def replay(
    configuration: Configuration,
    *,
    since: datetime,
    until: datetime,
    scale: Decimal = Decimal(1),
    progress: Callable[[int], None] = lambda _done: None,
) -> Replay:
    """Everything from `since` up to `until`; with a `scale` as if every amount had been so many times as large."""
    found, counters = Replay(), _Memory(lock=False)
    program = configuration.program
    bought: dict[int, list[tuple[datetime, Decimal]]] = defaultdict(list)
    values = {terms.wallet.code: terms.wallet.point_value for terms in configuration.wallets.values()}
    with connection.cursor() as cursor:
        cursor.execute(EARLIER, [program.pk, since])
        earlier = {member for (member,) in cursor.fetchall()}
    for row in _history(configuration, since, until):
        member_id, at = row[0], row[5]
        draft = _draft(row, scale)
        situation = _situation(configuration, row, bought[member_id], has_bought=member_id in earlier)
        awards = {
            award.wallet_code: award.points for award in plan_of(configuration, situation, draft, counters).awards
        }
        given = {award["wallet"]: award["points"] for award in _loaded(row[11])}
        _count(found, member_id, at, given, awards, values)
        if draft.type == PURCHASE:
            bought[member_id].append((at, draft.total))
            earlier.add(member_id)
        if found.activities % 500 == 0:
            progress(found.activities)
    return found


def _history(configuration: Configuration, since: datetime, until: datetime) -> Iterator[tuple]:
    needs = configuration.needs
    with closing(connection.chunked_cursor()) as cursor:
        cursor.execute(HISTORY, [needs.tiers, needs.household, configuration.program.pk, since, until])
        while rows := cursor.fetchmany(SLICE):
            yield from rows


def _draft(row: tuple, scale: Decimal) -> Draft:
    lines = tuple(_line(each, scale) for each in _loaded(row[15]) or [])
    return Draft(
        kind=row[1], type=row[2], source=row[3], external_id=row[4], number="", at=row[5], digest="",
        attributes=_loaded(row[10]), attributes_json="", currency=row[6], total=row[7] * scale, channel=row[8],
        store=row[9], lines=lines,
    )  # fmt: skip


def _line(told: list[Any], scale: Decimal) -> Line:
    amount, quantity, tax, discount, sku, category, attributes, kind = told
    amounts = (Decimal(amount) * scale, Decimal(quantity), Decimal(tax) * scale, Decimal(discount) * scale)
    return Line(*amounts, sku=sku, category=category, attributes=attributes, kind=kind)


def _situation(
    configuration: Configuration, row: tuple, bought: list[tuple[datetime, Decimal]], *, has_bought: bool
) -> Situation:
    needs, standing = configuration.needs, Standing()
    if needs.has_standing:
        tiers = tuple(HeldTier(*held) for held in _loaded(row[16]) or [])
        windows = dict.fromkeys(needs.windows, NONE_RECENT)
        standing = Standing(tiers=tiers, joined_at=row[13], birth_date=row[14], windows=windows, household=row[17])
        standing = standing.after(bought, row[5], configuration.program.time_zone)
    return Situation(
        config_version=configuration.version, member_id=row[0], subject=NOBODYS, status="active",
        attributes=_loaded(row[12]), has_bought=has_bought, accounts={}, standing=standing, known=None,
    )  # fmt: skip


def _count(
    found: Replay, member_id: int, at: datetime, given: Mapping[str, int], awards: Mapping[str, int],
    values: Mapping[str, Decimal],
) -> None:  # fmt: skip
    found.activities += 1
    found.others += given != awards
    month = found.months[at.strftime("%Y-%m")]
    both = found.members[member_id]
    for place, points in enumerate((given, awards)):
        total = found.after if place else found.before
        for code, some in points.items():
            total[code] += some
            month[place] += some
            both[place] += some * (values.get(code) or Decimal(1))


def _loaded(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
