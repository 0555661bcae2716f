"""Ladders as they are climbed and come down from, word by word; no database, one clock."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.programs.rules.invalid import InvalidSetting
from loyalty.programs.rules.tiers import (
    BELOW,
    Counts,
    Held,
    Ladder,
    Moment,
    Rung,
    Span,
    at_first,
    grace_end,
    judge,
    outlook,
    spans_of,
    window_of,
)  # fmt: skip

OSLO = "Europe/Oslo"


def rungs(**thresholds: int) -> tuple[Rung, ...]:
    return tuple(
        Rung(number, name, name.capitalize(), Decimal(threshold))
        for number, (name, threshold) in enumerate(thresholds.items(), 1)
    )


def local(text: str, zone: str = OSLO) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def moment(text: str, joined: str = "2024-02-29", zone: str = OSLO) -> Moment:
    return Moment(local(text, zone), zone, local(joined, zone))


METALS = rungs(bronze=0, silver=100, gold=200)
YEARLY = Ladder(1, "status", "Status", rungs(silver=300, gold=1000), measure="spend")
BALANCE = Ladder(1, "status", "Status", METALS, measure="balance", wallet=1, downgrade="at_once")


def name_of(ladder: Ladder, held: Held) -> str:
    rung = ladder.rung_at(held.place)
    return rung.name if rung else "–"


# S57 [ERPNext test_tier_selection]
@pytest.mark.parametrize(
    ("spent", "order", "tier"),
    [
        (0, 6_000, "Bronze"), (0, 15_000, "Silver"), (0, 25_000, "Gold"), (4_000, 500, "Bronze"),
        (8_000, 3_000, "Silver"), (18_000, 3_000, "Gold"), (22_000, 5_000, "Gold"), (0, 10_000, "Silver"),
        (0, Decimal("9999.99"), "Bronze"),
    ],
)  # fmt: skip
def test_gold_from_20000_silver_from_10000_and_exactly_that_is_enough(spent, order, tier):
    ladder = Ladder(1, "status", "Status", rungs(bronze=0, silver=10_000, gold=20_000), measure="spend")
    now = moment("2026-07-20T12:00")
    held = judge(ladder, at_first(ladder), Counts(Decimal(spent)), now)
    assert name_of(ladder, judge(ladder, held, Counts(Decimal(spent) + order), now)) == tier


# S60 [Voucherify create-tier-structures]: 250 on 20 July, spends 200 on 25 July
def after_the_spending(ladder: Ladder) -> Held:
    gold = judge(ladder, at_first(ladder), Counts(Decimal(250)), moment("2026-07-20T15:00"))
    assert name_of(ladder, gold) == "Gold"
    return judge(ladder, gold, Counts(Decimal(50)), moment("2026-07-25T15:00"))


def test_250_on_20_july_is_gold_and_spending_200_on_25_july_is_bronze_at_once():
    assert name_of(BALANCE, after_the_spending(BALANCE)) == "Bronze"


@pytest.mark.parametrize(
    ("to_month_end", "last"), [(False, "2026-08-19T23:59:59.999999"), (True, "2026-08-31T23:59:59.999999")]
)
def test_with_one_months_grace_gold_stays_until_19_august_rounded_until_31_august(to_month_end, last):
    ladder = replace(BALANCE, grace_count=1, grace_unit="months", grace_to_month_end=to_month_end)
    held = after_the_spending(ladder)
    end = local(last) + timedelta(microseconds=1)
    assert (name_of(ladder, held), held.keeps_until, held.review_at) == ("Gold", end, end)
    short = Counts(Decimal(50))
    assert name_of(ladder, judge(ladder, held, short, moment(last))) == "Gold"
    assert name_of(ladder, judge(ladder, held, short, Moment(end, OSLO, end))) == "Bronze"


def test_one_step_at_a_time_is_silver_and_bronze_another_day():
    ladder = replace(BALANCE, one_step_down=True)
    held = after_the_spending(ladder)
    assert name_of(ladder, held) == "Silver"
    assert name_of(ladder, judge(ladder, held, Counts(Decimal(50)), moment("2026-07-25T23:00"))) == "Silver"
    assert held.review_at == local("2026-07-26")
    assert name_of(ladder, judge(ladder, held, Counts(Decimal(50)), moment("2026-07-26T00:00"))) == "Bronze"


def test_grace_in_days_counts_the_day_of_reaching():
    ladder = replace(BALANCE, grace_count=30)
    assert grace_end(ladder, local("2026-07-20T23:59"), OSLO) == local("2026-08-19")
    assert grace_end(replace(ladder, grace_count=0), local("2026-07-20"), OSLO) is None
    assert grace_end(replace(ladder, grace_count=0, grace_to_month_end=True), local("2026-07-20"), OSLO) == local(
        "2026-08-01"
    )


def test_a_year_that_reached_it_keeps_it_through_the_next_one():
    held = judge(YEARLY, at_first(YEARLY), Counts(Decimal(300)), moment("2026-03-01T12:00"))
    assert (name_of(YEARLY, held), held.keeps_until) == ("Silver", local("2028-01-01"))
    new_year = judge(YEARLY, held, Counts(Decimal(0), Decimal(300)), moment("2027-01-01T00:00"))
    assert new_year == replace(held, review_at=local("2028-01-01"))
    again = judge(YEARLY, new_year, Counts(Decimal(300), Decimal(300)), moment("2027-06-01T12:00"))
    assert again.keeps_until == local("2029-01-01")
    lost = judge(YEARLY, new_year, Counts(Decimal(0), Decimal(299)), moment("2028-01-01T00:00"))
    assert (name_of(YEARLY, lost), lost.keeps_until, lost.review_at) == ("–", None, None)


def test_a_late_run_after_the_end_judges_by_the_window_that_ended():
    held = Held(1, local("2026-02-01"), local("2028-01-01"))
    kept = judge(YEARLY, held, Counts(Decimal(0), Decimal(1000)), moment("2028-02-10T12:00"))
    assert (name_of(YEARLY, kept), kept.keeps_until) == ("Gold", local("2029-01-01"))
    less = judge(YEARLY, held, Counts(Decimal(20), Decimal(450)), moment("2028-02-10T12:00"))
    assert (name_of(YEARLY, less), less.keeps_until) == ("Silver", local("2029-01-01"))


def test_one_step_a_year():
    ladder = replace(YEARLY, one_step_down=True)
    held = judge(ladder, Held(1, keeps_until=local("2028-01-01")), Counts(Decimal(0)), moment("2028-01-01T00:00"))
    assert (name_of(ladder, held), held.keeps_until) == ("Silver", local("2029-01-01"))
    assert name_of(ladder, judge(ladder, held, Counts(Decimal(0)), moment("2029-01-01T00:00"))) == "–"


def test_at_once_a_year_ends_with_its_last_moment():
    ladder = replace(YEARLY, downgrade="at_once")
    held = judge(ladder, at_first(ladder), Counts(Decimal(1500)), moment("2026-12-31T23:59"))
    assert (name_of(ladder, held), held.keeps_until, held.review_at) == ("Gold", None, local("2027-01-01"))
    assert name_of(ladder, judge(ladder, held, Counts(Decimal(0)), moment("2027-01-01T00:00"))) == "–"


def test_what_never_falls_does_not():
    ladder = replace(YEARLY, downgrade="never")
    held = judge(ladder, Held(1), Counts(Decimal(0)), moment("2031-01-01T00:00"))
    assert (name_of(ladder, held), held.keeps_until, held.review_at) == ("Gold", None, None)


def test_what_came_back_does_not_count_not_even_where_nobody_falls():
    for downgrade in ("never", "window_end", "at_once"):
        ladder = replace(YEARLY, downgrade=downgrade, grace_count=30)
        held = judge(ladder, at_first(ladder), Counts(Decimal(1000)), moment("2026-03-01T12:00"))
        left = judge(ladder, held, Counts(Decimal(400), Decimal(400)), moment("2026-03-02T12:00"), returned=True)
        assert name_of(ladder, left) == "Silver"


def test_a_return_takes_no_rung_that_another_year_bears():
    held = Held(1, local("2025-03-01"), local("2027-01-01"))
    left = judge(YEARLY, held, Counts(Decimal(10), Decimal(1000)), moment("2026-03-02T12:00"), returned=True)
    assert (name_of(YEARLY, left), left.keeps_until) == ("Gold", local("2027-01-01"))
    rolling = replace(YEARLY, window="rolling", months=6)
    wide = judge(rolling, Held(0), Counts(Decimal(10), Decimal(5000)), moment("2026-03-02T12:00"), returned=True)
    assert name_of(rolling, wide) == "Silver"


def test_a_floor_by_hand_holds_until_its_instant_and_a_lock_holds_everything():
    until = local("2026-09-01")
    held = Held(1, local("2026-03-01"), floor=1, floor_until=until)
    kept = judge(YEARLY, held, Counts(Decimal(0)), moment("2026-08-31T23:59"))
    assert (name_of(YEARLY, kept), kept.review_at) == ("Gold", until)
    assert name_of(YEARLY, judge(YEARLY, kept, Counts(Decimal(0)), Moment(until, OSLO, until))) == "–"
    locked = Held(0, is_locked=True)
    assert judge(YEARLY, locked, Counts(Decimal(5000)), moment("2026-08-31T23:59")) == locked


@pytest.mark.parametrize(
    ("window", "at", "since", "until"),
    [
        ("calendar_year", "2026-12-31T23:59", "2026-01-01", "2027-01-01"),
        ("anniversary", "2026-02-27T12:00", "2025-02-28", "2026-02-28"),
        ("anniversary", "2026-02-28T00:00", "2026-02-28", "2027-02-28"),
        ("anniversary", "2028-02-29T12:00", "2028-02-29", "2029-02-28"),
        ("anniversary", "2024-03-01T12:00", "2024-02-29", "2025-02-28"),
        ("rolling", "2026-02-28T12:00", "2025-02-28", None),
        ("lifetime", "2026-02-28T12:00", None, None),
    ],
)
def test_windows_are_those_of_the_programs_zone(window, at, since, until):
    found = window_of(replace(YEARLY, window=window), moment(at))
    assert found == Span(since and local(since), until and local(until))


def test_before_one_joined_the_first_year_counts():
    """A purchase may be older than the membership: a guest's receipt."""
    assert window_of(replace(YEARLY, window="anniversary"), moment("2023-05-05", "2024-02-29")).since == local(
        "2024-02-29"
    )


