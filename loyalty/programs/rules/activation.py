"""When points that were earned can be spent.

Expiry counts from earning, also for points that are still pending: a date told to the member does not move. Only where
points would end before they could be spent do they live through the day on which they become active.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from loyalty.programs.rules.days import (
    MonthDay,
    Zone,
    add_months,
    count_of,
    end_of_day,
    local_day,
    next_date,
    read_dates,
    start_of_day,
    zone_of,
)
from loyalty.programs.rules.expiry import ExpiryPolicy, expires_at
from loyalty.programs.rules.invalid import InvalidSetting, ensure_choice

KINDS = ("immediate", "after_days", "after_months", "fixed_dates", "on_confirmation")
LONGEST = 3660


@dataclass(frozen=True, slots=True)
class ActivationPolicy:
    """How points of a wallet become active; raises InvalidSetting on nonsense. What a kind does not use is ignored.

    `count` are the days or months to wait. `cancel_after_days` cancels what is not confirmed; None waits for ever.
    """

    kind: str = "immediate"
    count: int = 0
    dates: tuple[MonthDay, ...] = ()
    cancel_after_days: int | None = None

    def __post_init__(self) -> None:
        ensure_choice("kind", self.kind, KINDS)
        count_of("count", self.count, LONGEST)
        if self.cancel_after_days is not None:
            count_of("cancel_after_days", self.cancel_after_days, LONGEST)
        object.__setattr__(self, "dates", read_dates("dates", self.dates))
        if self.kind == "fixed_dates" and not self.dates:
            raise InvalidSetting("dates", "required")

    @property
    def is_pending(self) -> bool:
        """Whether points wait before they can be spent."""
        return self.kind != "immediate"


@dataclass(frozen=True, slots=True)
class LotDates:
    """What the ledger is told about points just earned; all instants aware UTC."""

    expires_at: datetime | None
    is_pending: bool = False
    activates_at: datetime | None = None
    cancels_at: datetime | None = None


def activates_at(policy: ActivationPolicy, earned_at: datetime, zone: Zone) -> datetime | None:
    """The UTC instant from which on points earned at `earned_at` can be spent; None waits for a confirmation.

    After days or months: at the same time of day in `zone`. On fixed dates: when the next such day after the day of
    earning begins.
    """
    today = local_day(earned_at, zone)
    match policy.kind:
        case "immediate":
            return earned_at.astimezone(UTC)
        case "after_days":
            return _same_time_on(today + timedelta(days=policy.count), earned_at, zone)
        case "after_months":
            return _same_time_on(add_months(today, policy.count), earned_at, zone)
        case "fixed_dates":
            return start_of_day(next_date(policy.dates, today + timedelta(days=1)), zone)
        case _:
            return None


def cancels_at(policy: ActivationPolicy, earned_at: datetime, zone: Zone) -> datetime | None:
    """The UTC instant at which points still unconfirmed are cancelled: the end of the local day so many days later."""
    if policy.kind != "on_confirmation" or policy.cancel_after_days is None:
        return None
    return end_of_day(local_day(earned_at, zone) + timedelta(days=policy.cancel_after_days), zone)


def expiry_once_active(expires: datetime | None, active_from: datetime, zone: Zone) -> datetime | None:
    """The expiry of points that become active at `active_from`: as it was, but not before the end of that day."""
    return None if expires is None else max(expires, end_of_day(local_day(active_from, zone), zone))


def lot_dates(activation: ActivationPolicy, expiry: ExpiryPolicy, earned_at: datetime, zone: Zone) -> LotDates:
    """All dates of points earned at `earned_at`, as the ledger's award takes them."""
    expires = expires_at(expiry, earned_at, zone)
    if not activation.is_pending:
        return LotDates(expires)
    active_from = activates_at(activation, earned_at, zone)
    if active_from is not None:
        expires = expiry_once_active(expires, active_from, zone)
    return LotDates(expires, True, active_from, cancels_at(activation, earned_at, zone))


def _same_time_on(day: date, earned_at: datetime, zone: Zone) -> datetime:
    local = earned_at.astimezone(zone_of(zone))
    return datetime.combine(day, local.time(), local.tzinfo).astimezone(UTC)
