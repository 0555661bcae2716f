"""What codes, colours, dates and zones look like; the words for what is wrong with them."""

from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

RESERVED_CODES = {"admin", "api", "accounts", "static", "media", "p", "healthz", "new", "join"}


def validate_zone(value: str) -> None:
    if value not in available_timezones():
        raise ValidationError(
            _("“%(value)s” is not a time zone. Use a name such as Europe/Oslo."), params={"value": value}
        )


def validate_code(value: str) -> None:
    if value in RESERVED_CODES:
        raise ValidationError(_("“%(value)s” is used by Laurel itself. Choose another code."), params={"value": value})


def validate_month_day(value: str) -> None:
    month, _dash, day = value.partition("-")
    longest = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}
    if not (
        value.isascii()
        and month.isdigit()
        and day.isdigit()
        and 1 <= int(month) <= 12
        and 1 <= int(day) <= longest.get(int(month), 31)
    ):
        raise ValidationError(_("“%(value)s” is not a date. Write month-day, such as 12-31."), params={"value": value})


colour = RegexValidator(r"^#[0-9a-fA-F]{6}$", _("Write a colour as # and six hexadecimal digits, such as #7a1f3d."))
currency_code = RegexValidator(r"^[A-Z]{3}$", _("Write the currency as three capital letters, such as EUR."))
