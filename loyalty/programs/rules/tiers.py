"""Ladders: in which window they count, which rung a count reaches, when one falls, and what is missing.

A ladder counts over a window on `event_at`. How one falls:

- never: a rung that was reached stays.
- window_end: whoever reaches a rung in a year keeps it until the end of the next one, and is then judged by that one.
  In a rolling window it lasts as many months again after the day on which the count last sufficed.
- at_once: as soon as the count falls below the threshold.

A grace keeps a rung for some days or months from the day on which it was reached. What came back does not count, and
neither does a promise that was built on it: after a return what is left decides. A floor by hand holds until its
instant, a lock holds everything. All instants are aware UTC, intervals half-open.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from loyalty.programs.rules.days import Zone, add_months, end_of_day, end_of_period, local_day, start_of_day
from loyalty.programs.rules.invalid import InvalidSetting, ensure_choice

MEASURES = ("points", "balance", "spend", "purchases", "activities")
WINDOWS = ("calendar_year", "anniversary", "rolling", "lifetime")
DOWNGRADES = ("never", "window_end", "at_once")
GRACE_UNITS = ("days", "months")
YEARS = ("calendar_year", "anniversary")
BELOW = -1  # the place of whoever stands on no rung
DAY = timedelta(days=1)
NIL = Decimal(0)


@dataclass(frozen=True, slots=True)
class Rung:
    """One tier and what it brings; `id` is the database's."""

    id: int
    code: str
    name: str
    threshold: Decimal
    color: str = ""
    multiplier: Decimal = Decimal(1)
    discount_percent: Decimal = NIL
    expiry_extra_months: int = 0
    early_access_hours: int = 0
    perks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ladder:
    """A tier set, its rungs from the lowest threshold up; raises InvalidSetting on nonsense.

    `wallet` is the id of the wallet that is counted, where points or a balance are. A balance knows no window.
    """

    id: int
    code: str
    name: str
    rungs: tuple[Rung, ...]
    measure: str = "points"
    wallet: int | None = None
    types: tuple[str, ...] = ()
    window: str = "calendar_year"
    months: int = 12
    downgrade: str = "window_end"
    one_step_down: bool = False
    grace_count: int = 0
    grace_unit: str = "days"
    grace_to_month_end: bool = False
    warn_days: tuple[int, ...] = ()
    _places: Mapping[int, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        ensure_choice("measure", self.measure, MEASURES)
        ensure_choice("window", self.window, WINDOWS)
        ensure_choice("downgrade", self.downgrade, DOWNGRADES)
        ensure_choice("grace_unit", self.grace_unit, GRACE_UNITS)
        if self.measure in ("points", "balance") and self.wallet is None:
            raise InvalidSetting("wallet", "required")
        rungs = tuple(sorted(self.rungs, key=lambda rung: rung.threshold))
        object.__setattr__(self, "rungs", rungs)
        object.__setattr__(self, "_places", {rung.id: place for place, rung in enumerate(rungs)})

    @property
    def counts_in(self) -> str:
        """The window that holds: a balance is what it is now."""
        return "lifetime" if self.measure == "balance" else self.window

    @property
    def base(self) -> int:
        """The place of whoever has done nothing yet."""
        return self.place_for(NIL)

    def place_for(self, count: Decimal) -> int:
        """The place of the highest rung that `count` reaches, exactly its threshold being enough; or BELOW."""
        return sum(1 for rung in self.rungs if rung.threshold <= count) - 1

    def place_of(self, tier_id: int | None) -> int:
        """The place of a rung by its id; BELOW for none, or one of another ladder."""
        return self._places.get(tier_id, BELOW) if tier_id is not None else BELOW

    def rung_at(self, place: int) -> Rung | None:
        return self.rungs[place] if 0 <= place < len(self.rungs) else None


@dataclass(frozen=True, slots=True)
class Moved:
    """A member went from one rung to another; None: below the lowest."""

    ladder: Ladder
    before: Rung | None
    after: Rung | None

    @property
    def is_fall(self) -> bool:
        places = [self.ladder.place_of(rung.id if rung else None) for rung in (self.before, self.after)]
        return places[1] < places[0]

    @property
    def before_code(self) -> str | None:
        return self.before.code if self.before else None

    @property
    def before_name(self) -> str | None:
        return self.before.name if self.before else None

    @property
    def after_code(self) -> str | None:
        return self.after.code if self.after else None

    @property
    def after_name(self) -> str | None:
        return self.after.name if self.after else None


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open interval of instants; None is without end on that side."""

    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Spans:
    """What is to be counted: `now` is the window in force; `before` what may keep a rung all the same, if anything."""

    now: Span
    before: Span | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """What was counted in the two."""

    now: Decimal
    before: Decimal = NIL


@dataclass(frozen=True, slots=True)
class Held:
    """Where a member stands. `place` is that of a rung in its ladder, or BELOW; `floor` likewise.

    `keeps_until` is what was promised: not lower before then. At `review_at` time may move them; None: it never will.
    """

    place: int
    since: datetime | None = None
    keeps_until: datetime | None = None
    floor: int = BELOW
    floor_until: datetime | None = None
    is_locked: bool = False
    review_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """When and where one judges: the instant, the program's zone, and the day on which the member joined."""

    at: datetime
    zone: Zone
    joined_at: datetime

    @property
    def today(self) -> date:
        return local_day(self.at, self.zone)

    def start(self, day: date) -> datetime:
        return start_of_day(day, self.zone)


def window_of(ladder: Ladder, moment: Moment, years: int = 0) -> Span:
    """The window in force, or the one so many `years` later (earlier, if negative) of a ladder that counts in years."""
    match ladder.counts_in:
        case "calendar_year":
            first = date(moment.today.year + years, 1, 1)
            return Span(moment.start(first), moment.start(add_months(first, 12)))
        case "anniversary":
            first, joined = moment.today, local_day(moment.joined_at, moment.zone)
            count = max(first.year - joined.year, 0)
            count -= count > 0 and add_months(joined, 12 * count) > first
            since, until = (add_months(joined, 12 * (count + years + more)) for more in (0, 1))
            return Span(moment.start(since), moment.start(until))
        case "rolling":
            return Span(moment.start(add_months(moment.today, -ladder.months)))
        case _:
            return Span()


def spans_of(ladder: Ladder, moment: Moment, *, returned: bool = False) -> Spans:
    """What must be counted to judge a member at that moment; after a return also what could still bear a promise."""
    now = window_of(ladder, moment)
    if ladder.counts_in == "lifetime" or ladder.downgrade == "at_once":
        return Spans(now)
    if returned and ladder.downgrade == "never":
        return Spans(now, Span())
    if ladder.counts_in in YEARS:
        return Spans(now, window_of(ladder, moment, -1))
    return Spans(now, Span(moment.start(add_months(moment.today, -2 * ladder.months)))) if returned else Spans(now)


def grace_end(ladder: Ladder, reached_at: datetime, zone: Zone) -> datetime | None:
    """Until when a rung reached at that instant is kept whatever happens; None without a grace.

    A month from 20 July ends when 19 August does; rounded, when August does.
    """
    if not ladder.grace_count and not ladder.grace_to_month_end:
        return None
    first = local_day(reached_at, zone)
    over = first + ladder.grace_count * DAY
    if ladder.grace_unit == "months":
        over = add_months(first, ladder.grace_count)
    last = max(over - DAY, first)
    return end_of_day(end_of_period(last, "month" if ladder.grace_to_month_end else "none"), zone)


def at_first(ladder: Ladder) -> Held:
    """Where a member stands of whom nothing is written down."""
    return Held(ladder.base)


def judge(ladder: Ladder, held: Held, counts: Counts, moment: Moment, *, returned: bool = False) -> Held:
    """Where the member stands from now on; the same as `held` where nothing changes."""
    if held.is_locked:
        return replace(held, review_at=None)
    floor = held.floor if held.floor_until is None or moment.at < held.floor_until else BELOW
    held = held if floor == held.floor else replace(held, floor=BELOW, floor_until=None)
    place = max(_place_for(ladder, held, counts, moment, returned), floor)
    moved = held if place == held.place else replace(held, place=place, since=moment.at, keeps_until=None)
    moved = replace(moved, keeps_until=_promise(ladder, held, moved, counts, moment))
    return replace(moved, review_at=_review_at(ladder, moved, counts, moment))


def _place_for(ladder: Ladder, held: Held, counts: Counts, moment: Moment, returned: bool) -> int:
    now, before = ladder.place_for(counts.now), ladder.place_for(counts.before)
    if ladder.counts_in not in YEARS or (returned and ladder.downgrade == "never"):
        before = min(before, held.place)  # such a span is wider than a window: it bears what there is, nothing more
    deserved = max(now, before)
    if deserved >= held.place or returned:
        return deserved
    if ladder.downgrade == "never" or (held.keeps_until and moment.at < held.keeps_until):
        return held.place
    return held.place - 1 if ladder.one_step_down else deserved


def _promise(ladder: Ladder, held: Held, moved: Held, counts: Counts, moment: Moment) -> datetime | None:
    """Until when the member keeps the rung at least."""
    if moved.place <= ladder.base or ladder.downgrade == "never":
        return None
    ends = [moved.keeps_until, _kept_until(ladder, held, moved, counts, moment)]
    if moved.place > held.place:
        ends.append(grace_end(ladder, moment.at, moment.zone))
    return max((end for end in ends if end and end > moment.at), default=None)


def _kept_until(ladder: Ladder, held: Held, moved: Held, counts: Counts, moment: Moment) -> datetime | None:
    """Until when the counts keep the rung; one that was only stepped down to lasts until the next look."""
    stepped = moved.place < held.place and ladder.place_for(max(counts.now, counts.before)) < moved.place
    if ladder.downgrade == "at_once":
        grace = grace_end(ladder, moment.at, moment.zone) or end_of_day(moment.today, moment.zone)
        return grace if stepped else None
    suffices = ladder.place_for(counts.now) >= moved.place
    match ladder.counts_in:
        case "rolling":
            months = add_months(moment.today, ladder.months)
            return end_of_day(months, moment.zone) if suffices or stepped else None
        case "lifetime":
            return end_of_day(moment.today, moment.zone) if stepped else None
    if suffices:
        return window_of(ladder, moment, 1).until
    if stepped or ladder.place_for(counts.before) >= moved.place:
        return window_of(ladder, moment).until
    return None


def _review_at(ladder: Ladder, held: Held, counts: Counts, moment: Moment) -> datetime | None:
    looks = [held.floor_until]
    if held.place > ladder.base and ladder.downgrade != "never":
        looks.append(held.keeps_until or _next_fall(ladder, moment))
    return min((look for look in looks if look and look > moment.at), default=None)


def _next_fall(ladder: Ladder, moment: Moment) -> datetime | None:
    """When the count may fall by itself: with the window, or with the next day that leaves it."""
    if ladder.downgrade == "window_end" or ladder.counts_in in YEARS:
        return window_of(ladder, moment).until
    if ladder.counts_in == "rolling" or ladder.measure == "balance":
        return end_of_day(moment.today, moment.zone)
    return None


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a member reads: the rung held and the next one, what is counted, what is missing, by when.

    `missing` is None on the highest rung. `by` ends the window that counts towards the next rung (exclusive; None: no
    end). `to_keep` is what must still come by `keep_by` to keep the rung beyond `keeps_until`; 0 when nothing must.
    """

    rung: Rung | None
    next: Rung | None
    count: Decimal
    missing: Decimal | None
    by: datetime | None
    keeps_until: datetime | None
    to_keep: Decimal = NIL
    keep_by: datetime | None = None
    share: int = 100


def slides(ladder: Ladder) -> bool:
    """Whether days leave the window one by one, so that a count shrinks while nothing is done."""
    return ladder.counts_in == "rolling"


def falls_day_by_day(ladder: Ladder, held: Held) -> bool:
    """Whether nothing but the sliding count bears the rung: on which day it falls, only counting can tell."""
    return slides(ladder) and ladder.downgrade == "at_once" and held.keeps_until is None


def end_of(ladder: Ladder, held: Held, moment: Moment) -> datetime | None:
    """The instant at which time may take the rung; None: never, or on a day that only counting can tell."""
    if held.place <= ladder.base or ladder.downgrade == "never" or held.is_locked:
        return None
    if held.floor < held.place:
        return held.keeps_until or window_of(ladder, moment).until
    return max(held.keeps_until or held.floor_until, held.floor_until) if held.floor_until else None


def outlook(ladder: Ladder, held: Held, counts: Counts, moment: Moment, *, lasting: Decimal | None = None) -> Outlook:
    """Where the member stands, what comes next, and what keeps the rung.

    `lasting`: how much of today's count will still count when the promise ends; all of it, if left out.
    """
    rung, following = ladder.rung_at(held.place), ladder.rung_at(held.place + 1)
    window = window_of(ladder, moment)
    missing = max(following.threshold - counts.now, NIL) if following else None
    to_keep, keep_by = _to_keep(ladder, held, counts.now if lasting is None else lasting, moment)
    return Outlook(
        rung, following, counts.now, missing, window.until, held.keeps_until, to_keep, keep_by,
        _share(counts.now, following),
    )  # fmt: skip


def _to_keep(ladder: Ladder, held: Held, count: Decimal, moment: Moment) -> tuple[Decimal, datetime | None]:
    """How much must come until when, once the promise runs out with this window or the rung hangs on the count."""
    rung, end, window = ladder.rung_at(held.place), end_of(ladder, held, moment), window_of(ladder, moment)
    if rung is None or end is None or (window.until and end > window.until):
        return NIL, None  # nothing takes it; or the next window decides, and it has not begun
    return max(rung.threshold - count, NIL), end


def _share(count: Decimal, following: Rung | None) -> int:
    """How full the bar is, in whole per cent; full only when it is."""
    if following is None or not following.threshold:
        return 100
    return max(0, min(99, int(count * 100 / following.threshold)))
