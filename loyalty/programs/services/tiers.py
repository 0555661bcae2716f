"""Members rise and fall on the ladders of their program; every move is a TierChange and an event.

Whoever changes what a ladder counts calls `follow` at the end of the same transaction. Time is the job's: see
`review_tiers`. A program without ladders pays nothing.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.db import connection

from loyalty.lib import clock
from loyalty.members.models import Member
from loyalty.outbox.services import publish_many
from loyalty.programs.errors.programs import ReasonMissing, UnknownTier
from loyalty.programs.events import MemberTierChanged
from loyalty.programs.models.program import Program
from loyalty.programs.models.tiers import LadderReview, TierChange
from loyalty.programs.queries.configuration import Configuration, configuration_for, configuration_of
from loyalty.programs.queries.tiers import Look, look_at
from loyalty.programs.rules.tiers import BELOW, Held, Ladder, Moved, judge
from loyalty.programs.services.transactions import in_transaction, turn_of

SLICE = 500
ACTOR = "job:review_tiers"
# Members are locked in the order of their numbers, as everywhere.
LOCK = "SELECT FROM loyalty_member WHERE id = ANY (%s) ORDER BY number FOR NO KEY UPDATE"
WRITE = """
WITH moved AS (
    SELECT * FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (member_id bigint, ladder_id bigint, tier_id bigint,
        since timestamptz, keeps_until timestamptz, floor_id bigint, floor_until timestamptz, is_locked boolean,
        review_at timestamptz, is_told boolean, before_id bigint, why text, measured numeric)
), stands AS (
    INSERT INTO loyalty_tierstanding (member_id, tier_set_id, tier_id, since, keeps_until, floor_id, floor_until,
        is_locked, review_at)
    SELECT member_id, ladder_id, tier_id, since, keeps_until, floor_id, floor_until, is_locked, review_at
    FROM moved ORDER BY member_id, ladder_id
    ON CONFLICT (member_id, tier_set_id) DO UPDATE SET tier_id = EXCLUDED.tier_id, since = EXCLUDED.since,
        keeps_until = EXCLUDED.keeps_until, floor_id = EXCLUDED.floor_id, floor_until = EXCLUDED.floor_until,
        is_locked = EXCLUDED.is_locked, review_at = EXCLUDED.review_at
)
INSERT INTO loyalty_tierchange (member_id, tier_set_id, before_id, after_id, why, measured, reason, actor, at,
    created_at, activity_id, call, floor_id, floor_until, is_locked)
SELECT member_id, ladder_id, before_id, tier_id, why, measured, %(reason)s, %(actor)s, %(at)s, %(now)s, %(activity)s,
    %(call)s, floor_id, floor_until, is_locked
FROM moved WHERE is_told ORDER BY member_id, ladder_id"""
DUE = """
SELECT DISTINCT s.member_id FROM loyalty_tierstanding s
WHERE s.review_at <= %s AND s.tier_set_id = ANY (%s) AND s.member_id > %s ORDER BY s.member_id LIMIT %s"""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What a run of the job did: members looked at, and how many of them rose and fell."""

    members: int = 0
    risen: int = 0
    fallen: int = 0

    def __add__(self, other: "Reviewed") -> "Reviewed":
        return Reviewed(self.members + other.members, self.risen + other.risen, self.fallen + other.fallen)


@dataclass(frozen=True, slots=True)
class Move:
    """Where a member stands now, and stood before."""

    look: Look
    held: Held

    @property
    def is_rise(self) -> bool:
        return self.held.place > self.look.held.place

    @property
    def is_fall(self) -> bool:
        return self.held.place < self.look.held.place

    @property
    def must_be_written(self) -> bool:
        return self.held != self.look.held


