"""How the portal writes icons, points, days and fields; days are those of the active time zone (the program's)."""

import zlib
from datetime import date, datetime, timedelta
from decimal import Decimal

from django import template
from django.forms import BoundField, CheckboxInput
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from loyalty.lib import clock
from loyalty.lib.dates import day_and_month, full_day, short_day
from loyalty.lib.portal import SOON, NavEntry, navigation_of
from loyalty.programs.queries.activities import units_of
from loyalty.programs.rules.wording.amounts import money_of, number_of, points_of, unit_of

register = template.Library()
MINUS = "\N{MINUS SIGN}"
LONG_FIGURES = ((20, "longest"), (15, "longer"), (11, "long"))  # characters from which on a figure is set smaller
PICTURES = {
    "expire": "clock",
    "extend": "clock",
    "hold": "hold",
    "release": "undo",
    "reversal": "undo",
    "cancel": "undo",
    "capture": "spend",
    "transfer": "transfer",
    "adjustment": "adjust",
}


@register.simple_tag
def icon(name: str, classes: str = "") -> SafeString:
    """A picture from `static/icons.svg`; decoration only, the words beside it say the same."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        classes,
        static("icons.svg"),
        name,
    )


@register.filter
def points(number: int) -> str:
    """1234 → 1,234, as the member's language groups digits."""
    grouped = number_format(abs(number), force_grouping=True)
    return f"{MINUS}{grouped}" if number < 0 else grouped


@register.filter
def length_class(number: int) -> str:
    """The class by which a figure of many characters is set smaller, with a blank before it; empty for most."""
    length = len(points(number))
    return next((f" figure-{name}" for least, name in LONG_FIGURES if length >= least), "")


@register.filter
def signed(number: int) -> str:
    """+29 or −29."""
    return f"+{points(number)}" if number > 0 else points(number)


@register.filter
def unit(wallet, number: int = 2) -> str:
    """The wallet's word for so many of its units; empty where the brand's two words do not fit the number."""
    return unit_of(number, units_of(wallet))


@register.filter
def in_units(number: int, wallet) -> str:
    """So many of the wallet's units: 1 star, 1,200 stars."""
    return points_of(number, units_of(wallet))


@register.simple_tag
def of_wallet(number: int, code: str, wallets) -> str:
    """So many of the units of the wallet with this code; the code itself where there is no such wallet."""
    return points_of(number, units_of(wallets[code])) if code in wallets else f"{number} {code}"


@register.filter
def stars(number: int) -> str:
    """★★★★☆"""
    return "★" * number + "☆" * (5 - number)


@register.filter
def day(when: datetime | date) -> str:
    """Today, yesterday, 31 Dec, or with the year when it is another one: short, as it stands at the end of a row."""
    today = timezone.localdate(clock.now())
    on = timezone.localtime(when).date() if isinstance(when, datetime) else when
    if on == today:
        return _("Today")
    if on == today - timedelta(days=1):
        return _("Yesterday")
    return short_day(on, with_year=on.year != today.year)


@register.filter
def on_day(when: datetime | date) -> str:
    """The day as it stands inside a sentence: 31 December, or with the year when it is another one."""
    on = timezone.localtime(when).date() if isinstance(when, datetime) else when
    this_year = timezone.localdate(clock.now()).year
    return day_and_month(on) if on.year == this_year else full_day(on)


@register.filter
def last_day(expires_at: datetime) -> str:
    """The last day on which points can be used: they expire at the instant `expires_at`, often midnight after it."""
    return on_day(expires_at - timedelta(microseconds=1))


@register.filter
def is_soon(expires_at: datetime, program) -> bool:
    """Whether the member should be reminded: within a month, or as early as the program warns."""
    return expires_at <= clock.now() + timedelta(days=max([SOON, *program.warn_days]))


@register.filter
def given(name: str) -> str:
    """The first word of a name, to greet with."""
    return name.split()[0] if name.split() else name


@register.filter
def spaced(number: str) -> str:
    """A member number in groups of four, as on a card."""
    return " ".join(number[start : start + 4] for start in range(0, len(number), 4))


@register.filter
def is_checkbox(field: BoundField) -> bool:
    """Whether the label belongs beside the box, not above it."""
    return isinstance(field.field.widget, CheckboxInput)


@register.filter
def is_code(field: BoundField) -> bool:
    """Whether the field takes a short code, typed in large letters."""
    return field.name == "code"


@register.simple_tag(takes_context=True)
def navigation(context: template.Context) -> list[NavEntry]:
    """The entries that `config/wiring.py` names, for this member."""
    return navigation_of(context["request"])


@register.simple_tag
def brand_css(program) -> str:
    """The address of a program's colours; it changes with them, so that browsers may keep it for ever."""
    version = zlib.crc32(f"{program.brand_color}{program.accent_color}".encode())
    return f"{reverse('loyalty:brand_css', args=[program.code])}?v={version:08x}"


@register.filter
def picture(row) -> str:
    """The icon of a movement, by its kind."""
    if row.kind in PICTURES:
        return PICTURES[row.kind]
    if row.source.startswith("conversion"):
        return "switch"
    if row.points < 0:
        return "spend"
    return "purchase" if row.source.startswith("purchase") else "activity"


@register.filter
def topic(code: str) -> str:
    """The icon of a part of the terms."""
    return {"earning": "earn", "tiers": "activity", "expiry": "clock", "activation": "hold", "returns": "undo",
            "changing": "switch", "sending": "transfer"}.get(code, "check")  # fmt: skip


@register.filter
def amount(number: Decimal) -> str:
    """A quantity without zeros that say nothing: 2 and not 2.000."""
    return number_of(number)


@register.filter
def money(number: Decimal, currency: str) -> str:
    """An amount with its currency, as the member's language writes numbers."""
    return money_of(number, currency)
