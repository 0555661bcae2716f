"""Points, money and lists as people read them."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from django.utils.formats import number_format
from django.utils.translation import get_language, ngettext, npgettext, pgettext
from django.utils.translation import gettext as _

from loyalty.lib.dates import day_and_month, full_day, full_moment
from loyalty.lib.money import exponent_of
from loyalty.programs.rules.days import INSTANT, MonthDay, Zone, local_day, zone_of
from loyalty.programs.rules.operands import shortest

# Signs that stand before the amount in English; a translation says where they stand in its own language.
LEADING_SIGNS = {"USD": "$", "GBP": "£", "JPY": "¥", "INR": "₹", "BRL": "R$", "ILS": "₪", "KRW": "₩", "TRY": "₺"}
TRAILING_SIGNS = {
    "EUR": "€", "NOK": "kr", "SEK": "kr", "DKK": "kr", "PLN": "zł", "CZK": "Kč", "HUF": "Ft", "UAH": "₴", "RUB": "₽",
    "VND": "₫",
}  # fmt: skip
NO_BREAK = "\N{NO-BREAK SPACE}"


class Units(NamedTuple):
    """What a wallet calls one unit and many: star, stars. `many` is the form after a large number (1,000 stars).

    `few` is for languages with a third form (2 punkty, 2 балла); empty where the brand gives none.
    """

    one: str
    many: str
    few: str = ""


# As sentences take the units of a wallet: a third form may be left out.
type UnitWords = Units | tuple[str, str]


def points_of(points: Decimal | int, units: UnitWords) -> str:
    """An amount of points with its unit: "1 star", "1,200 stars".

    Where the language asks for a third form that the brand does not give, the first is counted: 2 × punkt, 5 punktów.
    """
    number, unit = number_of(Decimal(points)), unit_of(points, units)
    return f"{number} {unit}" if unit else f"{number}{NO_BREAK}×{NO_BREAK}{units[0]}"


def unit_of(points: Decimal | int, units: UnitWords) -> str:
    """The unit as it stands beside its number; empty where no form fits, as in Polish after 2 without a third one."""
    count = abs(int(points)) if points == int(points) else 2  # a part of a point reads like some points
    # Translators: not a text but the name of a form. "one" where the unit stands as after 1, "many" where it stands
    # as after 1,000, and "few" where it stands as neither.
    form = npgettext("form of a unit", "one", "many", count)
    return {"one": units[0], "many": units[1]}.get(form, Units(*units).few)


def counted_of(points: int, units: UnitWords) -> dict[str, str]:
    """Number and unit apart, for sentences that fit what stands between them; the unit as after 1 or as after 1,000."""
    return {"number": number_of(Decimal(points)), "unit": unit_of(points, units) or units[1]}


def number_of(number: Decimal) -> str:
    """A number without needless zeros, grouped."""
    text = shortest(number)
    decimals = len(text.partition(".")[2])
    return _grouped(text, decimals, get_language())


@lru_cache(maxsize=8192)
def _grouped(number: str, decimals: int, language: str | None) -> str:
    """Rules say the same few numbers all day, and tills wait for them."""
    return number_format(Decimal(number), decimals, use_l10n=True, force_grouping=True)


def money_of(amount: Decimal, currency: str, *, short: bool = False) -> str:
    """An amount of money. `short` leaves out cents that are zero ("1 €"); fractions of a cent are never dropped."""
    cents = exponent_of(currency)
    decimals = len(shortest(amount).partition(".")[2])
    shown = 0 if short and not decimals else max(cents, decimals)
    number = _grouped(str(amount), shown, get_language())
    if currency in LEADING_SIGNS:
        text, sign = pgettext("money, sign first", "%(sign)s%(amount)s"), LEADING_SIGNS[currency]
    else:
        text, sign = pgettext("money, sign last", "%(amount)s %(sign)s"), TRAILING_SIGNS.get(currency, currency)
    return (text % {"sign": sign, "amount": number}).replace(" ", NO_BREAK)


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
    return full_day(day)


def moment_of(instant: datetime, zone: Zone) -> str:
    """An instant in the program's zone; at midnight only the day."""
    return full_moment(instant.astimezone(zone_of(zone)))


def last_moment_of(ends_at: datetime, zone: Zone) -> str:
    """The last day of what ends with a day, otherwise the instant."""
    local = ends_at.astimezone(zone_of(zone))
    return full_moment(local) if local.hour or local.minute else day_of(local_day(ends_at - INSTANT, zone))


def yearly_day_of(month_day: MonthDay) -> str:
    """A day of every year: "31 December"."""
    return day_and_month(date(2024, *month_day))
