"""Who keeps their points longer: extensions for an audience beside what a tier gives; the longest wins. Pure.

An extension is by months after the usual end, or to a fixed day. Points that never end are not touched.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from loyalty.programs.rules.benefits import prolonged
from loyalty.programs.rules.conditions import DONE, Condition
from loyalty.programs.rules.days import Zone, count_of, end_of_day
from loyalty.programs.rules.explanation import WalletId
from loyalty.programs.rules.invalid import InvalidSetting

SUBJECTS = frozenset({"tier", "list", "member_attribute", DONE})
LONGEST_MONTHS = 240


@dataclass(frozen=True, slots=True)
class Extension:
    """So many months more, or until `until` (a day in the program's zone); all of the audience must hold.

    Raises InvalidSetting on nonsense.
    """

    id: int | str
    name: str
    wallet: WalletId
    months: int = 0
    until: date | None = None
    audience: tuple[Condition, ...] = ()

    def __post_init__(self) -> None:
        count_of("months", self.months, LONGEST_MONTHS)
        if bool(self.months) == (self.until is not None):
            raise InvalidSetting("months", "required")
        for condition in self.audience:
            if condition.subject not in SUBJECTS:
                raise InvalidSetting("subject", "unknown-choice", value=condition.subject)

    def applied(self, ends: datetime | None, zone: Zone) -> datetime | None:
        """The end of points that usually end at `ends`; never earlier than that."""
        if ends is None:
            return None
        if self.until is not None:
            return max(ends, end_of_day(self.until, zone))
        return prolonged(ends, self.months, zone)


@dataclass(frozen=True, slots=True)
class Longer:
    """What prolongs the points of one member: a tier's months, and the extensions whose audience they belong to."""

    months: int = 0
    extensions: Sequence[Extension] = ()

    def ends(self, wallet: WalletId, ends: datetime | None, zone: Zone) -> tuple[datetime | None, Extension | None]:
        """The latest end, and the extension that gave it; None where the tier or nothing did."""
        best, by = prolonged(ends, self.months, zone), None
        if ends is None or best is None:
            return None, None
        for extension in self.extensions:
            if extension.wallet == wallet and (end := extension.applied(ends, zone)) and end > best:
                best, by = end, extension
        return best, by


NOT_LONGER = Longer()


def chosen(extensions: Iterable[Extension], holds: Callable[[Condition], bool]) -> tuple[Extension, ...]:
    """Those whose audience the member belongs to; `holds` says whether a condition does."""
    return tuple(each for each in extensions if all(holds(condition) for condition in each.audience))
