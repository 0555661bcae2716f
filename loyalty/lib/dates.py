"""Days and instants as people write them, in the language in force: 31 December, 31. desember, 31 grudnia, 31 декабря.

Django's own formats differ too much in tone (Dec. 31, 2026; 31 декабря 2026 г.) to stand inside a sentence. After the
number of the day Polish and Russian want the genitive, which is Django's E; Norwegian months are lower-case as F only.
"""

from datetime import date, datetime

from django.utils.formats import date_format
from django.utils.translation import get_language, pgettext

# Language → the day with its month, and with its year as well.
FORMATS = {
    "en": ("j F", "j F Y"),
    "nb": ("j. F", "j. F Y"),
    "pl": ("j E", "j E Y"),
    "ru": ("j E", "j E Y года"),
}
# Short months as they follow a day's number; where a language is not here, Django's are used.
SHORT_MONTHS = {
    "nb": "jan. feb. mars apr. mai juni juli aug. sep. okt. nov. des.".split(),
    "pl": "sty lut mar kwi maj cze lip sie wrz paź lis gru".split(),
    "ru": "янв фев мар апр мая июн июл авг сен окт ноя дек".split(),
}


def _formats() -> tuple[str, str]:
    return FORMATS.get(get_language() or "en", ("MONTH_DAY_FORMAT", "DATE_FORMAT"))


def day_and_month(day: date) -> str:
    """31 December: a day of this year, or of every year."""
    return date_format(day, _formats()[0])


def full_day(day: date) -> str:
    """31 December 2026."""
    return date_format(day, _formats()[1])


def short_day(day: date, *, with_year: bool = False) -> str:
    """31 Dec, 31. des., 31 gru, 31 дек: for the end of a row."""
    language = get_language() or "en"
    months = SHORT_MONTHS.get(language)
    month = months[day.month - 1] if months else date_format(day, "M")
    text = f"{day.day}. {month}" if language == "nb" else f"{day.day} {month}"
    return f"{text} {day.year}" if with_year else text


def month_and_year(day: date) -> str:
    """December 2026, as it stands alone: the nominative."""
    return date_format(day, "F Y")


def full_moment(local: datetime) -> str:
    """31 December 2026, 6 p.m.; of an instant that is local already. At midnight only the day."""
    day = full_day(local.date())
    if (local.hour, local.minute) == (0, 0):
        return day
    words = {"day": day, "time": date_format(local, "TIME_FORMAT")}
    return pgettext("a day and the time of that day", "%(day)s, %(time)s") % words
