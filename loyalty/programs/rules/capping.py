"""Caps and budgets: how much of what an activity earned is really given, and what then counts as used.

A cap stands on one rule, on the rules of a campaign, on a type of activity or on everything. It is kept apart for each
member, household, payment card, store, or for the whole program, in periods of the program's zone on the instant at
which something happened. A cap of points or times counts each wallet by itself unless it names one; money (points times
the wallet's value of one unit) is counted over all of them together.

Order within a wallet: caps on rules, then those of campaigns, then those of types of activity and of the whole
program, then what a member may hold. Of several on the same thing the tightest decides, and it alone is told. When a
rule gets less, multipliers raise what is left: they shrink in proportion. What is trimmed from a whole is spread over
its parts in proportion, so that every cap counts what was really given. Activities count only when they earned.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from typing import Any, NamedTuple

from loyalty.programs.rules.days import Zone, start_of_day, zone_of
from loyalty.programs.rules.explanation import Award, Evaluation, RuleId, Step, WalletId
from loyalty.programs.rules.invalid import InvalidSetting, ensure_choice

SCOPES = ("member", "household", "card", "store", "program")
PERIODS = ("transaction", "hour", "day", "week", "month", "year", "ever", "cooldown")
MEASURES = ("times", "points", "money")
MODES = ("trim", "reject")
EVER = datetime(1900, 1, 1, tzinfo=UTC)  # where periods without a beginning begin
NIL = Decimal(0)
REMEMBERED = 50  # so many instants a counter of pauses keeps, as programs_take_uses does
RULES, CAMPAIGNS, WHOLE = range(3)


class Place(NamedTuple):
    """One counter: of which cap, for whom, from which instant on."""

    cap: int
    scope: str
    start: datetime


class Used(NamedTuple):
    """What a counter holds; `recent` are the latest instants at which a cap with a pause counted, the newest last."""

    times: int = 0
    points: int = 0
    money: Decimal = NIL
    recent: tuple[datetime, ...] = ()


UNUSED = Used()


class Use(NamedTuple):
    """What one activity counts on one counter, and of which wallet it came; `pauses`: a pause follows it."""

    place: Place
    wallet: WalletId
    times: int
    points: int
    money: Decimal
    pauses: bool = False


@dataclass(frozen=True, slots=True)
class Whom:
    """Whose counters an activity moves. `card` is the token of a payment card; empty texts: not known."""

    member: int
    household: int | None = None
    card: str = ""
    store: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """One cap; raises InvalidSetting on nonsense.

    `rules`: those whose points it limits, None for all. `level` says what it stands on: RULES, CAMPAIGNS or WHOLE.
    `most` is a number of times, of points, or money in the program's currency; of a cooldown `minutes` count alone.
    """

    id: int
    name: str = ""
    level: int = WHOLE
    rules: frozenset[RuleId] | None = None
    activity_type: str = ""
    wallet: WalletId | None = None
    scope: str = "member"
    period: str = "day"
    minutes: int = 0
    measure: str = "points"
    most: Decimal = NIL
    mode: str = "trim"

    def __post_init__(self) -> None:
        ensure_choice("scope", self.scope, SCOPES)
        ensure_choice("period", self.period, PERIODS)
        ensure_choice("measure", self.measure, MEASURES)
        ensure_choice("mode", self.mode, MODES)
        if self.most < 0:
            raise InvalidSetting("limit", "negative")
        if self.period == "cooldown" and self.minutes < 1:
            raise InvalidSetting("minutes", "not-positive")

    def concerns(self, activity_type: str, wallet: WalletId) -> bool:
        return self.activity_type in ("", activity_type) and self.wallet in (None, wallet)

    def place(self, setting: "Setting", wallet: WalletId) -> Place | None:
        """Its counter for an activity; None where nobody is known whom it could be kept for."""
        scope = _scope(self.scope, setting.whom)
        if not scope:
            return None
        is_shared = self.wallet is not None or self.measure == "money"
        return Place(self.id, scope if is_shared else f"{scope}/{wallet}", setting.start(self.period))

    def allowed(self, points: int, used: Used, at: datetime, value: Decimal) -> int:
        """How many of `points` may be given; `value` is the money value of one."""
        if self.period == "cooldown":
            return 0 if self._is_pause(used.recent, at) else points
        if self.measure == "times":
            return points if used.times + 1 <= self.most else 0
        left = self._left(used, value)
        if left is None or points <= left:
            return points
        return left if self.mode == "trim" else 0

    def _is_pause(self, recent: Sequence[datetime], at: datetime) -> bool:
        """Activities come late and in any order, so all that were counted are asked; what is older than them is not."""
        is_forgotten = len(recent) >= REMEMBERED and at < recent[0]
        return is_forgotten or any(abs(at - each) < timedelta(minutes=self.minutes) for each in recent)

    def _left(self, used: Used, value: Decimal) -> int | None:
        if self.measure == "points":
            return max(int(self.most) - used.points, 0)
        return max(int((self.most - used.money) // value), 0) if value > 0 else None

    def told(self) -> dict[str, Any]:
        """What its words need, in plain values."""
        told = {"cap": self.id, "scope": self.scope, "period": self.period, "measure": self.measure}
        return told | {"minutes": self.minutes, "most": f"{self.most:f}", "activity": self.activity_type}


@dataclass(frozen=True, slots=True)
class Capped:
    """What is given in the end, with a step for everything that a cap took away, and what it uses up."""

    evaluation: Evaluation
    uses: tuple[Use, ...] = ()


@dataclass(frozen=True, slots=True)
class Setting:
    """What caps look at beside the points: whose activity it was and when, and what wallets allow.

    `values` is the money value of one unit by wallet, `rooms` how many points a member can still hold in a wallet.
    """

    activity_type: str
    whom: Whom
    at: datetime
    zone: Zone
    values: Mapping[int, Decimal]
    rooms: Mapping[int, int]
    _starts: dict[str, datetime] = field(default_factory=dict)

    def start(self, period: str) -> datetime:
        """As `period_start`, worked out once for all caps."""
        if period not in self._starts:
            self._starts[period] = period_start(period, self.at, self.zone)
        return self._starts[period]


def places_of(caps: Iterable[Cap], evaluation: Evaluation, setting: Setting) -> list[Place]:
    """The stored counters that decide about this evaluation, in the order in which they are locked."""
    found = {
        place
        for award in evaluation.awards
        for cap in caps
        if cap.period != "transaction" and _limits(cap, award, setting)
        and (place := cap.place(setting, award.wallet))
    }  # fmt: skip
    return sorted(found)


def cap_awards(caps: Sequence[Cap], evaluation: Evaluation, setting: Setting, used: Mapping[Place, Used]) -> Capped:
    """The evaluation as far as caps allow; `used` are the counters of `places_of` as they stand."""
    counters = dict(used)
    awards: list[Award] = []
    uses: list[Use] = []
    cuts: list[Step] = []
    for award in evaluation.awards:
        parts = _Parts(award, evaluation, setting, counters)
        parts.cap([cap for cap in caps if _limits(cap, award, setting)])
        cuts += parts.cuts
        uses += parts.used()
        if points := parts.total:
            awards.append(_shrunk(award, points))
    if not cuts:
        return Capped(evaluation, tuple(uses))
    return Capped(Evaluation(tuple(awards), evaluation.explanation + tuple(cuts)), tuple(uses))


def grown(used: Used, use: Use, at: datetime) -> Used:
    """A counter after this was counted."""
    recent = tuple(sorted((*used.recent, at))[-REMEMBERED:]) if use.pauses else used.recent
    return Used(used.times + use.times, used.points + use.points, used.money + use.money, recent)


class _Parts:
    """The points of one wallet, step by step, on their way through the caps."""

    def __init__(self, award: Award, evaluation: Evaluation, setting: Setting, counters: dict[Place, Used]) -> None:
        steps = [step for step in evaluation.explanation if step.wallet == award.wallet and step.points]
        self.rules = [step.rule_id for step in steps]
        self.names = {step.rule_id: step.rule_name for step in steps}
        self.raises = [step.code == "multiplier" for step in steps]
        self.points = [step.points for step in steps]
        self.cuts: list[Step] = []
        self._wallet = award.wallet
        self._setting = setting
        self._counters = counters
        self._value = setting.values.get(int(award.wallet), NIL)
        self._caps: list[Cap] = []

    @property
    def total(self) -> int:
        return sum(self.points)

    def cap(self, caps: Sequence[Cap]) -> None:
        self._caps = list(caps)
        for level in (RULES, CAMPAIGNS, WHOLE):
            groups: dict[frozenset[RuleId] | None, list[Cap]] = {}
            for cap in caps:
                if cap.level == level:
                    groups.setdefault(cap.rules, []).append(cap)
            for some in groups.values():
                self._cap_group(some)
        room = self._setting.rooms.get(int(self._wallet))
        if room is not None and self.total > room:
            params = {"left": max(room, 0), "was": self.total}
            self._cut("balance", "", "balance-full", params, range(len(self.points)), max(room, 0))

    def used(self) -> list[Use]:
        """What every cap counts of what is left; remembered for the wallets that follow."""
        made = []
        for cap in self._caps:
            place = cap.place(self._setting, self._wallet)
            points = sum(self.points[index] for index in self._reach(cap))
            if place is None or points <= 0:
                continue
            use = Use(place, self._wallet, 1, points, points * self._value, cap.period == "cooldown")
            self._counters[place] = grown(self._counters.get(place, UNUSED), use, self._setting.at)
            if cap.period != "transaction":
                made.append(use)
        return made

    def _cap_group(self, caps: Sequence[Cap]) -> None:
        reach = self._reach(caps[0])
        points = sum(self.points[index] for index in reach)
        if points <= 0:
            return
        verdicts = [(self._allowed(cap, points), cap.id, cap) for cap in caps]
        allowed, _id, tightest = min(verdicts, key=lambda each: each[:2])
        if allowed < points:
            name = tightest.name or (self.names[self.rules[reach[0]]] if tightest.rules else "")
            code = "cap-trimmed" if allowed else "cap-refused"
            params = tightest.told() | {"left": allowed, "was": points}
            self._cut(f"cap:{tightest.id}", name, code, params, reach, allowed)

    def _allowed(self, cap: Cap, points: int) -> int:
        place = cap.place(self._setting, self._wallet)
        if place is None:
            return points
        return cap.allowed(points, self._counters.get(place, UNUSED), self._setting.at, self._value)

    def _reach(self, cap: Cap) -> list[int]:
        return [index for index, rule in enumerate(self.rules) if cap.rules is None or rule in cap.rules]

    def _cut(self, rule_id: str, name: str, code: str, params: dict[str, Any], reach: Sequence[int], left: int) -> None:
        """Leave `left` points of those in `reach`; multipliers outside of it shrink with what they raised."""
        before = self.total
        earned = sum(points for points, raises in zip(self.points, self.raises, strict=True) if not raises)
        self._spread(reach, left)
        kept = sum(points for points, raises in zip(self.points, self.raises, strict=True) if not raises)
        for index, raises in enumerate(self.raises):
            if raises and index not in reach and earned > 0:
                sign = -1 if self.points[index] < 0 else 1
                self.points[index] = sign * (abs(self.points[index]) * kept // earned)
        self.cuts.append(Step(rule_id, name, self._wallet, True, self.total - before, code, params))

    def _spread(self, reach: Sequence[int], left: int) -> None:
        whole = sum(self.points[index] for index in reach)
        running, given = 0, 0
        for index in reach:
            running += self.points[index]
            upto = left * running // whole
            self.points[index], given = upto - given, upto


def period_start(period: str, at: datetime, zone: Zone) -> datetime:
    """The UTC instant at which the period of `at` began in `zone`: weeks on Monday, an hour that comes twice is two."""
    local = at.astimezone(zone_of(zone))
    if period == "hour":
        return local.replace(minute=0, second=0, microsecond=0).astimezone(UTC)
    day = local.date()
    starts: dict[str, date] = {
        "day": day,
        "week": day - timedelta(days=day.weekday()),
        "month": day.replace(day=1),
        "year": day.replace(month=1, day=1),
    }
    return start_of_day(starts[period], zone) if period in starts else EVER


def _scope(scope: str, whom: Whom) -> str:
    match scope:
        case "household" if whom.household is not None:
            return f"household:{whom.household}"
        case "member" | "household":
            return f"member:{whom.member}"
        case "card":
            return f"card:{sha256(whom.card.encode()).hexdigest()[:32]}" if whom.card else ""
        case "store":
            return f"store:{whom.store}" if whom.store else ""
        case _:
            return "program"


def _limits(cap: Cap, award: Award, setting: Setting) -> bool:
    reaches = cap.rules is None or not cap.rules.isdisjoint(award.rules)
    return reaches and cap.concerns(setting.activity_type, award.wallet)


def _shrunk(award: Award, points: int) -> Award:
    """The award with fewer points; each line's share shrinks with it."""
    if points == award.points:
        return award
    part = Fraction(points, award.points)
    return replace(award, points=points, shares=tuple(share * part for share in award.shares))
