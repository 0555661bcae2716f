"""What bringing expired points back costs, and how long they last then. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from loyalty.lib.money import round_money
from loyalty.programs.rules.days import Zone, end_of_day, local_day
from loyalty.programs.rules.moving import fee_of


@dataclass(frozen=True, slots=True)
class Terms:
    """The price of one act: a fee in points, or in money, or nothing."""

    price: str = "free"
    fee_points: int = 0
    fee_percent: Decimal = Decimal(0)
    fee_money: Decimal = Decimal(0)
    value_percent: Decimal = Decimal(0)

    def points_for(self, points: int) -> int:
        """What `points` cost in points, rounded up."""
        if self.price != "points":
            return 0
        return fee_of(points, fixed=self.fee_points, percent=self.fee_percent)

    def money_for(self, points: int, value: Decimal, currency: str) -> Decimal:
        """What `points`, worth `value` each, cost in money."""
        if self.price != "money":
            return Decimal(0)
        return round_money(self.fee_money + points * value * self.value_percent / 100, currency)


def window_end(expired_at: datetime, days: int, zone: Zone) -> datetime:
    """Until when (exclusive) points that expired at an instant can be brought back: `days` whole days."""
    return end_of_day(local_day(expired_at, zone) + timedelta(days=days - 1), zone)


def new_end(at: datetime, days: int, zone: Zone) -> datetime:
    """The end of points that come back at `at`: usable through the day so many days later."""
    return end_of_day(local_day(at, zone) + timedelta(days=days), zone)
