"""Bringing expired points back, as sentences."""

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from loyalty.programs.rules.wording.amounts import Units, money_of, number_of, points_of


@dataclass(frozen=True, slots=True)
class PolicyTold:
    """What sentences about bringing points back say."""

    units: Units
    currency: str
    window_days: int
    lasts_days: int
    price: str
    fee_points: int = 0
    fee_percent: Decimal = Decimal(0)
    fee_money: Decimal = Decimal(0)
    value_percent: Decimal = Decimal(0)
    by_members: bool = True
    at_once: bool = False
    pay_days: int = 14


def sentences_for_reinstatement(policy: PolicyTold) -> list[str]:
    """What members read: how long, at what price, until when, and that it happens once."""
    units = policy.units.many
    told = [
        ngettext(
            "Expired %(units)s can be brought back once, within %(count)d day.",
            "Expired %(units)s can be brought back once, within %(count)d days.",
            policy.window_days,
        )
        % {"units": units, "count": policy.window_days},
        _price(policy),
        ngettext("They then last %(count)d day.", "They then last %(count)d days.", policy.lasts_days)
        % {"count": policy.lasts_days},
    ]
    if not policy.by_members:
        told.append(_("Ask us, and we do it for you."))
    return told


def _price(policy: PolicyTold) -> str:
    if policy.price == "free":
        return _("It costs nothing.")
    if policy.price == "points":
        fixed = points_of(policy.fee_points, policy.units) if policy.fee_points else ""
        percent = number_of(policy.fee_percent) if policy.fee_percent else ""
        if fixed and percent:
            words = {"fixed": fixed, "percent": percent}
            return _("It costs %(fixed)s and %(percent)s %% of what comes back, rounded up.") % words
        if fixed:
            return _("It costs %(fixed)s.") % {"fixed": fixed}
        return _("It costs %(percent)s %% of what comes back, rounded up.") % {"percent": percent}
    return f"{_money(policy)} {_when(policy)}"


def _money(policy: PolicyTold) -> str:
    fixed = money_of(policy.fee_money, policy.currency) if policy.fee_money else ""
    percent = number_of(policy.value_percent) if policy.value_percent else ""
    if fixed and percent:
        words = {"fixed": fixed, "percent": percent}
        return _("It costs %(fixed)s and %(percent)s %% of what the points are worth.") % words
    if fixed:
        return _("It costs %(fixed)s.") % {"fixed": fixed}
    return _("It costs %(percent)s %% of what the points are worth.") % {"percent": percent}


def _when(policy: PolicyTold) -> str:
    count = {"count": policy.pay_days}
    if policy.at_once:
        return (
            ngettext(
                "They come back at once, to be paid within %(count)d day.",
                "They come back at once, to be paid within %(count)d days.",
                policy.pay_days,
            )
            % count
        )
    return (
        ngettext(
            "They come back when it is paid, within %(count)d day.",
            "They come back when it is paid, within %(count)d days.",
            policy.pay_days,
        )
        % count
    )
