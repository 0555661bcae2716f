"""What a replay remembers: of each member what rules, caps and ladders may ask for later, and the counters of caps."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from loyalty.programs.queries.configuration import Configuration
from loyalty.programs.queries.histories import Places
from loyalty.programs.rules.capping import UNUSED, Place, Use, Used
from loyalty.programs.rules.standing import HeldTier, Recent, Standing, window_start
from loyalty.programs.rules.tiers import (
    Counts,
    Held,
    Ladder,
    Moment,
    Span,
    Spans,
    at_first,
    falls_day_by_day,
    judge,
    spans_of,
)
from loyalty.programs.services.uses import Counters

NIL = Decimal(0)
MOST_REVIEWS = 60  # of one ladder between two activities of a member


@dataclass(slots=True)
class Bought:
    """A purchase: when, for how much, what came back of it when, and since when it counts for nothing."""

    at: datetime
    total: Decimal
    back: list[tuple[datetime, Decimal]] = field(default_factory=list)
    gone: datetime | None = None

    def left(self, until: datetime | None = None) -> Decimal:
        """What was kept of it, as of `until`."""
        if not _counts(self.gone, until):
            return NIL
        if not self.back:
            return self.total
        return self.total - sum(amount for at, amount in self.back if until is None or at < until)

    def is_kept(self, until: datetime | None = None) -> bool:
        left = self.left(until)
        return _counts(self.gone, until) and (left > 0 or left == self.total)


@dataclass(slots=True)
class Done:
    """Anything else: when, what, and since when it counts for nothing."""

    at: datetime
    type: str
    gone: datetime | None = None


@dataclass(slots=True)
class Person:
    """A member in a replay. `kept` purchases have not come back whole; `earned` is [instant, wallet, points]."""

    joined_at: datetime
    birth_date: date | None = None
    lists: Places = ()
    kept: int = 0
    bought: list[Bought] = field(default_factory=list)
    done: list[Done] = field(default_factory=list)
    earned: list[list[Any]] = field(default_factory=list)
    balances: dict[int, int] = field(default_factory=dict)
    held: dict[int, Held] = field(default_factory=dict)

    def standing(
        self, configuration: Configuration, at: datetime, household: int | None, learned_at: datetime
    ) -> Standing:
        """What the rules ask for, at the instant of an activity that was learned of at `learned_at`."""
        needs, zone = configuration.needs, configuration.program.time_zone
        earlier = [each for each in self.bought if each.at < at] if needs.windows or needs.last_purchase else []
        return Standing(
            tiers=tuple(self.tiers(configuration.ladders)),
            lists=tuple(name for since, name in self.lists if since is None or since <= learned_at),
            joined_at=self.joined_at,
            birth_date=self.birth_date,
            last_purchase_at=max((each.at for each in earlier if _counts(each.gone, at)), default=None),
            windows={days: _recent(earlier, window_start(at, days, zone), at) for days in needs.windows},
            done={asked: self._times(*asked, at, zone) for asked in needs.done},
            balances={wallet: max(points, 0) for wallet, points in self.balances.items()},
            household=household,
        )

    def _times(self, type: str, days: int, at: datetime, zone: str) -> int:
        since = window_start(at, days, zone)
        return sum(each.type == type and since <= each.at < at and _counts(each.gone, at) for each in self.done)

    def tiers(self, ladders: Sequence[Ladder]) -> Iterable[HeldTier]:
        for ladder in ladders:
            rung = ladder.rung_at(self.place_on(ladder))
            if rung is not None:
                yield HeldTier(ladder.code, rung.code, rung.name)

    def place_on(self, ladder: Ladder) -> int:
        return self.held[ladder.id].place if ladder.id in self.held else ladder.base

    def credit(self, at: datetime, wallet: int, points: int) -> list[Any]:
        """Points that came; what is handed back can shrink later."""
        entry = [at, wallet, points]
        self.earned.append(entry)
        self.balances[wallet] = self.balances.get(wallet, 0) + points
        return entry

    def follow(self, configuration: Configuration, at: datetime, *, returned: bool = False) -> None:
        """Rise, or fall where that is due, after something was counted."""
        for ladder in configuration.ladders:
            self._judge(ladder, Moment(at, configuration.program.time_zone, self.joined_at), returned=returned)

    def put(self, ladder: Ladder, held: Held, moment: Moment, *, counts: bool) -> None:
        """By hand; with `counts` what is counted decides at once, else only where it does not reach higher."""
        counted = ladder.place_for(self._counts(ladder, spans_of(ladder, moment)).now)
        self.held[ladder.id] = held
        if counts or held.place >= counted:
            self._judge(ladder, moment)

    def pass_time(self, configuration: Configuration, at: datetime) -> None:
        """What the nightly job did until now: a look at the instants at which time may move somebody."""
        for ladder in configuration.ladders:
            for _look in range(MOST_REVIEWS):
                held = self.held.get(ladder.id)
                if held is None or held.review_at is None or held.review_at > at:
                    break
                due = at if falls_day_by_day(ladder, held) else held.review_at
                self._judge(ladder, Moment(due, configuration.program.time_zone, self.joined_at))

    def _judge(self, ladder: Ladder, moment: Moment, *, returned: bool = False) -> None:
        counts = self._counts(ladder, spans_of(ladder, moment, returned=returned))
        held = self.held.get(ladder.id) or at_first(ladder)
        self.held[ladder.id] = judge(ladder, held, counts, moment, returned=returned)

    def _counts(self, ladder: Ladder, spans: Spans) -> Counts:
        return Counts(self._count(ladder, spans.now), self._count(ladder, spans.before) if spans.before else NIL)

    def _count(self, ladder: Ladder, span: Span) -> Decimal:
        """What `programs_tier_measure` counts."""
        match ladder.measure:
            case "points":
                earned = (points for at, wallet, points in self.earned if wallet == ladder.wallet and _in(span, at))
                return Decimal(sum(earned))
            case "balance":
                return Decimal(self.balances.get(ladder.wallet or 0, 0))
            case "activities":
                types = ladder.types
                done = (each for each in self.done if each.gone is None and (not types or each.type in types))
                return Decimal(sum(_in(span, each.at) for each in done))
            case "spend":
                return sum((each.left() for each in self.bought if _in(span, each.at)), NIL)
            case _:
                return Decimal(sum(each.is_kept() for each in self.bought if _in(span, each.at)))


def _counts(gone: datetime | None, until: datetime | None) -> bool:
    """Whether what came to nothing at `gone` counts, as of `until`."""
    return gone is None or (until is not None and gone >= until)


def _in(span: Span, at: datetime) -> bool:
    return (span.since is None or at >= span.since) and (span.until is None or at < span.until)


def _recent(earlier: Iterable[Bought], since: datetime, until: datetime) -> Recent:
    found = [each for each in earlier if each.at >= since]
    return Recent(sum(each.is_kept(until) for each in found), sum((each.left(until) for each in found), NIL))


class Memory(Counters):
    """Counters of caps that are known to a replay alone."""

    def look(self, places: Iterable[Place]) -> Mapping[Place, Used]:
        for place in places:
            self._known.setdefault(place, UNUSED)
        return self._known

    def give_back(self, uses: Iterable[Use], *, points: int, whole: int, is_all: bool) -> None:
        """As `give_back_uses` does in the database."""
        for use in uses:
            used = self._known.get(use.place, UNUSED)
            self._known[use.place] = Used(
                used.times - use.times * is_all, used.points - use.points * points // whole,
                used.money - (use.money * points / whole).quantize(Decimal("0.0001")), used.recent,
            )  # fmt: skip
