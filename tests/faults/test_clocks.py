"""Both nights on which clocks change, leap days, and jobs that run early, late, twice or in disorder: one result."""

import random
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine

from loyalty.ledger import services as ledger
from loyalty.ledger.errors import NotEnoughPoints
from loyalty.members.models import Member
from loyalty.members.services.members import enrol_member
from loyalty.messaging.models import InboxEntry
from loyalty.outbox.services import relay
from loyalty.programs.models.activity import Activity, ExpiryWarning
from loyalty.programs.models.program import Program
from loyalty.programs.services import jobs
from loyalty.programs.services.programs import create_program
from tests.ledger.purse import rows, violations
from tests.programs.files import bring
from tests.programs.files import rows as file_of
from tests.till import buy, live_by, rule
from tests.world import earn

pytestmark = [pytest.mark.alone, pytest.mark.django_db]

OSLO, NEW_YORK = "Europe/Oslo", "America/New_York"
# The day whose night it is: in spring it has 23 hours, in autumn 25. In Havana and Beirut midnight itself is concerned.
NIGHTS = [
    (OSLO, date(2026, 3, 29)),
    (OSLO, date(2026, 10, 25)),
    (NEW_YORK, date(2026, 3, 8)),
    (NEW_YORK, date(2026, 11, 1)),
    ("America/Havana", date(2026, 3, 8)),
    ("America/Havana", date(2026, 11, 1)),
    ("Asia/Beirut", date(2026, 3, 29)),
    ("Asia/Beirut", date(2026, 10, 24)),
]
IDS = [f"{zone.rpartition('/')[2]} {'spring' if day.month < 6 else 'autumn'}" for zone, day in NIGHTS]
HOUR = timedelta(hours=1)
each_night = pytest.mark.parametrize(("zone", "day"), NIGHTS, ids=IDS)
short_or_long = pytest.mark.parametrize(("zone", "day"), NIGHTS[:4], ids=IDS[:4])


@pytest.fixture(autouse=True)
def _proved(db):
    yield
    assert violations() == {}


def shop_in(zone: str, **policy) -> tuple[Program, Member]:
    """A shop and its one member; points live by `policy`."""
    program = create_program(
        code="shop", name="Shop", currency="EUR", time_zone=zone, points_per=1, expires_months=1, actor="test"
    )
    live_by(program.wallets.get(), **policy)
    with time_machine.travel(datetime(2020, 1, 1, tzinfo=UTC)):
        return program, enrol_member(program, external_id="ada", email="ada@example.org", actor="test")


def midnight(day: date, zone: str) -> datetime:
    """When `day` begins: the first instant of which the calendar says so, found by walking there."""
    instant = datetime.combine(day, time(), UTC) - timedelta(hours=26)
    step = timedelta(minutes=15)
    while instant.astimezone(ZoneInfo(zone)).date() < day:
        instant += step
    last = instant + timedelta(hours=3)  # where the evening before comes twice, its second end counts
    walk = instant
    while walk < last:
        if walk.astimezone(ZoneInfo(zone)).date() < day:
            instant = walk + step
        walk += step
    return instant


def hours(start: datetime, end: datetime) -> Iterable[datetime]:
    while start <= end:
        yield start
        start += HOUR


# --- When the jobs run --------------------------------------------------------------------------------------------

on_time = list
RUNS: dict[str, Callable[[list[datetime]], list[datetime]]] = {
    "on the hour": on_time,
    "an hour early": lambda ticks: [tick - HOUR for tick in ticks] + ticks[-1:],
    "an hour late": lambda ticks: [tick + HOUR for tick in ticks],
    "twice": lambda ticks: [tick for tick in ticks for _time in range(2)],
    "only at the end": lambda ticks: ticks[-1:],
    "in disorder": lambda ticks: random.Random(29).sample(ticks, len(ticks)),
}


@short_or_long
@pytest.mark.parametrize("run", RUNS)
def test_points_come_and_go_at_their_instants_whenever_the_jobs_run(zone, day, run):
    """Bought around the clock: spendable a day later, through the same day of the next month."""
    _program, ada = shop_in(zone, activation="after_days", activation_count=1)
    bought = list(hours(midnight(day - timedelta(days=1), zone), midnight(day + timedelta(days=1), zone) - HOUR))
    for number, at in enumerate(bought):
        with time_machine.travel(at, tick=False):
            buy(ada, "10", receipt=f"r{number}", at=at)
    ends = midnight(months_later(day, 1), zone)
    ticks = [*hours(bought[0], bought[-1] + 30 * HOUR), *hours(ends - 30 * HOUR, ends + 50 * HOUR)][::2]
    for tick in RUNS[run](ticks):
        jobs.activate_points(at=tick)
        jobs.expire_points(at=tick)

    assert came(zone) == [same_time_next_day(at, zone) for at in bought]
    assert went(zone) == [last_day(at, zone) for at in bought]
    end = rows("SELECT balance, pending FROM ledger_account")
    assert end == [(0, 0)]