def follow(
    configuration: Configuration,
    members: Mapping[int, datetime | None],
    *,
    actor: str,
    returned: bool = False,
    activity_id: int | None = None,
    call: str = "",
    at: datetime | None = None,
    quietly: bool = False,
) -> list[Move]:
    """Let members rise, and fall where that is due, after what is counted has changed; in the caller's transaction.

    `members` are ids with the instants at which they joined (None: looked up where a ladder asks). The caller has
    locked their rows before anything of theirs was counted. `returned`: something came back, which no grace bears.
    `call` is what it is found by again (`queries.tiers.moved_by`), where an answer tells of it.
    `quietly`: a file brought it, which is no occasion for letters.
    One statement where nothing moves, two more (one tells it) where something does; none in a program without ladders.
    """
    ladders = configuration.ladders
    if not ladders or not members:
        return []
    at = at or clock.now()
    joined = _joined(ladders, members, at)
    looks = look_at(ladders, joined, at=at, zone=configuration.program.time_zone, returned=returned)
    moves = [Move(look, judge(look.ladder, look.held, look.counts, look.moment, returned=returned)) for look in looks]
    fell = TierChange.Why.RETURNED if returned else TierChange.Why.FELL
    return _write(
        configuration.program, moves, at, actor, fell=fell, activity_id=activity_id, call=call, quietly=quietly
    )


def moved(moves: Iterable[Move]) -> tuple[Moved, ...]:
    """What became of a member's tiers, as answers tell it."""
    return tuple(
        Moved(ladder, ladder.rung_at(move.look.held.place), ladder.rung_at(move.held.place))
        for move in moves
        for ladder in [move.look.ladder]
    )


def take_turn(program: Program, member_id: int) -> Configuration:
    """The configuration in force, with the member's row locked where it has ladders or limits what is held; before any
    points are moved."""
    configuration = configuration_of(program)
    if configuration.ladders or configuration.needs.balances:
        lock([member_id])
    return configuration


def take_turns(members: Iterable[tuple[int, int]]) -> list[tuple[Configuration, list[int]]]:
    """As `take_turn` for members (program id, id) of many programs; answers with those whose program has ladders."""
    by_program: dict[int, list[int]] = {}
    for program_id, member_id in members:
        by_program.setdefault(program_id, []).append(member_id)
    turns = [(configuration_for(program_id), member_ids) for program_id, member_ids in by_program.items()]
    climbing = [(configuration, member_ids) for configuration, member_ids in turns if configuration.ladders]
    if climbing:
        lock([member_id for _configuration, member_ids in climbing for member_id in member_ids])
    return climbing


def _joined(ladders: Sequence[Ladder], members: Mapping[int, datetime | None], at: datetime) -> dict[int, datetime]:
    known = {member_id: joined_at for member_id, joined_at in members.items() if joined_at}
    unknown = members.keys() - known.keys()
    if not unknown:
        return known
    if not any(ladder.counts_in == "anniversary" for ladder in ladders):
        return known | dict.fromkeys(unknown, at)
    return known | dict(Member.objects.filter(pk__in=unknown).values_list("pk", "joined_at"))


def _write(
    program: Program,
    moves: Iterable[Move],
    at: datetime,
    actor: str,
    *,
    rose: str = TierChange.Why.REACHED,
    fell: str = TierChange.Why.FELL,
    reason: str = "",
    activity_id: int | None = None,
    call: str = "",
    tell_all: bool = False,
    quietly: bool = False,
) -> list[Move]:
    """Store what changed, with a TierChange and an event for every move; `tell_all`: a change even where none moved."""
    written = [move for move in moves if move.must_be_written or tell_all]
    if not written:
        return []
    rows = [_row(move, rose if move.is_rise else fell, at, tell_all) for move in written]
    with connection.cursor() as cursor:
        cursor.execute(
            WRITE,
            {
                "rows": json.dumps(rows, default=str), "reason": reason[:200], "actor": actor[:80], "at": at,
                "now": clock.now(), "activity": activity_id, "call": call,
            },
        )  # fmt: skip
    told = [move for move in written if move.is_rise or move.is_fall]
    publish_many(_event(program, move, rose if move.is_rise else fell, at, quietly) for move in told)
    return told


