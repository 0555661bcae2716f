"""Where members stand on a program's ladders, what they have done to get there, and how many stand where."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count

from loyalty.lib import clock
from loyalty.members.models import Member
from loyalty.programs.models.program import Program
from loyalty.programs.models.tiers import TierChange, TierSet, TierStanding
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.activities import units_of
from loyalty.programs.queries.configuration import Configuration, configuration_of, configuration_under
from loyalty.programs.rules.tiers import (
    NIL,
    Counts,
    Held,
    Ladder,
    Moment,
    Moved,
    Outlook,
    Rung,
    Span,
    Spans,
    at_first,
    end_of,
    outlook,
    slides,
    spans_of,
)  # fmt: skip
from loyalty.programs.rules.wording import tiers as wording
from loyalty.programs.rules.wording.amounts import Units

INSTANT = timedelta(microseconds=1)
# One round trip for any number of members and ladders; every measure by the one function that knows how.
LOOK = """
SELECT q.member_id, q.ladder_id, s.id IS NOT NULL, s.tier_id, s.since, s.keeps_until, s.floor_id, s.floor_until,
       s.is_locked, s.review_at,
       programs_tier_measure(m.id, m.subject, q.measure, q.wallet_id, q.types, q.since, q.until),
       CASE WHEN q.has_before THEN programs_tier_measure(m.id, m.subject, q.measure, q.wallet_id, q.types,
                                                         q.before_since, q.before_until) END
FROM jsonb_to_recordset(%s::jsonb) AS q (member_id bigint, ladder_id bigint, measure text, wallet_id bigint,
    types text[], since timestamptz, until timestamptz, has_before boolean, before_since timestamptz,
    before_until timestamptz)
JOIN loyalty_member m ON m.id = q.member_id
LEFT JOIN loyalty_tierstanding s ON s.member_id = q.member_id AND s.tier_set_id = q.ladder_id
ORDER BY q.member_id, q.ladder_id"""


@dataclass(frozen=True, slots=True)
class Look:
    """One member on one ladder: where they stand as stored, and what was counted. `is_stored`: there is a row."""

    member_id: int
    ladder: Ladder
    held: Held
    counts: Counts
    moment: Moment
    is_stored: bool


@dataclass(frozen=True, slots=True)
class TierView:
    """A member on one ladder, as pages show it. `units` are those of the wallet that is counted, if one is."""

    ladder: Ladder
    held: Held
    outlook: Outlook
    units: Units | None
    currency: str
    zone: str
    at: datetime

    @property
    def rung(self) -> Rung | None:
        return self.outlook.rung

    @property
    def counted(self) -> str:
        """What was counted so far, in words."""
        return wording.amount_of(self.ladder, self.outlook.count, self.units, self.currency)

    @property
    def missing(self) -> str:
        """What is missing to the next tier, in words; empty on the highest."""
        return wording.missing_in(self.ladder, self.outlook, self.units, self.currency, self.zone, self.at)

    @property
    def kept(self) -> str:
        """What keeps the tier, in words; empty where nothing can take it."""
        return wording.kept_in(self.ladder, self.outlook, self.units, self.currency, self.zone, self.at)

    @property
    def rules(self) -> list[str]:
        """How tiers are kept and lost, in sentences."""
        return wording.kept_by(self.ladder)

    @property
    def steps(self) -> list["TierStep"]:
        """All rungs from the lowest up."""
        return [
            TierStep(
                rung, wording.reached_by(self.ladder, rung, self.units, self.currency), wording.benefits_of(rung),
                place == self.held.place, place <= self.held.place,
            )
            for place, rung in enumerate(self.ladder.rungs)
        ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class TierStep:
    """A rung with how it is reached and what it brings, in words."""

    rung: Rung
    reached: str
    benefits: list[str]
    is_current: bool
    is_reached: bool


@dataclass(frozen=True, slots=True)
class Heads:
    """A rung (None: below the lowest) and how many members stand on it."""

    rung: Rung | None
    members: int


def look_at(
    ladders: Sequence[Ladder], members: Mapping[int, datetime], *, at: datetime, zone: str, returned: bool = False
) -> list[Look]:
    """How the members (ids with the instants at which they joined) stand on the ladders: one statement."""
    moments = {member_id: Moment(at, zone, joined_at) for member_id, joined_at in members.items()}
    return look_in(ladders, moments, returned=returned)


def look_in(ladders: Sequence[Ladder], moments: Mapping[int, Moment], *, returned: bool = False) -> list[Look]:
    """As `look_at`, each member at a moment of their own; one that is yet to come counts what is known today."""
    asked = [
        _asked(member_id, ladder, spans_of(ladder, moment, returned=returned))
        for member_id, moment in moments.items()
        for ladder in ladders
    ]
    known = {ladder.id: ladder for ladder in ladders}
    with connection.cursor() as cursor:
        cursor.execute(LOOK, [json.dumps(asked, default=_text)])
        return [_look(known[row[1]], moments[row[0]], row) for row in cursor.fetchall()]


def _asked(member_id: int, ladder: Ladder, spans: Spans) -> dict[str, Any]:
    before = spans.before or Span()
    return {
        "member_id": member_id, "ladder_id": ladder.id, "measure": ladder.measure, "wallet_id": ladder.wallet,
        "types": ladder.types, "since": spans.now.since, "until": spans.now.until,
        "has_before": spans.before is not None, "before_since": before.since, "before_until": before.until,
    }  # fmt: skip


def _look(ladder: Ladder, moment: Moment, row: tuple) -> Look:
    (
        member_id,
        _ladder_id,
        is_stored,
        tier_id,
        since,
        keeps,
        floor_id,
        floor_until,
        is_locked,
        review_at,
        now,
        before,
    ) = row
    held = at_first(ladder)
    if is_stored:
        place, floor = ladder.place_of(tier_id), ladder.place_of(floor_id)
        held = Held(place, since, keeps, floor, floor_until, is_locked, review_at)
    return Look(member_id, ladder, held, Counts(now, before or NIL), moment, is_stored)


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def tiers_of(member: Member, *, at: datetime | None = None) -> list[TierView]:
    """Every ladder of the program with the member's rung, progress, and what keeps the rung."""
    configuration = configuration_under(member.program_id, member.program.config_version)
    if not configuration.ladders:
        return []
    at, zone = at or clock.now(), configuration.program.time_zone
    looks = {
        each.ladder.id: each for each in look_at(configuration.ladders, {member.pk: member.joined_at}, at=at, zone=zone)
    }
    wallets = {pk: terms.wallet for pk, terms in configuration.wallets.items()}
    return [
        _view(looks[ladder.id], configuration.program, wallets.get(ladder.wallet or 0))
        for ladder in configuration.ladders
    ]