def test_a_rolling_window_keeps_as_long_again():
    ladder = replace(YEARLY, window="rolling", months=12)
    held = judge(ladder, at_first(ladder), Counts(Decimal(300)), moment("2026-03-01T12:00"))
    assert held.keeps_until == local("2027-03-02")
    assert name_of(ladder, judge(ladder, held, Counts(Decimal(0)), moment("2027-03-02T00:00"))) == "–"


def test_what_is_counted_to_judge():
    now = moment("2026-07-20T12:00")
    assert spans_of(replace(YEARLY, downgrade="at_once"), now).before is None
    assert spans_of(YEARLY, now).before == Span(local("2025-01-01"), local("2026-01-01"))
    assert spans_of(replace(YEARLY, downgrade="never"), now, returned=True).before == Span()
    rolling = replace(YEARLY, window="rolling", months=6)
    assert spans_of(rolling, now).before is None
    assert spans_of(rolling, now, returned=True).before == Span(local("2025-07-20"))


def test_what_members_read():
    now = moment("2026-07-20T12:00")
    held = judge(YEARLY, at_first(YEARLY), Counts(Decimal(680)), now)
    seen = outlook(YEARLY, held, Counts(Decimal(680)), now)
    assert (seen.rung.name, seen.next.name, seen.missing, seen.by) == ("Silver", "Gold", 320, local("2027-01-01"))
    assert (seen.share, seen.keeps_until, seen.to_keep, seen.keep_by) == (68, local("2028-01-01"), 0, None)
    later = moment("2027-03-01T12:00")
    seen = outlook(YEARLY, held, Counts(Decimal(100), Decimal(680)), later)
    assert (seen.to_keep, seen.keep_by, seen.missing) == (200, local("2028-01-01"), 900)
    top = outlook(YEARLY, Held(1), Counts(Decimal(1200)), now)
    assert (top.next, top.missing, top.share) == (None, None, 100)
    nobody = outlook(YEARLY, at_first(YEARLY), Counts(Decimal(0)), now)
    assert (nobody.rung, nobody.next.name, nobody.missing, nobody.share) == (None, "Silver", 300, 0)


