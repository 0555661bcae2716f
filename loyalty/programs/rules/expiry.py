"""When points end. An expiry is an aware UTC instant and exclusive: points are usable through the local day before it.

- rolling: through the day `months` after earning, or through the end of the period that this day is in.
- calendar: through the next of the fixed dates, and not before `min_age_months` after earning.
- sliding: like rolling, counted from the last activity instead of from earning.
- `grace_days` are added last. A month later than the 31st is the month's last day.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from loyalty.programs.rules.days import (
    INSTANT,
    ROUNDINGS,
    MonthDay,
    Zone,
    add_months,
    count_of,
    end_of_day,
    end_of_period,
    local_day,
    next_date,
    read_dates,
)
from loyalty.programs.rules.invalid import InvalidSetting, ensure_choice

KINDS = ("never", "rolling", "calendar", "sliding")
LONGEST_MONTHS = 1200
LONGEST_GRACE = 3660


@dataclass(frozen=True, slots=True)
class ExpiryPolicy:
    """How long points of a wallet live; raises InvalidSetting on nonsense. What a kind does not use is ignored."""

    kind: str = "never"
    months: int = 0
    rounding: str = "none"
    dates: tuple[MonthDay, ...] = ()
    min_age_months: int = 0
    grace_days: int = 0

    def __post_init__(self) -> None:
        ensure_choice("kind", self.kind, KINDS)
        ensure_choice("rounding", self.rounding, ROUNDINGS)
        count_of("months", self.months, LONGEST_MONTHS)
        count_of("min_age_months", self.min_age_months, LONGEST_MONTHS)
        count_of("grace_days", self.grace_days, LONGEST_GRACE)
        object.__setattr__(self, "dates", read_dates("dates", self.dates))
        if self.kind == "calendar" and not self.dates:
            raise InvalidSetting("dates", "required")


def expires_at(policy: ExpiryPolicy, earned_at: datetime, zone: Zone) -> datetime | None:
    """The instant at which points earned (for a sliding policy: last kept alive) at `earned_at` end; None is never."""
    if policy.kind == "never":
        return None
    return _expiry_of_day(policy, local_day(earned_at, zone), zone)


def last_day(expires: datetime, zone: Zone) -> date:
    """The last local day on which points with this expiry are usable: what people are told."""
    return local_day(expires - INSTANT, zone)


def after_policy_change(
    old_expires_at: datetime | None,
    earned_at: datetime,
    new_policy: ExpiryPolicy,
    changed_at: datetime,
    zone: Zone,
) -> datetime | None:
    """The expiry of points earned at `earned_at` once the policy becomes `new_policy` at `changed_at`.

    A longer life counts at once. A shorter one never takes points before one full period of the new policy has passed
    since the change, nor prolongs them. What had expired before the change stays expired. (Scenario S32.)
    """
    if old_expires_at is not None and old_expires_at <= changed_at:
        return old_expires_at
    new = expires_at(new_policy, earned_at, zone)
    if new is None or (old_expires_at is not None and new >= old_expires_at):
        return new
    spared = max(new, end_of_day(_full_period_after(new_policy, local_day(changed_at, zone)), zone))
    return spared if old_expires_at is None else min(spared, old_expires_at)


@lru_cache(maxsize=8192)
def _expiry_of_day(policy: ExpiryPolicy, day: date, zone: Zone) -> datetime:
    """Remembered, because an import earns thousands of times on one day."""
    return end_of_day(_last_day(policy, day), zone)


def spared_through(policy: ExpiryPolicy, changed_at: datetime, zone: Zone) -> date | None:
    """The local day through which no points end whatever their age, when `policy` comes at `changed_at`; None: never.

    (Those that the policy before would have ended sooner do so.)
    """
    return None if policy.kind == "never" else _full_period_after(policy, local_day(changed_at, zone))


def _last_day(policy: ExpiryPolicy, day: date) -> date:
    if policy.kind == "calendar":
        last = next_date(policy.dates, add_months(day, policy.min_age_months))
    else:
        last = end_of_period(add_months(day, policy.months), policy.rounding)
    return last + timedelta(days=policy.grace_days)


def _full_period_after(policy: ExpiryPolicy, changed_on: date) -> date:
    """The first day through which points live whatever their age, when the policy came on `changed_on`.

    Of a calendar policy it is the second fixed date: a whole span between two dates has then passed.
    """
    if policy.kind != "calendar":
        return _last_day(policy, changed_on)
    first = next_date(policy.dates, changed_on)
    return _last_day(policy, first + timedelta(days=1))
