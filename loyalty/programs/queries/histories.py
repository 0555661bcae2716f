"""What happened in a program, in the order in which it was learned of, slice by slice from the database."""

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from heapq import merge
from typing import Any, NamedTuple

from django.db import connection

SLICE = 2_000
LENGTH = "SELECT count(*) FROM loyalty_activity WHERE program_id = %s AND event_at >= %s AND event_at < %s"
# A file or a batch is learned of at once, and then it is the order of time.
HAPPENED = """
SELECT a.id, a.created_at, a.member_id, a.kind, a.type, a.source, a.external_id, a.event_at, a.currency, a.total,
       a.channel, a.store, a.attributes, a.awards, m.attributes, m.joined_at, m.birth_date,
       (SELECT jsonb_agg(jsonb_build_array(l.amount::text, l.quantity::text, l.tax::text, l.discount::text, l.sku,
                                           l.category, l.attributes, l.kind) ORDER BY l.position)
        FROM loyalty_activityline l WHERE l.activity_id = a.id),
       CASE WHEN %s THEN (
           SELECT h.household_id FROM loyalty_householdmember h
           WHERE h.member_id = a.member_id AND h.joined_at <= a.event_at
             AND (h.left_at IS NULL OR h.left_at > a.event_at)
           ORDER BY h.joined_at DESC, h.id DESC LIMIT 1) END
FROM loyalty_activity a JOIN loyalty_member m ON m.id = a.member_id
WHERE a.program_id = %s AND a.event_at >= %s AND a.event_at < %s
ORDER BY a.created_at, a.event_at, a.id"""
CAME_BACK = """
SELECT r.created_at, r.purchase_id, a.member_id, r.event_at, r.amount, r.lines, r.clawbacks, r.is_last
FROM loyalty_return r JOIN loyalty_activity a ON a.id = r.purchase_id
WHERE a.program_id = %s AND a.event_at >= %s AND a.event_at < %s ORDER BY r.created_at, r.id"""
RETURNED = """
SELECT DISTINCT r.purchase_id FROM loyalty_return r JOIN loyalty_activity a ON a.id = r.purchase_id
WHERE a.program_id = %s AND a.event_at >= %s AND a.event_at < %s"""
# A rung that was set by hand long ago may still hold.
PUT = """
SELECT c.created_at, c.member_id, c.tier_set_id, c.after_id, NULL::bigint, 0, c.at, m.joined_at, m.birth_date,
       c.floor_id, c.floor_until, c.is_locked
FROM loyalty_tierchange c JOIN loyalty_tierset s ON s.id = c.tier_set_id JOIN loyalty_member m ON m.id = c.member_id
WHERE s.program_id = %s AND c.why = 'by_hand' AND c.created_at < %s
UNION ALL
SELECT p.created_at, m.id, NULL, NULL, a.wallet_id, p.points, p.event_at, m.joined_at, m.birth_date,
       NULL, NULL, false
FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id JOIN loyalty_wallet w ON w.id = a.wallet_id
JOIN loyalty_member m ON m.subject = a.subject
WHERE w.program_id = %s AND p.contra = 'adjusted' AND p.kind <> 'reversal' AND p.event_at >= %s AND p.event_at < %s
ORDER BY 1"""
# What else moved what a member holds: spent, expired, sent, changed, brought back, given by something else. What only
# goes from one state to another (held, active) does not; what activities earned, and lost again, is replayed.
MOVED = """
SELECT p.created_at, m.id, a.wallet_id, p.points, p.kind = 'award' AND p.contra = 'issued', p.event_at, m.joined_at,
       m.birth_date
FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id JOIN loyalty_wallet w ON w.id = a.wallet_id
JOIN loyalty_member m ON m.subject = a.subject
LEFT JOIN ledger_posting o ON o.account_id = p.account_id AND o.id = p.refers_to AND p.kind IN ('reversal', 'cancel')
WHERE w.program_id = %s AND p.event_at >= %s AND p.event_at < %s AND p.kind NOT IN ('activate', 'hold', 'release')
  AND (p.contra <> 'adjusted' OR p.kind = 'reversal')
  AND NOT (coalesce(o.kind, p.kind) = 'award'
           AND split_part(coalesce(o.source, p.source), ':', 1) IN ('purchase', 'activity'))
ORDER BY p.created_at, p.id"""
# An award came to nothing: not confirmed in time, cancelled, or refused by the staff. One award does once, in two legs.
CANCELLED = """
SELECT c.created_at, a.source, w.code, m.id, c.event_at, -sum(c.points)::bigint, coalesce(sum(c.waived), 0)::bigint
FROM ledger_posting c JOIN ledger_posting a ON a.account_id = c.account_id AND a.id = c.refers_to AND a.kind = 'award'
JOIN ledger_account x ON x.id = c.account_id JOIN loyalty_wallet w ON w.id = x.wallet_id
JOIN loyalty_member m ON m.subject = x.subject
WHERE w.program_id = %s AND c.kind IN ('cancel', 'reversal') AND c.event_at >= %s AND c.event_at < %s
GROUP BY c.account_id, c.refers_to, c.created_at, a.source, w.code, m.id, c.event_at
HAVING bool_or(c.kind = 'cancel' OR c.key LIKE 'cancel:%%' OR c.key LIKE 'review:%%') ORDER BY c.created_at"""
# An activity came to nothing altogether, also one that earned nothing.
GONE = """
SELECT a.cancelled_at, a.id, a.member_id FROM loyalty_activity a
WHERE a.program_id = %s AND a.event_at >= %s AND a.event_at < %s AND a.cancelled_at IS NOT NULL
ORDER BY a.cancelled_at, a.id"""
EARLIER = """
SELECT DISTINCT a.member_id FROM loyalty_activity a
WHERE a.program_id = %s AND a.kind = 'purchase' AND a.event_at < %s AND a.cancelled_at IS NULL
  AND NOT EXISTS (SELECT FROM loyalty_return r WHERE r.purchase_id = a.id AND r.is_last)"""
