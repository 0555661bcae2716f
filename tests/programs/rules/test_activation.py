"""When points can be spent, when they are cancelled, and what that means for their end."""

from datetime import UTC, date, datetime, timedelta

import pytest

from loyalty.programs.rules.activation import (
    ActivationPolicy,
    LotDates,
    activates_at,
    cancels_at,
    expiry_once_active,
    lot_dates,
)
from loyalty.programs.rules.days import end_of_day, start_of_day
from loyalty.programs.rules.expiry import ExpiryPolicy, expires_at
from loyalty.programs.rules.invalid import InvalidSetting
from tests.programs.rules.till import OSLO

EARNED = datetime(2026, 3, 1, 15, 30, tzinfo=OSLO)
YEAR = ExpiryPolicy("rolling", months=12)
CONFIRMED = ActivationPolicy("on_confirmation", cancel_after_days=30)


def after_days(count: int) -> ActivationPolicy:
    return ActivationPolicy("after_days", count=count)


@pytest.mark.parametrize(
    ("policy", "active_from"),
    [
        (ActivationPolicy(), EARNED),
        (after_days(14), datetime(2026, 3, 15, 15, 30, tzinfo=OSLO)),
        (after_days(0), EARNED),
        (ActivationPolicy("after_months", count=1), datetime(2026, 4, 1, 15, 30, tzinfo=OSLO)),
        (ActivationPolicy("after_months", count=12), datetime(2027, 3, 1, 15, 30, tzinfo=OSLO)),
        (ActivationPolicy("fixed_dates", dates=("04-01", "10-01")), datetime(2026, 4, 1, tzinfo=OSLO)),
        (ActivationPolicy("fixed_dates", dates=((3, 1),)), datetime(2027, 3, 1, tzinfo=OSLO)),
        (ActivationPolicy("fixed_dates", dates=((3, 2),)), datetime(2026, 3, 2, tzinfo=OSLO)),
    ],
)
def test_active_from(policy, active_from):
    found = activates_at(policy, EARNED, OSLO)
    assert found == active_from
    assert found.tzinfo is UTC


def test_on_confirmation_there_is_no_instant():
    assert activates_at(CONFIRMED, EARNED, OSLO) is None


def test_the_time_of_day_survives_the_change_of_clocks():
    earned = datetime(2026, 3, 28, 15, 30, tzinfo=OSLO)
    found = activates_at(after_days(1), earned, "Europe/Oslo")
    assert found == datetime(2026, 3, 29, 15, 30, tzinfo=OSLO)
    assert found - earned.astimezone(UTC) == timedelta(hours=23)


def test_a_time_of_day_that_clocks_skip_comes_just_after():
    earned = datetime(2026, 3, 28, 2, 30, tzinfo=OSLO)
    assert activates_at(after_days(1), earned, OSLO).astimezone(OSLO).hour == 3


def test_a_month_after_the_31st_is_the_last_day():
    earned = datetime(2026, 1, 31, 10, tzinfo=OSLO)
    assert activates_at(ActivationPolicy("after_months", count=1), earned, OSLO) == datetime(
        2026, 2, 28, 10, tzinfo=OSLO
    )


def test_what_is_not_confirmed_is_cancelled_at_the_end_of_the_day():
    assert cancels_at(CONFIRMED, EARNED, OSLO) == end_of_day(date(2026, 3, 31), OSLO)
    assert cancels_at(ActivationPolicy("on_confirmation"), EARNED, OSLO) is None
    assert cancels_at(ActivationPolicy("after_days", cancel_after_days=30), EARNED, OSLO) is None


def test_the_dates_of_points_at_once():
    assert lot_dates(ActivationPolicy(), YEAR, EARNED, OSLO) == LotDates(expires_at(YEAR, EARNED, OSLO))


def test_expiry_counts_from_earning_also_while_pending():
    assert lot_dates(after_days(14), YEAR, EARNED, OSLO) == LotDates(
        expires_at=end_of_day(date(2027, 3, 1), OSLO),
        is_pending=True,
        activates_at=datetime(2026, 3, 15, 15, 30, tzinfo=OSLO).astimezone(UTC),
    )


def test_points_never_end_before_they_could_be_spent():
    month = ExpiryPolicy("rolling", months=1)
    dates = lot_dates(ActivationPolicy("after_months", count=2), month, EARNED, OSLO)
    assert dates.expires_at == end_of_day(date(2026, 5, 1), OSLO)


def test_points_that_wait_for_a_confirmation():
    dates = lot_dates(CONFIRMED, YEAR, EARNED, OSLO)
    assert dates == LotDates(
        expires_at=end_of_day(date(2027, 3, 1), OSLO),
        is_pending=True,
        cancels_at=end_of_day(date(2026, 3, 31), OSLO),
    )


def test_points_that_never_end():
    assert lot_dates(after_days(14), ExpiryPolicy(), EARNED, OSLO).expires_at is None


def test_expiry_once_active():
    ends = start_of_day(date(2026, 6, 1), OSLO)
    assert expiry_once_active(ends, datetime(2026, 5, 31, 12, tzinfo=OSLO), OSLO) == ends
    assert expiry_once_active(ends, datetime(2026, 7, 1, 12, tzinfo=OSLO), OSLO) == end_of_day(date(2026, 7, 1), OSLO)
    assert expiry_once_active(None, EARNED, OSLO) is None


@pytest.mark.parametrize(
    ("settings", "field", "code"),
    [
        ({"kind": "someday"}, "kind", "unknown-choice"),
        ({"count": -1}, "count", "out-of-range"),
        ({"cancel_after_days": 99999}, "cancel_after_days", "out-of-range"),
        ({"kind": "fixed_dates"}, "dates", "required"),
    ],
)
def test_nonsense_is_refused(settings, field, code):
    with pytest.raises(InvalidSetting) as caught:
        ActivationPolicy(**settings)
    assert (caught.value.field, caught.value.code) == (field, code)
