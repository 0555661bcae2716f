"""Rates of change as sentences."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from loyalty.programs.rules.wording.amounts import Units, list_of, number_of, points_of


@dataclass(frozen=True, slots=True)
class RateTold:
    """What a sentence about a rate says. `given` and `got` are the units of the two wallets."""

    given: Units
    got: Units
    give: int
    get: int
    minimum: int = 1
    per_day: int | None = None
    fee_points: int = 0
    fee_percent: Decimal = Decimal(0)
    keeps_expiry: bool = False
    tiers: Sequence[str] = ()


def sentences_for_rate(rate: RateTold) -> list[str]:
    """What members read: what becomes what, within which limits, what it costs, and how long it lasts."""
    pair = {"given": points_of(rate.give, rate.given), "got": points_of(rate.get, rate.got)}
    told = [_("%(given)s become %(got)s, in whole steps.") % pair]
    if rate.minimum > rate.give:
        told.append(_("At least %(points)s at a time.") % {"points": points_of(rate.minimum, rate.given)})
    if rate.per_day is not None:
        told.append(_("At most %(points)s in a day.") % {"points": points_of(rate.per_day, rate.given)})
    told += _fees(rate)
    if rate.keeps_expiry:
        told.append(_("What you get lasts as long as what you gave would have."))
    else:
        told.append(_("What you get lasts as long as if you had earned it that day."))
    if rate.tiers:
        told.append(_("Only for members of the tier %(tiers)s.") % {"tiers": list_of(list(rate.tiers))})
    return told


def _fees(rate: RateTold) -> list[str]:
    told = []
    if rate.fee_points:
        told.append(_("Each time costs %(points)s on top.") % {"points": points_of(rate.fee_points, rate.given)})
    if rate.fee_percent:
        told.append(
            _("%(percent)s %% of what you give comes on top, rounded up.") % {"percent": number_of(rate.fee_percent)}
        )
    return told


def words_for_conversion(given: str, got: str) -> str:
    """A row of a statement."""
    return _("You changed %(given)s into %(got)s") % {"given": given, "got": got}