@pytest.mark.parametrize("wrong", [{"measure": "luck"}, {"window": "week"}, {"downgrade": "x"}, {"measure": "points"}])
def test_nonsense_is_refused(wrong):
    with pytest.raises(InvalidSetting):
        replace(YEARLY, **wrong)


def test_a_rung_of_another_ladder_is_none():
    assert YEARLY.place_of(99) == BELOW
    assert YEARLY.place_of(None) == BELOW
    assert YEARLY.rung_at(BELOW) is None


LADDERS = st.builds(
    Ladder,
    st.just(1), st.just("l"), st.just("L"), st.just(METALS), st.just("spend"), st.none(), st.just(()),
    st.sampled_from(["calendar_year", "anniversary", "rolling", "lifetime"]), st.integers(1, 24),
    st.sampled_from(["never", "window_end", "at_once"]), st.booleans(), st.integers(0, 90),
    st.sampled_from(["days", "months"]), st.booleans(),
)  # fmt: skip
COUNTS = st.builds(Counts, st.decimals(0, 400, places=2), st.decimals(0, 400, places=2))
HELD = st.builds(Held, st.integers(-1, 2))
INSTANTS = st.integers(0, 15 * 365 * 24 * 60).map(lambda minutes: local("2020-01-01") + timedelta(minutes=minutes))
JOINED = local("2024-02-29")