def came(zone: str) -> list[datetime]:
    return instants("activate")


def went(zone: str) -> list[date]:
    """The last days on which the points could be spent."""
    ends = instants("expire")
    assert all(end == midnight(end.astimezone(ZoneInfo(zone)).date(), zone) for end in ends)
    return [(end - HOUR / 60).astimezone(ZoneInfo(zone)).date() for end in ends]


def instants(kind: str) -> list[datetime]:
    """Of the postings of a kind, in the order of the purchases."""
    found = rows(
        "SELECT p.event_at FROM ledger_posting p JOIN ledger_posting award ON award.id = p.refers_to"
        " WHERE p.kind = %s AND p.bucket = 0 ORDER BY award.event_at, award.id",
        kind,
    )
    return [at for (at,) in found]


def same_time_next_day(at: datetime, zone: str) -> datetime:
    """By the clock on the wall; an hour that is skipped is an hour later."""
    return (at.astimezone(ZoneInfo(zone)) + timedelta(days=1)).astimezone(UTC)


def last_day(at: datetime, zone: str) -> date:
    return months_later(at.astimezone(ZoneInfo(zone)).date(), 1)


def months_later(day: date, months: int) -> date:
    """The same day of another month of that year, or that month's last."""
    for number in (day.day, 30, 29, 28):
        with suppress(ValueError):
            return date(day.year, day.month + months, number)
    raise AssertionError(day)


@each_night
def test_points_are_good_through_the_last_instant_of_the_day_and_no_longer(zone, day):
    """Whether or not a job has run."""
    program, ada = shop_in(zone)
    bought = midnight(months_later(day, -1), zone) + 12 * HOUR
    buy(ada, "10", at=bought)
    account = ledger.open_account(wallet_id=program.wallets.get().pk, subject=ada.subject)
    end = midnight(months_later(months_later(day, -1), 1) + timedelta(days=1), zone)
    ledger.spend(account, points=1, key="just", at=end - timedelta(microseconds=1), actor="test")
    with pytest.raises(NotEnoughPoints):
        ledger.spend(account, points=1, key="late", at=end, actor="test")
    assert jobs.expire_points(at=end - timedelta(microseconds=1)).lots == 0
    assert jobs.expire_points(at=end).points == 9


@short_or_long
@pytest.mark.parametrize("run", RUNS)
def test_a_warning_before_and_over_the_night_comes_once_on_its_day(zone, day, run, mailoutbox):
    """Points end with the third day after the night; the shop warns seven days, three days and one day before."""
    program, ada = shop_in(zone, expiry="never")
    program.warn_days = [7, 3, 1]
    program.save()
    earn(ada, 10, at=midnight(day, zone), expires_at=midnight(day + timedelta(days=4), zone))
    ticks = list(hours(midnight(day - timedelta(days=8), zone), midnight(day + timedelta(days=3), zone)))[::2]
    for tick in RUNS[run](ticks):
        with time_machine.travel(tick, tick=False):
            jobs.warn_of_expiry(at=tick)
            relay()

    told = sorted(ExpiryWarning.objects.values_list("days", flat=True), reverse=True)
    assert told == [1] if run == "only at the end" else [7, 3, 1]
    assert InboxEntry.objects.count() == len(mailoutbox) == len(told)
    if run == "on the hour":
        days = [at.astimezone(ZoneInfo(zone)).date() for (at,) in rows(
            "SELECT created_at FROM loyalty_expirywarning ORDER BY created_at")]  # fmt: skip
        assert days == [day + timedelta(days=3 - before) for before in (7, 3, 1)]


# --- Business days and files --------------------------------------------------------------------------------------


@each_night
def test_a_date_in_a_file_is_noon_of_that_day(zone, day):
    program, _ada = shop_in(zone)
    days = [day + timedelta(days=offset) for offset in (-1, 0, 1)]
    bring(program, file_of(*[f"r{n},ada,{each},1,10" for n, each in enumerate(days)]))
    stored = [
        at.astimezone(ZoneInfo(zone))
        for at in Activity.objects.order_by("external_id").values_list("event_at", flat=True)
    ]
    assert [(at.date(), at.hour, at.minute) for at in stored] == [(each, 12, 0) for each in days]
    ends = [end for (end,) in rows("SELECT expires_at FROM ledger_lot ORDER BY earned_at")]
    assert ends == [midnight(months_later(each, 1) + timedelta(days=1), zone) for each in days]


