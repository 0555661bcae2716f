"""Points, money and lists as people read them."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from loyalty.lib.money import exponent_of
from loyalty.programs.rules.days import MonthDay, Zone, zone_of
from loyalty.programs.rules.operands import shortest

# Signs that stand before the amount in English; a translation says where they stand in its own language.
LEADING_SIGNS = {"USD": "$", "GBP": "£", "JPY": "¥", "INR": "₹", "BRL": "R$", "ILS": "₪", "KRW": "₩", "TRY": "₺"}
TRAILING_SIGNS = {
    "EUR": "€", "NOK": "kr", "SEK": "kr", "DKK": "kr", "PLN": "zł", "CZK": "Kč", "HUF": "Ft", "UAH": "₴", "RUB": "₽",
    "VND": "₫",
}  # fmt: skip


class Units(NamedTuple):
    """What a wallet calls one unit and many: star, stars."""

    one: str
    many: str


def points_of(points: Decimal | int, units: Units | tuple[str, str]) -> str:
    """An amount of points with its unit: "1 star", "1,200 stars"."""
    one, many = units
    return f"{number_of(Decimal(points))} {one if abs(points) == 1 else many}"


def number_of(number: Decimal) -> str:
    """A number without needless zeros, grouped."""
    text = shortest(number)
    decimals = len(text.partition(".")[2])
    return number_format(Decimal(text), decimals, use_l10n=True, force_grouping=True)


def money_of(amount: Decimal, currency: str, *, short: bool = False) -> str:
    """An amount of money. `short` leaves out cents that are zero ("1 €"); fractions of a cent are never dropped."""
    cents = exponent_of(currency)
    decimals = len(shortest(amount).partition(".")[2])
    shown = 0 if short and not decimals else max(cents, decimals)
    number = number_format(amount, shown, use_l10n=True, force_grouping=True)
    if currency in LEADING_SIGNS:
        return pgettext("money, sign first", "%(sign)s%(amount)s") % {"sign": LEADING_SIGNS[currency], "amount": number}
    sign = TRAILING_SIGNS.get(currency, currency)
    return pgettext("money, sign last", "%(amount)s\u00a0%(sign)s") % {"sign": sign, "amount": number}


def list_of(items: Sequence[str]) -> str:
    """Several things of which any one will do: "A, B or C"."""
    if len(items) == 1:
        return items[0]
    return _("%(first)s or %(last)s") % {"first": ", ".join(items[:-1]), "last": items[-1]}


def products_of(names: Sequence[str], more: int) -> str:
    """The products of a step: "X, Y and 3 more"."""
    named = ", ".join(names)
    if not more:
        return named
    return ngettext("%(named)s and %(count)s more", "%(named)s and %(count)s more", more) % {
        "named": named,
        "count": more,
    }


def sentence_of(text: str) -> str:
    """The text with its full stop; "until 6 p.m." has one already."""
    return text if text.endswith(".") else pgettext("a sentence and its full stop", "%(text)s.") % {"text": text}


def day_of(day: date) -> str:
    return date_format(day, "DATE_FORMAT")


def moment_of(instant: datetime, zone: Zone) -> str:
    """An instant in the program's zone; at midnight only the day."""
    local = instant.astimezone(zone_of(zone))
    return date_format(local, "DATETIME_FORMAT" if (local.hour, local.minute) != (0, 0) else "DATE_FORMAT")


def yearly_day_of(month_day: MonthDay) -> str:
    """A day of every year: "December 31"."""
    return date_format(date(2024, *month_day), "MONTH_DAY_FORMAT")
