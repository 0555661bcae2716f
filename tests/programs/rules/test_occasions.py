"""Days that come every year, with 29 February among them."""

from datetime import date

import pytest

from loyalty.programs.rules.occasions import days_back_from, days_kept_on, kept_on, missing_of

LEAPLING = date(2000, 2, 29)
MARCH = (3, 1)


@pytest.mark.parametrize(
    ("day", "leap_day", "kept"),
    [
        (date(2026, 2, 28), (2, 28), True),
        (date(2026, 3, 1), (2, 28), False),
        (date(2026, 2, 28), MARCH, False),
        (date(2026, 3, 1), MARCH, True),
        (date(2028, 2, 28), (2, 28), False),
        (date(2028, 2, 29), (2, 28), True),
        (date(2028, 2, 29), MARCH, True),
        (date(2028, 3, 1), MARCH, False),
        (date(2100, 2, 28), (2, 28), True),
    ],
)
def test_the_29th_of_february(day, leap_day, kept):
    assert (kept_on(LEAPLING, [day], leap_day) == day) is kept


def test_others_keep_their_own_day():
    assert days_kept_on(date(2026, 2, 28)) == ((2, 28), (2, 29))
    assert days_kept_on(date(2026, 2, 27)) == ((2, 27),)


def test_the_first_one_is_a_year_later():
    assert kept_on(date(2026, 3, 2), [date(2026, 3, 2)]) is None
    assert kept_on(date(2026, 3, 2), [date(2027, 3, 2)]) == date(2027, 3, 2)


def test_a_late_run_looks_back_a_week():
    days = days_back_from(date(2026, 1, 3))
    assert (len(days), days[0], days[-1]) == (7, date(2026, 1, 3), date(2025, 12, 28))
    assert kept_on(date(1990, 12, 30), days) == date(2025, 12, 30)


FULL = {"name": "Ada", "birth_date": LEAPLING, "email": "a@b.c", "phone": "", "language": "en"}


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({}, ()),
        ({"email": "", "phone": "+4791234567"}, ()),
        ({"email": ""}, ("contact",)),
        ({"name": " ", "birth_date": None, "language": ""}, ("name", "birth_date", "language")),
    ],
)
def test_what_a_profile_lacks(change, missing):
    assert missing_of(**FULL | change) == missing
