"""What a wallet's policies mean, by example: for forms that show it before anything is saved."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.translation import gettext_lazy as _

from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.activities import units_of
from loyalty.programs.queries.configuration import activation_of, expiry_of
from loyalty.programs.rules.activation import LotDates, lot_dates
from loyalty.programs.rules.days import add_months, local_day, start_of_day
from loyalty.programs.rules.expiry import last_day
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
    lines = [sentence_for_expiry(expiry, units)]
    if activation.is_pending:
        lines.append(sentence_for_activation(activation, units))
    if expiry.kind != "never":
        for day in _telling_days(today):
            there = lot_dates(activation, expiry, start_of_day(day, zone), zone)
            lines.append(_told(units.many, day, there, zone))
    return Sample(_told(units.many, None, dates, zone), tuple(lines), dates)


def _telling_days(today: date) -> list[date]:
    """Days at which policies differ: the last of this month, and half a year from now."""
    month_end = add_months(today.replace(day=1), 1) - timedelta(days=1)
    return [month_end, add_months(today, 6)]


def _told(units: str, earned_on: date | None, dates: LotDates, zone: str) -> str:
    """A sentence about units earned today, or on a day."""
    when = "today" if earned_on is None else "on"
    start = "at_once" if not dates.is_pending else "from" if dates.activates_at else "confirmed"
    end = "never" if dates.expires_at is None else "expire"
    words = {
        "units": units,
        "day": day_of(earned_on) if earned_on else "",
        "start": day_of(local_day(dates.activates_at, zone)) if dates.activates_at else "",
        "end": day_of(last_day(dates.expires_at, zone)) if dates.expires_at else "",
    }
    return str(SENTENCES[when, start, end]) % words


# By when they are earned, from when on they can be spent, and how they end.
SENTENCES = {
    ("today", "at_once", "never"): _("%(units)s earned today never expire."),
    ("today", "at_once", "expire"): _("%(units)s earned today expire at the end of %(end)s."),
    ("today", "from", "never"): _("%(units)s earned today can be spent from %(start)s on and never expire."),
    ("today", "from", "expire"): _(
        "%(units)s earned today can be spent from %(start)s on and expire at the end of %(end)s."
    ),
    ("today", "confirmed", "never"): _("%(units)s earned today can be spent once confirmed and never expire."),
    ("today", "confirmed", "expire"): _(
        "%(units)s earned today can be spent once confirmed and expire at the end of %(end)s."
    ),
    ("on", "at_once", "never"): _("%(units)s earned on %(day)s never expire."),
    ("on", "at_once", "expire"): _("%(units)s earned on %(day)s expire at the end of %(end)s."),
    ("on", "from", "never"): _("%(units)s earned on %(day)s can be spent from %(start)s on and never expire."),
    ("on", "from", "expire"): _(
        "%(units)s earned on %(day)s can be spent from %(start)s on and expire at the end of %(end)s."
    ),
    ("on", "confirmed", "never"): _("%(units)s earned on %(day)s can be spent once confirmed and never expire."),
    ("on", "confirmed", "expire"): _(
        "%(units)s earned on %(day)s can be spent once confirmed and expire at the end of %(end)s."
    ),
}