@given(LADDERS, HELD, COUNTS, INSTANTS, st.booleans())
def test_nobody_stands_lower_than_what_is_counted_now_and_judging_twice_is_judging_once(
    ladder, held, counts, at, returned
):
    now = Moment(at, OSLO, JOINED)
    judged = judge(ladder, held, counts, now, returned=returned)
    assert judged.place >= ladder.place_for(counts.now)
    assert judge(ladder, judged, counts, now, returned=returned) == judged


@given(LADDERS, HELD, COUNTS, INSTANTS, st.integers(0, 400))
def test_more_never_stands_lower(ladder, held, counts, at, more):
    now = Moment(at, OSLO, JOINED)
    higher = judge(ladder, held, replace(counts, now=counts.now + more), now)
    assert higher.place >= judge(ladder, held, counts, now).place


@given(LADDERS, COUNTS, COUNTS, INSTANTS, st.integers(0, 900))
def test_a_promise_is_kept_and_time_moves_nobody_before_the_next_look(ladder, counts, later, at, hours):
    now = Moment(at, OSLO, JOINED)
    held = judge(ladder, at_first(ladder), counts, now)
    then = replace(now, at=at + timedelta(hours=hours))
    assert held.review_at is None or held.review_at > at
    if held.keeps_until and then.at < held.keeps_until:
        assert judge(ladder, held, later, then).place >= held.place


@given(LADDERS, COUNTS, INSTANTS)
def test_the_bar_is_full_only_at_the_top(ladder, counts, at):
    now = Moment(at, OSLO, JOINED)
    seen = outlook(ladder, judge(ladder, at_first(ladder), counts, now), counts, now)
    assert 0 <= seen.share <= 100
    assert (seen.share == 100) == (seen.next is None)
    assert seen.to_keep >= 0