def _row(move: Move, why: str, at: datetime, tell: bool) -> dict[str, Any]:
    held, ladder = move.held, move.look.ladder
    return {
        "member_id": move.look.member_id, "ladder_id": ladder.id, "tier_id": _id_at(ladder, held.place),
        "since": held.since or at, "keeps_until": held.keeps_until, "floor_id": _id_at(ladder, held.floor),
        "floor_until": held.floor_until, "is_locked": held.is_locked, "review_at": held.review_at,
        "is_told": tell or move.is_rise or move.is_fall, "before_id": _id_at(ladder, move.look.held.place), "why": why,
        "measured": move.look.counts.now,
    }  # fmt: skip


def _id_at(ladder: Ladder, place: int) -> int | None:
    rung = ladder.rung_at(place)
    return rung.id if rung else None


def _event(program: Program, move: Move, why: str, at: datetime, quietly: bool) -> MemberTierChanged:
    ladder = move.look.ladder
    before, after = ladder.rung_at(move.look.held.place), ladder.rung_at(move.held.place)
    return MemberTierChanged(
        program.pk, move.look.member_id, ladder.code, before.code if before else "", after.code if after else "",
        str(why), at, quietly,
    )  # fmt: skip


# --- By hand ----------------------------------------------------------------------------------------------------------


def put_on_tier(
    member: Member,
    tier_set_id: int,
    tier_id: int | None,
    *,
    floor_until: datetime | None = None,
    is_locked: bool = False,
    reason: str,
    actor: str,
) -> Held:
    """Put a member on a rung by hand: not lower until `floor_until` (exclusive; None: for ever), or locked there.

    Without `tier_id` the member stands on none. Raises ReasonMissing, UnknownTier.
    """
    if not reason.strip():
        raise ReasonMissing(field="reason")
    return in_transaction(
        lambda: _put(member, tier_set_id, tier_id, floor_until, is_locked, reason.strip(), actor, clock.now())
    )


def _put(
    member: Member,
    tier_set_id: int,
    tier_id: int | None,
    floor_until: datetime | None,
    is_locked: bool,
    reason: str,
    actor: str,
    at: datetime,
) -> Held:
    program, look = _look_by_hand(member, tier_set_id, at)
    place = look.ladder.place_of(tier_id)
    if tier_id is not None and place == BELOW:
        raise UnknownTier(field="tier")
    since = look.held.since if place == look.held.place else at
    held = Held(place, since, None, place, floor_until if place > BELOW else None, is_locked)
    held = (
        judge(look.ladder, held, look.counts, look.moment) if place >= look.ladder.place_for(look.counts.now) else held
    )
    by_hand = TierChange.Why.BY_HAND
    _write(program, [Move(look, held)], at, actor, rose=by_hand, fell=by_hand, reason=reason, tell_all=True)
    return held


def leave_to_count(member: Member, tier_set_id: int, *, reason: str, actor: str) -> Held:
    """End what was set by hand: from now on what is counted decides. Raises ReasonMissing, UnknownTier."""
    if not reason.strip():
        raise ReasonMissing(field="reason")
    return in_transaction(lambda: _leave(member, tier_set_id, reason.strip(), actor, clock.now()))


def _leave(member: Member, tier_set_id: int, reason: str, actor: str, at: datetime) -> Held:
    program, look = _look_by_hand(member, tier_set_id, at)
    free = replace(look.held, floor=BELOW, floor_until=None, is_locked=False)
    held = judge(look.ladder, free, look.counts, look.moment)
    by_hand = TierChange.Why.BY_HAND
    _write(program, [Move(look, held)], at, actor, rose=by_hand, fell=by_hand, reason=reason, tell_all=True)
    return held


def _look_by_hand(member: Member, tier_set_id: int, at: datetime) -> tuple[Program, Look]:
    """The member, locked, on one ladder of the configuration in force. Raises UnknownTier."""
    lock([member.pk])
    configuration = configuration_of(member.program)
    ladders = [ladder for ladder in configuration.ladders if ladder.id == tier_set_id]
    if not ladders:
        raise UnknownTier(field="tier_set")
    zone = configuration.program.time_zone
    return configuration.program, look_at(ladders, {member.pk: member.joined_at}, at=at, zone=zone)[0]


# --- What time and changed ladders do ---------------------------------------------------------------------------------