LISTS = """
SELECT p.member_id, p.created_at, n.name
FROM loyalty_segmentmember p JOIN loyalty_segment s ON s.id = p.segment_id
CROSS JOIN LATERAL (VALUES (1, s.code), (2, s.name)) n (place, name)
WHERE s.program_id = %s AND NOT s.is_archived ORDER BY p.member_id, s.id, n.place"""
CHANGED = """
SELECT h.id, h.history_date, h.attributes FROM loyalty_historicalmember h
WHERE h.program_id = %s AND h.id IN (
    SELECT c.id FROM loyalty_historicalmember c WHERE c.program_id = %s
    GROUP BY c.id HAVING count(DISTINCT c.attributes) > 1)
ORDER BY h.id, h.history_date, h.history_id"""


class Happened(NamedTuple):
    """One activity as it is stored."""

    id: int
    created_at: datetime
    member_id: int
    kind: str
    type: str
    source: str
    external_id: str
    at: datetime
    currency: str
    total: Decimal
    channel: str
    store: str
    attributes: Any
    awards: Any
    member: Any
    joined_at: datetime
    birth_date: date | None
    lines: Any
    household: int | None


class CameBack(NamedTuple):
    """One return as it is stored."""

    created_at: datetime
    purchase_id: int
    member_id: int
    at: datetime
    amount: Decimal
    lines: Any
    clawbacks: Any
    is_last: bool


class ByHand(NamedTuple):
    """A member put on a rung by the staff or left to the count again, or points given by hand (without `ladder_id`)."""

    created_at: datetime
    member_id: int
    ladder_id: int | None
    tier_id: int | None
    wallet_id: int | None
    points: int
    at: datetime
    joined_at: datetime
    birth_date: date | None
    floor_id: int | None
    floor_until: datetime | None
    is_locked: bool


class Cancelled(NamedTuple):
    """Points of one activity in one wallet came to nothing; `key` is the activity's."""

    created_at: datetime
    key: str
    wallet: str
    member_id: int
    at: datetime
    points: int
    waived: int


class Moved(NamedTuple):
    """Points that came or went without an activity. `is_earned`: they count as earned."""

    created_at: datetime
    member_id: int
    wallet_id: int
    points: int
    is_earned: bool
    at: datetime
    joined_at: datetime
    birth_date: date | None


