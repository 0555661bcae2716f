"""Days in every language of ours: case, grammatical case and full stops."""

from datetime import date, datetime

import pytest
from django.utils import translation

from loyalty.lib import dates

LAST_DAY = date(2026, 12, 31)


@pytest.mark.parametrize(
    ("language", "day", "full", "short", "month"),
    [
        ("en", "31 December", "31 December 2026", "31 Dec", "December 2026"),
        ("nb", "31. desember", "31. desember 2026", "31. des.", "desember 2026"),
        ("pl", "31 grudnia", "31 grudnia 2026", "31 gru", "Grudzień 2026"),
        ("ru", "31 декабря", "31 декабря 2026 года", "31 дек", "Декабрь 2026"),
        ("de", "31. Dezember", "31. Dezember 2026", "31 Dez", "Dezember 2026"),
    ],
)
def test_a_day(language, day, full, short, month):
    with translation.override(language):
        assert dates.day_and_month(LAST_DAY) == day
        assert dates.full_day(LAST_DAY) == full
        assert dates.short_day(LAST_DAY) == short
        assert dates.month_and_year(LAST_DAY) == month


@pytest.mark.parametrize(("language", "text"), [("en", "5 May 2025"), ("nb", "5. mai 2025"), ("ru", "5 мая 2025")])
def test_a_short_day_of_another_year(language, text):
    with translation.override(language):
        assert dates.short_day(date(2025, 5, 5), with_year=True) == text


@pytest.mark.parametrize("language", ["nb", "pl", "ru"])
@pytest.mark.parametrize("month", range(1, 13))
def test_months_are_small_after_the_number_of_the_day(language, month):
    with translation.override(language):
        for text in (dates.day_and_month(date(2026, month, 3)), dates.short_day(date(2026, month, 3))):
            assert text == text.lower()


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "31 December 2026, 6:05 p.m."),
        ("nb", "31. desember 2026 kl. 18:05"),
        ("pl", "31 grudnia 2026 (18:05)"),
        ("ru", "31 декабря 2026 года (18:05)"),
    ],
)
def test_a_moment(language, text):
    with translation.override(language):
        assert dates.full_moment(datetime(2026, 12, 31, 18, 5)) == text  # noqa: DTZ001 local already
        assert dates.full_moment(datetime(2026, 12, 31)) == dates.full_day(LAST_DAY)  # noqa: DTZ001
