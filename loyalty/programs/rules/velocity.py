"""What happens too often: counted at one place (a card on a till, a device, a member), within a sliding window.

A window is shorter than so many minutes and may lie anywhere around a purchase, so that the order in which tills
deliver decides nothing. A purchase counts itself; returns are counted up to it. Cards and devices are tokens.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple

from loyalty.programs.rules.invalid import InvalidSetting, ensure_choice

PATTERNS = ("card_at_till", "device", "purchases", "cashier", "refunds")
LONGEST = 43_200
LARGEST = 100
COUNTED = 500  # so many before a purchase and after it are looked at (`programs_watch`): beyond them it is “more than”


class Sighting(NamedTuple):
    """One of those that are counted: when, and who counts once."""

    at: datetime
    who: int


class Spot(NamedTuple):
    """Where a rule counts."""

    rule: int
    key: str


class Known(NamedTuple):
    """What is known of a place: who was seen there around an instant, and how many were found usual."""

    sightings: tuple[Sighting, ...] = ()
    allowed: int = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """What a purchase tells of itself; empty texts: not told. `till` is its source."""

    member: int
    at: datetime
    till: str = ""
    card: str = ""
    device: str = ""
    cashier: str = ""


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A purchase is one of `count` at a place, more than the rule finds usual."""

    rule: "VelocityRule"
    key: str
    count: int

    def told(self) -> dict[str, Any]:
        """What its words need, in plain values."""
        rule = self.rule
        return {"pattern": rule.pattern, "most": rule.most, "minutes": rule.minutes, "count": self.count}


@dataclass(frozen=True, slots=True, kw_only=True)
class VelocityRule:
    """More than `most` within `minutes` are noticed; raises InvalidSetting on nonsense."""

    id: int
    name: str = ""
    pattern: str = "purchases"
    most: int = 5
    minutes: int = 60

    def __post_init__(self) -> None:
        ensure_choice("pattern", self.pattern, PATTERNS)
        if not 1 <= self.minutes <= LONGEST:
            raise InvalidSetting("minutes", "out-of-range", value=str(self.minutes))
        if not 0 <= self.most <= LARGEST:
            raise InvalidSetting("most", "out-of-range", value=str(self.most))
        if not self.most and self.pattern != "refunds":
            raise InvalidSetting("most", "not-positive")

    @property
    def window(self) -> timedelta:
        return timedelta(minutes=self.minutes)

    def facts(self, seen: Seen) -> Mapping[str, str]:
        """What tells its place from others, as people read it; empty where the purchase does not tell."""
        match self.pattern:
            case "card_at_till":
                return {"card": seen.card, "till": seen.till} if seen.card else {}
            case "device":
                return {"device": seen.device} if seen.device else {}
            case "cashier":
                return {"member": str(seen.member), "cashier": seen.cashier} if seen.cashier else {}
            case _:
                return {"member": str(seen.member)}

    def key(self, seen: Seen) -> str:
        """Its place in one short text; empty where the purchase does not tell."""
        facts = self.facts(seen)
        if not facts:
            return ""
        return f"{self.pattern}:{sha256('\x1f'.join(facts.values()).encode()).hexdigest()[:32]}"

    def judge(self, seen: Seen, known: Known) -> Suspicion | None:
        """Whether this purchase is one too many."""
        if self.pattern == "refunds":
            count = sum(seen.at - self.window < each.at <= seen.at for each in known.sightings)
        else:
            who = seen.member if self.pattern == "device" else -1
            count = most_at_once(known.sightings, Sighting(seen.at, who), self.window)
        return Suspicion(self, self.key(seen), count) if count > max(self.most, known.allowed) else None


def most_at_once(sightings: Iterable[Sighting], one: Sighting, window: timedelta) -> int:
    """How many different ones there are at most in a window that `one` lies in, itself among them."""
    near = sorted([*(each for each in sightings if abs(each.at - one.at) < window), one])
    inside: Counter[int] = Counter()
    most, first = 0, 0
    for each in near:
        inside[each.who] += 1
        while each.at - near[first].at >= window:
            gone = near[first].who
            inside[gone] -= 1
            if not inside[gone]:
                del inside[gone]
            first += 1
        if each.at >= one.at and near[first].at <= one.at:
            most = max(most, len(inside))
    return most