def _lasting(look: Look) -> Decimal | None:
    """What will still count when the promise ends, where days leave the window until then."""
    end = end_of(look.ladder, look.held, look.moment)
    if end is None or not slides(look.ladder) or end <= look.moment.at:
        return None
    (last,) = look_in([look.ladder], {look.member_id: replace(look.moment, at=end - INSTANT)})
    return last.counts.now


def _view(look: Look, program: Program, wallet: Wallet | None) -> TierView:
    seen = outlook(look.ladder, look.held, look.counts, look.moment, lasting=_lasting(look))
    units = units_of(wallet) if wallet else None
    return TierView(look.ladder, look.held, seen, units, program.currency, program.time_zone, look.moment.at)


def tier_codes_of(members: Iterable[Member]) -> dict[int, str | None]:
    """The code of each member's rung on the first ladder of their program, by member id; None below the lowest."""
    found: dict[int, str | None] = {}
    by_program: dict[int, list[Member]] = {}
    for member in members:
        by_program.setdefault(member.program_id, []).append(member)
    for some in by_program.values():
        ladders = configuration_of(some[0].program).ladders
        if ladders:
            found |= _codes_on(ladders[0], [member.pk for member in some])
    return found


def _codes_on(ladder: Ladder, member_ids: list[int]) -> dict[int, str | None]:
    stored = dict(
        TierStanding.objects.filter(tier_set=ladder.id, member__in=member_ids).values_list("member_id", "tier_id")
    )
    rungs = {
        member_id: ladder.rung_at(ladder.place_of(stored[member_id]) if member_id in stored else ladder.base)
        for member_id in member_ids
    }
    return {member_id: rung.code if rung else None for member_id, rung in rungs.items()}


def moved_by(configuration: Configuration, member_id: int, activity_id: int, call: str) -> tuple[Moved, ...]:
    """What a call about an activity did to the member's tiers, as it told the first time; by the ladders in force."""
    ladders = {ladder.id: ladder for ladder in configuration.ladders}
    if not ladders:
        return ()
    found = TierChange.objects.filter(member_id=member_id, activity_id=activity_id, call=call, tier_set__in=ladders)
    rows = found.order_by("pk").values_list("tier_set_id", "before_id", "after_id")
    places = [(ladder, ladder.place_of(one), ladder.place_of(two)) for pk, one, two in rows for ladder in [ladders[pk]]]
    return tuple(Moved(ladder, ladder.rung_at(one), ladder.rung_at(two)) for ladder, one, two in places)


def changes_of(member: Member, *, limit: int = 50) -> list[TierChange]:
    """How the member rose and fell, the newest first."""
    found = TierChange.objects.filter(member=member).select_related("tier_set", "before", "after")
    return list(found.order_by("-id")[:limit])


def heads_of(ladder: Ladder, program: Program) -> list[Heads]:
    """How many members stand on each rung, from the highest down; those on none last, where there are any."""
    counted = TierStanding.objects.filter(tier_set=ladder.id, member__status=Member.Status.ACTIVE)
    by_tier = dict(counted.values_list("tier_id").annotate(Count("id")).order_by())
    everyone = Member.objects.of(program).active().count()
    places: dict[int, int] = {}
    for tier_id, members in by_tier.items():
        place = ladder.place_of(tier_id)
        places[place] = places.get(place, 0) + members
    places[ladder.base] = places.get(ladder.base, 0) + everyone - sum(by_tier.values())
    heads = [Heads(rung, places.get(place, 0)) for place, rung in enumerate(ladder.rungs)][::-1]
    below = places.get(-1, 0)
    return [*heads, Heads(None, below)] if below or ladder.base < 0 else heads


def reviewed(row: TierSet) -> Any:
    """How far the members were judged by the ladder as it is; None where that has not begun."""
    return getattr(row, "review", None)