def test_wall_time_in_a_file_is_the_programs_also_where_it_is_skipped_or_comes_twice():
    program, _ada = shop_in(OSLO)
    lines = [
        "r1,ada,2026-03-29T02:30:00,1,10",
        "r2,ada,2026-10-25T02:30:00,1,10",
        "r3,ada,2026-10-25T02:30:00+01:00,1,10",
    ]
    with time_machine.travel(datetime(2026, 12, 1, tzinfo=UTC)):
        bring(program, file_of(*lines))
    stored = dict(Activity.objects.values_list("external_id", "event_at"))
    assert stored == {
        "r1": datetime(2026, 3, 29, 1, 30, tzinfo=UTC),  # half past two does not exist: half past three
        "r2": datetime(2026, 10, 25, 0, 30, tzinfo=UTC),  # the first of the two
        "r3": datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    }


@pytest.mark.parametrize("way", ["till", "file"])
@each_night
def test_a_rule_for_the_day_counts_all_its_hours_and_no_other(zone, day, way):
    """Double points on that weekday: 23 or 25 hours of it."""
    program, ada = shop_in(zone)
    rule(program, "Double", ("weekday", "in", str(day.isoweekday())), effect="multiplier", factor=2)
    first, last = midnight(day, zone), midnight(day + timedelta(days=1), zone)
    times = list(hours(first - 2 * HOUR, last + HOUR))
    with time_machine.travel(last + timedelta(days=2)):
        if way == "till":
            for number, at in enumerate(times):
                buy(ada, "10", receipt=f"r{number}", at=at)
        else:
            bring(program, file_of(*[f"r{n},ada,{at.isoformat()},1,10" for n, at in enumerate(times)]))
    doubled = rows("SELECT event_at FROM ledger_posting WHERE points = 20 ORDER BY 1")
    assert [at for (at,) in doubled] == [at for at in times if first <= at < last]
    assert len(doubled) == {True: 23, False: 25}[day.month < 6]


# --- Leap days ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bought", "months", "usable_through"),
    [
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2023, 2, 28), 12, date(2024, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2023, 1, 31), 1, date(2023, 2, 28)),
        (date(2024, 2, 29), 0, date(2024, 2, 29)),
    ],
)
def test_leap_days(bought, months, usable_through):
    program, _ada = shop_in(OSLO, expiry_months=months)
    assert bring(program, file_of(f"r,ada,{bought},1,10")).points_awarded == 10
    ends = midnight(usable_through + timedelta(days=1), OSLO)
    assert rows("SELECT expires_at FROM ledger_lot") == [(ends,)]
    assert jobs.expire_points(at=ends - HOUR).lots == 0
    assert jobs.expire_points(at=ends).points == 10


def test_a_leap_day_in_a_common_year_is_a_mistake_with_its_line():
    program, _ada = shop_in(OSLO)
    report = bring(program, file_of("r1,ada,2024-02-29,1,10", "r2,ada,2023-02-29,1,10"))
    assert [(mistake.line, mistake.column) for mistake in report.mistakes] == [(3, "occurred_on")]


def test_points_for_the_29th_of_every_february_come_on_the_28th_of_common_years():
    _program, ada = shop_in(OSLO, activation="fixed_dates", activation_dates=["02-29"], expiry="never")
    for year, day in ((2025, 28), (2028, 29)):
        at = datetime(year - 1, 6, 1, 12, tzinfo=UTC)
        with time_machine.travel(at):
            buy(ada, "10", receipt=f"r{year}", at=at)
        begins = midnight(date(year, 2, day), OSLO)
        assert jobs.activate_points(at=begins - HOUR).lots == 0
        assert jobs.activate_points(at=begins).points == 10


# --- A clock that is moved ----------------------------------------------------------------------------------------


def test_a_clock_that_was_set_back_repeats_nothing():
    """An operator corrects the machine's time by a day: what had happened stays, what comes after goes on."""
    _program, ada = shop_in(OSLO, expiry_months=1)
    monday = datetime(2026, 3, 2, 12, tzinfo=UTC)
    with time_machine.travel(monday):
        buy(ada, "10", receipt="r1", at=monday)
    with time_machine.travel(monday + timedelta(days=40)):
        assert jobs.expire_points().points == 10
    with time_machine.travel(monday + timedelta(days=10)):
        assert jobs.expire_points().lots == 0
        buy(ada, "20", receipt="r2", at=monday + timedelta(days=10))
        again = buy(ada, "10", receipt="r1", at=monday)
        assert again.replayed
        assert [each.active for each in again.balances] == [20]
