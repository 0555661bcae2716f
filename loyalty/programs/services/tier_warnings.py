"""Fair warning before a tier is lost: members hear what keeps it while there is time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Exists, OuterRef

from loyalty.lib import clock
from loyalty.members.models import Member
from loyalty.outbox.services import publish_many
from loyalty.programs.events import TierEnding
from loyalty.programs.models.program import Program
from loyalty.programs.models.tiers import TierStanding, TierWarning
from loyalty.programs.queries.configuration import Configuration, configuration_of
from loyalty.programs.queries.in_force import as_published
from loyalty.programs.queries.tiers import Look, look_at, look_in
from loyalty.programs.rules.days import end_of_day, local_day
from loyalty.programs.rules.tiers import NIL, YEARS, Ladder, end_of, falls_day_by_day, judge, slides, window_of
from loyalty.programs.services.transactions import turn_of

SLICE = 1_000
INSTANT, DAY = timedelta(microseconds=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Ending:
    """A member’s rung, when it ends, on which place they stand then, and what keeps it."""

    look: Look
    at: datetime
    then: int
    missing: Decimal


def warn_of_tiers(
    *, program: Program | None = None, at: datetime | None = None, from_hour: int = 0, wait: bool = False
) -> int:
    """Tell members, as many days before as each ladder says, that a tier ends and what keeps it; how many were told.

    A member hears once per step and end, however often the job runs, and only of the nearest step; where the end moves
    from day to day, not again before the one they were told. Not before `from_hour` in the program's zone.
    """
    at, warnings = at or clock.now(), 0
    with turn_of("warn_of_tiers", wait=wait) as is_ours:
        for each in map(as_published, _programs(program) if is_ours else ()):
            if at.astimezone(ZoneInfo(each.time_zone)).hour >= from_hour:
                warnings += _warn(configuration_of(each), at)
    return warnings


def _programs(program: Program | None) -> Sequence[Program]:
    if program is not None:
        return [program]
    return list(Program.objects.filter(tier_sets__isnull=False).distinct().order_by("pk"))


def _warn(configuration: Configuration, at: datetime) -> int:
    warnings = 0
    for ladder in configuration.ladders:
        after = 0
        while ladder.warn_days and (members := _due(ladder, configuration.program, at, after)):
            warnings += _tell(configuration.program, ladder, members, at)
            after = max(members)
    return warnings


def _due(ladder: Ladder, program: Program, at: datetime, after: int) -> dict[int, datetime]:
    """The next members, with the instants at which they joined, whom time may move before the longest warning ends."""
    last = end_of_day(local_day(at, program.time_zone) + max(ladder.warn_days) * DAY, program.time_zone)
    told = TierWarning.objects.filter(
        member=OuterRef("member"), tier=OuterRef("tier"), days=min(ladder.warn_days), ends_at__gt=at
    )
    due = TierStanding.objects.filter(
        ~Exists(told), tier_set=ladder.id, member_id__gt=after, review_at__lte=last, is_locked=False,
        tier__isnull=False, member__status=Member.Status.ACTIVE,
    )  # fmt: skip
    return dict(due.order_by("member_id").values_list("member_id", "member__joined_at")[:SLICE])


@transaction.atomic
def _tell(program: Program, ladder: Ladder, members: Mapping[int, datetime], at: datetime) -> int:
    """Those whose tier ends: a row that they were told, and the event, together."""
    found = [each for each in _endings(program, ladder, members, at) if each.at > at]
    steps = {each.look.member_id: _step(ladder, each.at, at, program.time_zone) for each in found}
    told = _told(ladder, list(steps), at)
    events = [
        event
        for each in found
        if (days := steps[each.look.member_id])
        and (event := _event(program, each, days))
        and (event.member_id, each.look.ladder.rungs[each.look.held.place].id, days) not in told
    ]
    places = {rung.code: rung.id for rung in ladder.rungs}
    TierWarning.objects.bulk_create(
        TierWarning(member_id=event.member_id, tier_id=places[event.tier], ends_at=event.ends_at, days=event.days)
        for event in events
    )
    publish_many(events)
    return len(events)


def _told(ladder: Ladder, members: Sequence[int], at: datetime) -> set[tuple[Any, ...]]:
    """Who was told of which rung and step with an end that is still to come."""
    rungs = [rung.id for rung in ladder.rungs]
    known = TierWarning.objects.filter(member__in=members, tier__in=rungs, ends_at__gt=at)
    return set(known.values_list("member_id", "tier_id", "days"))


def _step(ladder: Ladder, ends_at: datetime, at: datetime, zone: str) -> int:
    """The nearest step of the warning that has come; 0: none has."""
    today = local_day(at, zone)
    return min((days for days in ladder.warn_days if ends_at <= end_of_day(today + days * DAY, zone)), default=0)


def _event(program: Program, ending: Ending, days: int) -> TierEnding:
    ladder, held = ending.look.ladder, ending.look.held
    then = ladder.rung_at(ending.then)
    return TierEnding(
        program.pk, ending.look.member_id, ladder.code, ladder.rungs[held.place].code, then.code if then else "",
        ending.at, days, ending.missing,
    )  # fmt: skip


def _endings(program: Program, ladder: Ladder, members: Mapping[int, datetime], at: datetime) -> Iterator[Ending]:
    """The members who fall when their promise ends, were nothing more to come; three statements, more by halving."""
    looks = {each.member_id: each for each in look_at([ladder], members, at=at, zone=program.time_zone)}
    ends = {key: end for key, look in looks.items() if (end := end_of(ladder, look.held, look.moment))}
    ends |= _first_days(ladder, {key: each for key, each in looks.items() if falls_day_by_day(ladder, each.held)})
    then = _ahead(ladder, looks, ends)
    last = _ahead(ladder, looks, {key: end - INSTANT for key, end in ends.items()})
    for key, end in ends.items():
        place = judge(ladder, looks[key].held, then[key].counts, then[key].moment).place
        if place < looks[key].held.place:
            yield Ending(looks[key], end, place, _missing(ladder, looks[key], then[key], last[key]))


def _first_days(ladder: Ladder, looks: Mapping[int, Look]) -> dict[int, datetime]:
    """For those whom only a sliding count bears: the first day on which it does not, found by halving."""
    longest = max(ladder.warn_days) + 1
    spans = dict.fromkeys(_falling(ladder, looks, dict.fromkeys(looks, longest)), (1, longest))
    while middles := {key: (low + high) // 2 for key, (low, high) in spans.items() if low < high}:
        falling = _falling(ladder, looks, middles)
        for key, middle in middles.items():
            spans[key] = (spans[key][0], middle) if key in falling else (middle + 1, spans[key][1])
    return {key: _day(looks[key], low) for key, (low, _high) in spans.items()}


def _falling(ladder: Ladder, looks: Mapping[int, Look], days: Mapping[int, int]) -> set[int]:
    """Who would have fallen so many days from now."""
    ahead = _ahead(ladder, looks, {key: _day(looks[key], count) for key, count in days.items()})
    return {
        key
        for key, each in ahead.items()
        if judge(ladder, looks[key].held, each.counts, each.moment).place < looks[key].held.place
    }


def _day(look: Look, days: int) -> datetime:
    """The beginning of the day so many days from today."""
    return look.moment.start(look.moment.today + days * DAY)


def _ahead(ladder: Ladder, looks: Mapping[int, Look], ends: Mapping[int, datetime]) -> dict[int, Look]:
    moments = {key: replace(looks[key].moment, at=end) for key, end in ends.items()}
    return {each.member_id: each for each in look_in([ladder], moments)} if moments else {}


def _missing(ladder: Ladder, look: Look, then: Look, last: Look) -> Decimal:
    """What must come before the end; 0 where a new window begins there, which nothing done before can fill."""
    threshold = ladder.rungs[look.held.place].threshold
    if ladder.downgrade == "at_once":
        if ladder.counts_in in YEARS and window_of(ladder, then.moment) != window_of(ladder, last.moment):
            return NIL
        return max(threshold - (then if slides(ladder) else last).counts.now, NIL)
    return max(threshold - last.counts.now, NIL)
