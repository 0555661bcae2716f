"""What a wallet's policies mean, by example: for forms that show it before anything is saved."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.activities import units_of
from loyalty.programs.queries.configuration import activation_of, expiry_of
from loyalty.programs.rules.activation import ActivationPolicy, LotDates, lot_dates
from loyalty.programs.rules.days import add_months, local_day, start_of_day
from loyalty.programs.rules.expiry import ExpiryPolicy, last_day
from loyalty.programs.rules.wording.amounts import day_of
from loyalty.programs.rules.wording.policies import sentence_for_activation, sentence_for_expiry


@dataclass(frozen=True, slots=True)
class Sample:
    """`sentence` is about points earned at the instant asked for, `lines` are the policies and other examples."""

    sentence: str
    lines: tuple[str, ...]
    dates: LotDates


def sample_expiry(wallet: Wallet, earned_at: datetime) -> Sample:
    """The example for `wallet` as it stands, saved or not; its program must be known. Raises InvalidSetting."""
    zone, units = wallet.program.time_zone, units_of(wallet)
    expiry, activation = expiry_of(wallet), activation_of(wallet)
    today = local_day(earned_at, zone)
    dates = lot_dates(activation, expiry, earned_at, zone)
    words = {"units": units[1], "sentence": _ending(dates, zone)}
    lines = [sentence_for_expiry(expiry, units)]
    if activation.is_pending:
        lines.append(sentence_for_activation(activation, units))
    if expiry.kind != "never":
        lines += [_example(expiry, activation, day, zone, units[1]) for day in _telling_days(today)]
    return Sample(_("%(units)s earned today %(sentence)s") % words, tuple(lines), dates)


def _telling_days(today: date) -> list[date]:
    """Days at which policies differ: the last of this month, and half a year from now."""
    month_end = add_months(today.replace(day=1), 1) - timedelta(days=1)
    return [month_end, add_months(today, 6)]


def _example(expiry: ExpiryPolicy, activation: ActivationPolicy, day: date, zone: str, units: str) -> str:
    dates = lot_dates(activation, expiry, start_of_day(day, zone), zone)
    words = {"units": units, "day": day_of(day), "sentence": _ending(dates, zone)}
    return _("%(units)s earned on %(day)s %(sentence)s") % words


def _ending(dates: LotDates, zone: str) -> str:
    if dates.is_pending and dates.activates_at:
        words = {"from": day_of(local_day(dates.activates_at, zone)), "ending": _end(dates, zone)}
        return _("can be spent from %(from)s on and %(ending)s") % words
    if dates.is_pending:
        return _("can be spent once confirmed and %(ending)s") % {"ending": _end(dates, zone)}
    return _end(dates, zone)


def _end(dates: LotDates, zone: str) -> str:
    if dates.expires_at is None:
        return _("never expire.")
    return _("expire at the end of %(day)s.") % {"day": day_of(last_day(dates.expires_at, zone))}
