"""A program's history under another configuration: what was given when it happened, and what the other one gives."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from loyalty.programs.queries.configuration import Configuration
from loyalty.programs.queries.histories import (
    ByHand,
    CameBack,
    Cancelled,
    Gone,
    Happened,
    Moved,
    attributes_of,
    buyers_before,
    cancelled_in,
    gone_in,
    history_of,
    lists_of,
    returned_in,
)
from loyalty.programs.services.replay_run import ONE, Run, begins_at

TOLD_EVERY = 500
type Points = Mapping[str, int]


@dataclass(slots=True)
class Replay:
    """Points by wallet code, less what returns took back: what was given (`before`), what these rules give (`after`).

    `members` has both by wallet code, of each member; `smaller` are the points that smaller
    baskets would earn. `tiers` are the codes of the rungs of the first ladder on which members end, by member.
    """

    activities: int = 0
    returns: int = 0
    before: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    after: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    smaller: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    months: dict[tuple[int, int], list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    members: dict[int, dict[str, list[int]]] = field(default_factory=lambda: defaultdict(dict))
    tiers: dict[int, str] = field(default_factory=dict)
    others: int = 0  # activities that earn otherwise than they did
    trimmed: int = 0  # activities of which limits took something
    refused: int = 0  # activities that would earn more than a wallet can hold


def replay(
    configuration: Configuration,
    *,
    since: datetime,
    until: datetime,
    smaller: Decimal | None = None,
    as_it_was: bool = False,
    progress: Callable[[int], None] = lambda _done: None,
) -> Replay:
    """Everything from `since` up to `until`; `smaller`: also as if every amount had been so many times as large.

    `as_it_was`: with the lists and attributes that members had then, not with those of now.
    """
    runs = list(_runs(configuration, since, until, smaller, as_it_was))
    program, begin = configuration.program, begins_at(configuration, since)
    found, done = Replay(), 0
    is_held = bool(configuration.ladders) or configuration.needs.balances
    for act in history_of(program.pk, begin, until, by_hand=is_held, household=configuration.needs.household):
        if isinstance(act, ByHand | Moved):
            for run in runs:
                run.move(act) if isinstance(act, Moved) else run.put(act)
        elif isinstance(act, Gone):
            for run in runs:
                run.end(act)
        elif isinstance(act, Cancelled):
            gone = [run.cancel(act) for run in runs]
            if act.at >= since and gone[0] is not None:
                _take(found, act, {act.wallet: -act.points}, [points or {} for points in gone])
        elif isinstance(act, CameBack):
            taken = [run.take_back(act) for run in runs]
            if act.at >= since:
                _count_return(found, act, taken)
        else:
            earned = [run.earn(act) for run in runs]
            if act.at >= since:
                _count(found, act, earned)
            done += 1
            if done % TOLD_EVERY == 0:
                progress(done)
    return _ended(found, runs[0], configuration)


def _runs(
    configuration: Configuration, since: datetime, until: datetime, smaller: Decimal | None, as_it_was: bool
) -> Iterator[Run]:
    program_id, begin = configuration.program.pk, begins_at(configuration, since)
    known: dict[str, Any] = {
        "returned": returned_in(program_id, begin, until) | gone_in(program_id, begin, until),
        "cancelled": cancelled_in(program_id, begin, until),
        "bought": buyers_before(program_id, begin) if configuration.needs.first else frozenset(),
        "lists": lists_of(program_id, as_it_was=as_it_was) if configuration.needs.lists else {},
        "attributes": attributes_of(program_id) if as_it_was and "member_attribute" in configuration.subjects else {},
    }
    for scale in (ONE, smaller):
        if scale is not None:
            yield Run(configuration, scale=scale, **known)


def _count(found: Replay, act: Happened, earned: list[dict[str, int]]) -> None:
    given = {award["wallet"]: award["points"] for award in act.awards}
    found.activities += 1
    found.others += given != earned[0]
    _add(found, act.member_id, act.at, given, earned[0])
    for code, points in (earned[1] if len(earned) > 1 else {}).items():
        found.smaller[code] += points


def _count_return(found: Replay, act: CameBack, taken: list[dict[str, int]]) -> None:
    given = {claw["wallet"]: -claw["taken"] for claw in act.clawbacks}
    found.returns += 1
    _take(found, act, given, taken)


def _take(found: Replay, act: CameBack | Cancelled, given: Points, taken: list[dict[str, int]]) -> None:
    _add(found, act.member_id, act.at, given, {code: -points for code, points in taken[0].items()})
    for code, points in (taken[1] if len(taken) > 1 else {}).items():
        found.smaller[code] -= points


def _add(found: Replay, member_id: int, at: datetime, given: Points, tried: Points) -> None:
    month, own = found.months[at.year, at.month], found.members[member_id]
    for place, (points, total) in enumerate(((given, found.before), (tried, found.after))):
        for code, some in points.items():
            total[code] += some
            month[place] += some
            if code not in own:
                own[code] = [0, 0]
            own[code][place] += some


def _ended(found: Replay, run: Run, configuration: Configuration) -> Replay:
    found.trimmed, found.refused = run.trimmed, run.refused
    for ladder in configuration.ladders[:1]:
        for pk, person in run.people.items():
            rung = ladder.rung_at(person.place_on(ladder))
            found.tiers[pk] = rung.code if rung else ""
    return found