class Gone(NamedTuple):
    """An activity came to nothing: from then on it counts for nothing."""

    created_at: datetime
    id: int
    member_id: int


type Act = Happened | CameBack | Cancelled | Gone | ByHand | Moved
type Places = tuple[tuple[datetime | None, str], ...]  # since when (None: always) on a list, by its code and its name


def history_of(
    program_id: int, since: datetime, until: datetime, *, by_hand: bool = False, household: bool = False
) -> Iterator[Act]:
    """Everything of the time, in its order; what was done by hand, what else moved points, and households, only if they
    are asked for."""
    span = (program_id, since, until)
    streams: list[Iterator[Act]] = [
        map(_happened, _rows(HAPPENED, (household, *span))),
        map(_came_back, _rows(CAME_BACK, span)),
        map(Cancelled._make, _rows(CANCELLED, span)),
        map(Gone._make, _rows(GONE, span)),
    ]
    if by_hand:
        streams.append(map(ByHand._make, _rows(PUT, (program_id, until, *span))))
        streams.append(map(Moved._make, _rows(MOVED, span)))
    return merge(*streams, key=lambda act: act.created_at)


def history_length(program_id: int, since: datetime, until: datetime) -> int:
    """How many activities happened in the time."""
    with connection.cursor() as cursor:
        cursor.execute(LENGTH, [program_id, since, until])
        return int(cursor.fetchone()[0])


def returned_in(program_id: int, since: datetime, until: datetime) -> frozenset[int]:
    """The purchases of the time of which something came back."""
    return frozenset(pk for (pk,) in _rows(RETURNED, (program_id, since, until)))


def gone_in(program_id: int, since: datetime, until: datetime) -> frozenset[int]:
    """The activities of the time that came to nothing."""
    return frozenset(row[1] for row in _rows(GONE, (program_id, since, until)))


def cancelled_in(program_id: int, since: datetime, until: datetime) -> frozenset[str]:
    """The keys of activities of which points came to nothing in the time."""
    return frozenset(row[1] for row in _rows(CANCELLED, (program_id, since, until)))


def buyers_before(program_id: int, at: datetime) -> frozenset[int]:
    """The members who had bought something by then, and kept some of it."""
    return frozenset(pk for (pk,) in _rows(EARLIER, (program_id, at)))


def lists_of(program_id: int, *, as_it_was: bool = False) -> dict[int, Places]:
    """The lists on which members are, `as_it_was`: from the instant on at which they were put there."""
    found: dict[int, list[tuple[datetime | None, str]]] = {}
    for member_id, since, name in _rows(LISTS, (program_id,)):
        found.setdefault(member_id, []).append((since if as_it_was else None, name))
    return {member_id: tuple(places) for member_id, places in found.items()}


def attributes_of(program_id: int) -> dict[int, list[tuple[datetime, Any]]]:
    """What was known of members whose attributes have changed: the instants and what held from then on, in order."""
    found: dict[int, list[tuple[datetime, Any]]] = {}
    for member_id, since, attributes in _rows(CHANGED, (program_id, program_id)):
        found.setdefault(member_id, []).append((since, _loaded(attributes)))
    return found


def _happened(row: tuple) -> Happened:
    attributes, awards, member, joined_at, birth_date, lines, household = row[12:]
    told = _loaded(attributes), _loaded(awards), _loaded(member), joined_at, birth_date, _loaded(lines) or (), household
    return Happened._make((*row[:12], *told))


def _came_back(row: tuple) -> CameBack:
    return CameBack._make((*row[:5], _loaded(row[5]), _loaded(row[6]), row[7]))


def _loaded(value: Any) -> Any:
    """JSON as the database tells it."""
    if not isinstance(value, str):
        return value
    return {} if value == "{}" else json.loads(value)


def _rows(sql: str, values: tuple[Any, ...]) -> Iterator[tuple]:
    with closing(connection.chunked_cursor()) as cursor:
        cursor.execute(sql, values)
        while rows := cursor.fetchmany(SLICE):
            yield from rows