def review_tiers(*, program: Program | None = None, at: datetime | None = None, wait: bool = False) -> Reviewed:
    """Look again at members whose promise has ended, and at all members of a program whose ladder has changed.

    In slices of members with a transaction each: it can be killed, run late or run twice. Where another process is at
    it, the answer is empty, unless one waits.
    """
    at, total = at or clock.now(), Reviewed()
    with turn_of("review_tiers", wait=wait) as is_ours:
        for each in _programs(program) if is_ours else ():
            configuration = configuration_of(each)
            for ladder in configuration.ladders:
                total += _apply(configuration, ladder, at)
            total += _review_due(configuration, at)
    return total


def _programs(program: Program | None) -> Iterable[Program]:
    if program is not None:
        return [program]
    return Program.objects.filter(tier_sets__isnull=False).distinct().order_by("pk")


def _review_due(configuration: Configuration, at: datetime) -> Reviewed:
    ladders, total, after = [ladder.id for ladder in configuration.ladders], Reviewed(), 0
    while member_ids := _due(ladders, at, after):
        total += in_transaction(lambda ids=member_ids: _review(configuration, ids, at))  # type: ignore[misc]
        after = member_ids[-1]
    return total


def _due(ladders: list[int], at: datetime, after: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(DUE, [at, ladders, after, SLICE])
        return [member_id for (member_id,) in cursor.fetchall()]


def _review(configuration: Configuration, member_ids: list[int], at: datetime) -> Reviewed:
    lock(member_ids)
    moves = follow(configuration, dict.fromkeys(member_ids), actor=ACTOR, at=at)
    return _reviewed(member_ids, moves)


def _reviewed(member_ids: Collection[int], moves: list[Move]) -> Reviewed:
    risen = sum(move.is_rise for move in moves)
    return Reviewed(len(member_ids), risen, len(moves) - risen)


def lock(member_ids: list[int]) -> None:
    """The rows of these members, in the order in which everybody locks them."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [member_ids])


def _apply(configuration: Configuration, ladder: Ladder, at: datetime) -> Reviewed:
    """Judge all members by a ladder that is not the one by which they were judged; goes on where it was cut off."""
    review, _made = LadderReview.objects.get_or_create(tier_set_id=ladder.id, defaults={"digest": ""})
    digest = digest_of(ladder)
    if review.digest != digest:
        review.digest, review.done_through, review.is_done = digest, 0, False
        review.risen = review.fallen = 0
    total = Reviewed()
    while not review.is_done:
        total += in_transaction(lambda: _apply_slice(configuration, ladder, review, at))
    return total


def _apply_slice(configuration: Configuration, ladder: Ladder, review: LadderReview, at: datetime) -> Reviewed:
    members = Member.objects.of(configuration.program).filter(pk__gt=review.done_through).order_by("pk")
    joined = dict(members.values_list("pk", "joined_at")[:SLICE])
    lock(list(joined))
    zone = configuration.program.time_zone
    looks = look_at([ladder], joined, at=at, zone=zone) if joined else []
    moves = [Move(look, judge(ladder, look.held, look.counts, look.moment)) for look in looks]
    why = TierChange.Why.LADDER
    done = _reviewed(joined, _write(configuration.program, moves, at, ACTOR, rose=why, fell=why))
    review.risen, review.fallen = review.risen + done.risen, review.fallen + done.fallen
    review.done_through, review.is_done = max(joined, default=review.done_through), len(joined) < SLICE
    review.finished_at = clock.now() if review.is_done else None
    review.save()
    return done


def digest_of(ladder: Ladder) -> str:
    """The same for ladders that judge alike: names, colours and benefits move nobody."""
    rungs = [(rung.id, str(rung.threshold.normalize())) for rung in ladder.rungs]
    rest = (
        ladder.measure, ladder.wallet, ladder.types, ladder.window, ladder.months, ladder.downgrade,
        ladder.one_step_down, ladder.grace_count, ladder.grace_unit, ladder.grace_to_month_end,
    )  # fmt: skip
    return sha256(json.dumps([rungs, rest], default=str).encode()).hexdigest()
