"""When points end: S30 and S32, every policy, leap years, and the odd nights of odd zones."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from loyalty.programs.rules.days import add_months, end_of_day, end_of_period, next_date, start_of_day
from loyalty.programs.rules.expiry import ExpiryPolicy, after_policy_change, expires_at, last_day
from loyalty.programs.rules.invalid import InvalidSetting
from tests.programs.rules.till import OSLO

NEVER = ExpiryPolicy()
YEARLY = ExpiryPolicy("calendar", dates=((12, 31),))


def rolling(months: int, rounding: str = "none", **settings) -> ExpiryPolicy:
    return ExpiryPolicy("rolling", months=months, rounding=rounding, **settings)


def at(year: int, month: int, day: int, hour: int = 12, zone: ZoneInfo = OSLO) -> datetime:
    return datetime(year, month, day, hour, tzinfo=zone)


def through(policy: ExpiryPolicy, earned: datetime) -> date:
    expires = expires_at(policy, earned, OSLO)
    assert expires is not None
    assert expires.tzinfo is UTC
    return last_day(expires, OSLO)


class TestScenarios:
    @pytest.mark.parametrize(
        ("policy", "earned", "usable_through"),
        [
            (rolling(1), (2026, 1, 25), date(2026, 2, 25)),
            (rolling(1), (2026, 1, 31), date(2026, 2, 28)),
            (rolling(0), (2026, 1, 31), date(2026, 1, 31)),
            (rolling(1, "month"), (2026, 1, 1), date(2026, 2, 28)),
            (rolling(1, "month"), (2026, 1, 31), date(2026, 2, 28)),
        ],
    )
    def test_s30_through_the_local_day(self, policy, earned, usable_through):
        assert through(policy, at(*earned)) == usable_through
        assert through(policy, at(*earned, 0)) == usable_through
        assert through(policy, at(*earned, 23)) == usable_through

    def test_s30_the_end_is_local_midnight(self):
        assert expires_at(rolling(1), at(2026, 1, 25), OSLO) == datetime(2026, 2, 25, 23, tzinfo=UTC)
        assert expires_at(rolling(1), at(2026, 1, 25), "Europe/Oslo") == datetime(2026, 2, 25, 23, tzinfo=UTC)
        assert expires_at(rolling(1), at(2026, 1, 25, zone=UTC), "America/New_York") == datetime(
            2026, 2, 26, 5, tzinfo=UTC
        )

    def test_s32_switched_on_nothing_ends_before_a_full_period(self):
        changed = at(2022, 3, 1)
        for earned in (at(2015, 6, 1), at(2021, 3, 2), changed):
            expires = after_policy_change(None, earned, rolling(12), changed, OSLO)
            assert last_day(expires, OSLO) == date(2022 + 1, 3, 1)
        assert last_day(after_policy_change(None, at(2022, 5, 5), rolling(12), changed, OSLO), OSLO) == date(2023, 5, 5)


class TestPolicies:
    def test_never(self):
        assert expires_at(NEVER, at(2026, 1, 1), OSLO) is None

    @pytest.mark.parametrize(
        ("rounding", "usable_through"),
        [
            ("none", date(2026, 8, 10)),
            ("month", date(2026, 8, 31)),
            ("quarter", date(2026, 9, 30)),
            ("half_year", date(2026, 12, 31)),
            ("year", date(2026, 12, 31)),
        ],
    )
    def test_rolling_rounded(self, rounding, usable_through):
        assert through(rolling(6, rounding), at(2026, 2, 10)) == usable_through

    @pytest.mark.parametrize(
        ("dates", "min_age", "earned", "usable_through"),
        [
            (((12, 31),), 0, (2026, 5, 1), date(2026, 12, 31)),
            (((12, 31),), 0, (2026, 12, 31), date(2026, 12, 31)),
            (((12, 31),), 3, (2026, 12, 30), date(2027, 12, 31)),
            (((12, 31),), 3, (2026, 9, 30), date(2026, 12, 31)),
            (((12, 31),), 3, (2026, 10, 1), date(2027, 12, 31)),
            (((6, 30), (12, 31)), 0, (2026, 7, 1), date(2026, 12, 31)),
            (((6, 30), (12, 31)), 12, (2026, 7, 1), date(2027, 12, 31)),
            (("06-30", "12-31"), 0, (2026, 6, 30), date(2026, 6, 30)),
            (((2, 29),), 0, (2026, 1, 1), date(2026, 2, 28)),
            (((2, 29),), 0, (2028, 1, 1), date(2028, 2, 29)),
            (((2, 29),), 0, (2026, 3, 1), date(2027, 2, 28)),
        ],
    )
    def test_calendar(self, dates, min_age, earned, usable_through):
        policy = ExpiryPolicy("calendar", dates=dates, min_age_months=min_age)
        assert through(policy, at(*earned)) == usable_through

    def test_sliding_counts_from_the_last_activity(self):
        policy = ExpiryPolicy("sliding", months=6)
        assert through(policy, at(2026, 1, 31)) == date(2026, 7, 31)
        assert through(policy, at(2026, 8, 31)) == date(2027, 2, 28)

    def test_grace_comes_last(self):
        assert through(rolling(1, "month", grace_days=10), at(2026, 1, 5)) == date(2026, 3, 10)
        assert through(ExpiryPolicy("calendar", dates=((12, 31),), grace_days=1), at(2026, 1, 5)) == date(2027, 1, 1)

    def test_leap_day(self):
        assert through(rolling(12), at(2024, 2, 29)) == date(2025, 2, 28)
        assert through(rolling(48), at(2024, 2, 29)) == date(2028, 2, 29)
        assert through(rolling(1), at(2024, 1, 31)) == date(2024, 2, 29)


class TestZones:
    @pytest.mark.parametrize(
        ("earned", "hours_of_the_last_day"),
        [((2026, 2, 28), 24), ((2024, 2, 29), 24)],
    )
    def test_an_ordinary_day(self, earned, hours_of_the_last_day):
        ends = expires_at(rolling(0), at(*earned), OSLO)
        assert ends - start_of_day(date(*earned), OSLO) == timedelta(hours=hours_of_the_last_day)

    @pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
    def test_both_nights_when_clocks_change(self, day, hours):
        earned = at(day.year, day.month, day.day, 3)
        assert expires_at(rolling(0), earned, OSLO) - start_of_day(day, OSLO) == timedelta(hours=hours)

    @pytest.mark.parametrize("hour", [0, 2])
    def test_both_readings_of_the_doubled_hour_are_one_day(self, hour):
        for fold in (0, 1):
            earned = datetime(2026, 10, 25, hour, 30, tzinfo=OSLO, fold=fold)
            assert through(rolling(0), earned) == date(2026, 10, 25)

    def test_where_clocks_skip_midnight_the_day_ends_as_they_jump(self):
        santiago = ZoneInfo("America/Santiago")  # 2024-09-08 begins at 01:00
        ends = end_of_day(date(2024, 9, 7), santiago)
        assert ends == datetime(2024, 9, 8, 4, tzinfo=UTC)
        assert ends.astimezone(santiago).hour == 1

    def test_where_the_first_hour_comes_twice_the_day_before_ends_once(self):
        havana = ZoneInfo("America/Havana")  # 2024-11-03 01:00 becomes 00:00
        assert end_of_day(date(2024, 11, 2), havana) == datetime(2024, 11, 3, 4, tzinfo=UTC)

    def test_where_the_last_minutes_come_twice_they_belong_to_the_day(self):
        st_johns = ZoneInfo("America/St_Johns")  # 2010-11-07 00:01 became 23:01 of the 6th
        ends = end_of_day(date(2010, 11, 6), st_johns)
        assert ends == datetime(2010, 11, 7, 3, 30, tzinfo=UTC)
        assert (ends - timedelta(seconds=1)).astimezone(st_johns).date() == date(2010, 11, 6)

    def test_a_day_that_never_was_ends_where_it_would_have_begun(self):
        apia = ZoneInfo("Pacific/Apia")  # there was no 30 December 2011
        assert end_of_day(date(2011, 12, 29), apia) == end_of_day(date(2011, 12, 30), apia)

    def test_the_day_is_that_of_the_program(self):
        late = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)  # already February in Oslo
        assert through(rolling(0, "month"), late) == date(2026, 2, 28)

    def test_a_naive_instant_is_refused(self):
        with pytest.raises(InvalidSetting, match="at: not-aware"):
            expires_at(rolling(1), datetime(2026, 1, 1), OSLO)  # noqa: DTZ001


class TestPolicyChange:
    changed = at(2026, 3, 1)

    def end(self, old: datetime | None, earned: datetime, policy: ExpiryPolicy) -> date | None:
        expires = after_policy_change(old, earned, policy, self.changed, OSLO)
        return None if expires is None else last_day(expires, OSLO)

    def test_longer_counts_at_once(self):
        earned = at(2025, 6, 1)
        old = expires_at(rolling(12), earned, OSLO)
        assert self.end(old, earned, rolling(24)) == date(2027, 6, 1)
        assert self.end(old, earned, NEVER) is None

    def test_shorter_takes_nothing_before_a_full_new_period(self):
        earned = at(2025, 6, 1)
        old = expires_at(rolling(24), earned, OSLO)  # through 1 June 2027
        assert self.end(old, earned, rolling(6)) == date(2026, 9, 1)
        assert self.end(old, earned, rolling(12)) == date(2027, 3, 1)
        assert self.end(expires_at(rolling(24), at(2026, 2, 1), OSLO), at(2026, 2, 1), rolling(12)) == date(2027, 3, 1)

    def test_shorter_never_prolongs(self):
        earned = at(2024, 4, 1)
        old = expires_at(rolling(24), earned, OSLO)  # through 1 April 2026
        assert self.end(old, earned, rolling(12)) == date(2026, 4, 1)

    def test_the_same_policy_changes_nothing(self):
        earned = at(2025, 6, 1)
        assert self.end(expires_at(rolling(12), earned, OSLO), earned, rolling(12)) == date(2026, 6, 1)

    def test_what_has_ended_stays_ended(self):
        earned = at(2025, 1, 1)
        assert self.end(expires_at(rolling(12), earned, OSLO), earned, NEVER) == date(2026, 1, 1)
        exactly = self.changed.astimezone(UTC)
        assert after_policy_change(exactly, earned, NEVER, self.changed, OSLO) == exactly

    def test_to_fixed_dates_the_second_date_is_the_first_that_takes(self):
        assert self.end(None, at(2020, 1, 1), YEARLY) == date(2027, 12, 31)
        assert self.end(None, at(2020, 1, 1), ExpiryPolicy("calendar", dates=((6, 30), (12, 31)))) == date(2026, 12, 31)
        aged = ExpiryPolicy("calendar", dates=((6, 30), (12, 31)), min_age_months=9)
        assert self.end(None, at(2020, 1, 1), aged) == date(2027, 6, 30)

    def test_points_earned_after_the_change_follow_the_new_policy(self):
        assert self.end(None, at(2027, 5, 1), YEARLY) == date(2027, 12, 31)
        assert self.end(None, at(2028, 5, 1), YEARLY) == date(2028, 12, 31)

    def test_to_sliding(self):
        assert self.end(None, at(2020, 1, 1), ExpiryPolicy("sliding", months=3)) == date(2026, 6, 1)


class TestDays:
    def test_months(self):
        assert add_months(date(2026, 10, 31), 4) == date(2027, 2, 28)
        assert add_months(date(2026, 12, 31), 0) == date(2026, 12, 31)
        assert add_months(date(2026, 12, 31), 2) == date(2027, 2, 28)

    def test_periods(self):
        ends = [end_of_period(date(2026, month, 1), "quarter").month for month in range(1, 13)]
        assert ends == [3, 3, 3, 6, 6, 6, 9, 9, 9, 12, 12, 12]
        assert end_of_period(date(2024, 2, 1), "month") == date(2024, 2, 29)
        assert end_of_period(date(2026, 6, 30), "half_year") == date(2026, 6, 30)

    def test_dates_of_a_year(self):
        assert next_date(((1, 1), (7, 1)), date(2026, 7, 1)) == date(2026, 7, 1)
        assert next_date(((1, 1), (7, 1)), date(2026, 7, 2)) == date(2027, 1, 1)


class TestNonsense:
    @pytest.mark.parametrize(
        ("settings", "field", "code"),
        [
            ({"kind": "someday"}, "kind", "unknown-choice"),
            ({"rounding": "week"}, "rounding", "unknown-choice"),
            ({"months": -1}, "months", "out-of-range"),
            ({"months": 1201}, "months", "out-of-range"),
            ({"months": 1.5}, "months", "not-a-whole-number"),
            ({"months": True}, "months", "not-a-whole-number"),
            ({"min_age_months": -1}, "min_age_months", "out-of-range"),
            ({"grace_days": -1}, "grace_days", "out-of-range"),
            ({"kind": "calendar"}, "dates", "required"),
            ({"dates": ((2, 30),)}, "dates", "not-a-date"),
            ({"dates": ((13, 1),)}, "dates", "not-a-date"),
            ({"dates": ("12/31",)}, "dates", "not-a-date"),
            ({"dates": (5,)}, "dates", "not-a-date"),
        ],
    )
    def test_is_refused(self, settings, field, code):
        with pytest.raises(InvalidSetting) as caught:
            ExpiryPolicy(**settings)
        assert (caught.value.field, caught.value.code) == (field, code)

    def test_dates_are_kept_in_order_and_once(self):
        policy = ExpiryPolicy("calendar", dates=["12-31", (6, 30), (12, 31)])
        assert policy.dates == ((6, 30), (12, 31))
        assert hash(policy)
