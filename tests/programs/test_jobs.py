"""What time does by itself, in every program's own days, harmless twice."""

import io
import json
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django_celery_beat.models import PeriodicTask

from config.celery import app
from loyalty.ledger import services as ledger
from loyalty.ledger.errors import BeyondCalendar
from loyalty.ledger.rules import Swept
from loyalty.members.services.members import update_member
from loyalty.messaging.models import InboxEntry
from loyalty.outbox.models import Message
from loyalty.outbox.services import relay
from loyalty.programs import tasks
from loyalty.programs.models.activity import ExpiryWarning
from loyalty.programs.models.program import Program
from loyalty.programs.services import jobs
from loyalty.programs.services.jobs import activate_points, expire_points, release_holds, warn_of_expiry
from loyalty.programs.services.schedules import ENTRIES, ensure_schedules
from tests.till import AT, active, buy, live_by, pending
from tests.world import earn

pytestmark = pytest.mark.django_db


def command(*arguments):
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


# --- Expiry --------------------------------------------------------------------------------------------------------


def test_points_expire_exactly_at_their_instant_and_once(world):
    buy(world.ada, "10")
    end = datetime(2027, 3, 2, 23, tzinfo=UTC)  # midnight in Oslo
    assert expire_points(at=end - timedelta(microseconds=1)) == Swept()
    assert expire_points(at=end) == Swept(lots=1, points=10)
    assert expire_points(at=end + timedelta(days=9)) == Swept()


def test_every_program_has_its_own_midnight(world):
    Program.objects.filter(pk=world.fjord.pk).update(time_zone="Pacific/Auckland")
    buy(world.ada, "10")
    buy(world.cleo, "20", receipt="2", currency="NOK")
    auckland = datetime(2027, 3, 2, 11, tzinfo=UTC)
    assert expire_points(at=auckland) == Swept(lots=1, points=20)
    assert expire_points(at=auckland + timedelta(hours=12)) == Swept(lots=1, points=10)


def test_one_program_alone(world):
    buy(world.ada, "10")
    buy(world.cleo, "20", receipt="2", currency="NOK")
    assert expire_points(program=world.fjord, at=AT + timedelta(days=400)) == Swept(lots=1, points=20)


def test_a_run_tells_what_it_closed(world, settings):
    settings.OUTBOX_WIRING = "tests.wires"
    buy(world.ada, "10")
    expire_points(at=AT + timedelta(days=400))
    (message,) = Message.objects.filter(event="loyalty.programs.events.PointsExpired")
    assert (message.payload["lots"], message.payload["points"]) == (1, 10)


def test_closed_programs_and_archived_wallets_keep_time_too(world):
    buy(world.ada, "10")
    live_by(world.aurora.wallets.get(), is_archived=True)
    Program.objects.filter(pk=world.aurora.pk).update(is_active=False)
    assert expire_points(at=AT + timedelta(days=400)).points == 10


# --- Pending points and holds --------------------------------------------------------------------------------------


def test_pending_points_come_on_their_day(world):
    live_by(world.aurora.wallets.get(), activation="after_days", activation_count=14)
    with time_machine.travel(AT, tick=False):
        buy(world.ada, "10")
    due = AT + timedelta(days=14)
    assert activate_points(at=due - timedelta(seconds=1)) == Swept()
    assert activate_points(at=due) == Swept(lots=1, points=10)
    assert activate_points(at=due) == Swept()
    assert (active(world.ada, at=due), pending(world.ada)) == (10, 0)


def test_holds_past_their_end_are_released(world):
    earn(world.ada, 100, at=AT)
    account = ledger.open_account(wallet_id=world.aurora.wallets.get().pk, subject=world.ada.subject)
    ledger.hold(account, points=40, key="h", at=AT, until=AT + timedelta(hours=1), actor="test")
    assert active(world.ada) == 60
    assert release_holds(at=AT + timedelta(minutes=59)) == Swept()
    assert release_holds(at=AT + timedelta(hours=1)).points == 40
    assert active(world.ada) == 100


# --- Warnings ------------------------------------------------------------------------------------------------------


def expires(world, points, end, *, key, member=None):
    earn(member or world.ada, points, key=key, at=end - timedelta(days=365), expires_at=end)


def warned(member):
    rows = ExpiryWarning.objects.filter(member=member).order_by("days", "expires_at")
    return [(row.days, row.points, row.expires_at) for row in rows]


NEW_YEAR = datetime(2026, 12, 31, 23, tzinfo=UTC)  # the year's end in Oslo: usable through 31 December


def test_members_are_warned_once_per_step_however_often_it_runs(world):
    expires(world, 120, NEW_YEAR, key="a")
    expires(world, 30, NEW_YEAR, key="b")
    first_day = datetime(2026, 12, 1, 8, tzinfo=UTC)
    assert warn_of_expiry(at=first_day - timedelta(days=1)) == 0
    assert [warn_of_expiry(at=first_day) for _each in range(10)] == [1] + [0] * 9
    assert warn_of_expiry(at=datetime(2026, 12, 23, 8, tzinfo=UTC)) == 0
    assert warn_of_expiry(at=datetime(2026, 12, 24, 8, tzinfo=UTC)) == 1
    assert warned(world.ada) == [(7, 150, NEW_YEAR), (30, 150, NEW_YEAR)]


def test_one_letter_and_one_inbox_entry_with_amount_and_day(world, mailoutbox):
    expires(world, 120, NEW_YEAR, key="a")
    with time_machine.travel(datetime(2026, 12, 1, 9, tzinfo=UTC), tick=False):
        warn_of_expiry()
        relay()
        warn_of_expiry()
        relay()
    (entry,) = InboxEntry.objects.filter(member=world.ada)
    assert "120" in entry.subject
    (letter,) = mailoutbox
    assert "120" in letter.subject
    assert "ada@example.org" in letter.to[0]


def test_a_late_run_tells_the_nearest_step_alone(world):
    expires(world, 120, NEW_YEAR, key="a")
    assert warn_of_expiry(at=datetime(2026, 12, 28, 8, tzinfo=UTC)) == 1
    assert warned(world.ada) == [(7, 120, NEW_YEAR)]
    assert warn_of_expiry(at=NEW_YEAR) == 0


def test_days_that_were_missed_are_told_together(world, settings):
    settings.OUTBOX_WIRING = "tests.wires"
    for number in range(3):
        expires(world, 10, NEW_YEAR + timedelta(days=number), key=str(number))
    assert warn_of_expiry(at=datetime(2026, 12, 10, 8, tzinfo=UTC)) == 1
    (message,) = Message.objects.filter(event="loyalty.programs.events.PointsExpiring")
    told = message.payload
    assert (told["points"], told["days"]) == (30, 30)
    assert (told["expires_at"], told["until"]) == ("2026-12-31T23:00:00+00:00", "2027-01-02T23:00:00+00:00")
    assert len(warned(world.ada)) == 3


def test_points_that_join_before_the_next_step_are_in_its_sum(world):
    expires(world, 100, NEW_YEAR, key="a")
    warn_of_expiry(at=datetime(2026, 12, 1, 8, tzinfo=UTC))
    expires(world, 50, NEW_YEAR, key="b")
    assert warn_of_expiry(at=datetime(2026, 12, 2, 8, tzinfo=UTC)) == 0
    warn_of_expiry(at=datetime(2026, 12, 25, 8, tzinfo=UTC))
    assert warned(world.ada) == [(7, 150, NEW_YEAR), (30, 100, NEW_YEAR)]


def test_only_who_is_concerned_is_warned(world):
    expires(world, 100, NEW_YEAR, key="a")
    expires(world, 100, NEW_YEAR, key="b", member=world.ben)
    expires(world, 100, NEW_YEAR, key="c", member=world.cleo)
    update_member(world.ben, actor="test", status="blocked")
    world.fjord.warn_days = []
    world.fjord.save()
    assert warn_of_expiry(at=datetime(2026, 12, 25, 8, tzinfo=UTC)) == 1
    assert (len(warned(world.ada)), warned(world.ben), warned(world.cleo)) == (1, [], [])


def test_spent_points_are_no_reason_to_warn(world):
    expires(world, 100, NEW_YEAR, key="a")
    account = ledger.open_account(wallet_id=world.aurora.wallets.get().pk, subject=world.ada.subject)
    ledger.spend(account, points=60, key="s", at=AT, actor="test")
    warn_of_expiry(at=datetime(2026, 12, 25, 8, tzinfo=UTC))
    assert warned(world.ada) == [(7, 40, NEW_YEAR)]


def test_nobody_is_woken(world):
    expires(world, 100, NEW_YEAR, key="a")
    assert warn_of_expiry(at=datetime(2026, 12, 25, 6, 59, tzinfo=UTC), from_hour=8) == 0
    assert warn_of_expiry(at=datetime(2026, 12, 25, 7, 0, tzinfo=UTC), from_hour=8) == 1


@pytest.mark.parametrize(
    ("last_day_ends", "first_warned_at"),
    [
        # Clocks go forward on 29 March 2026, back on 25 October: each way the day is the local one.
        (datetime(2026, 3, 29, 22, tzinfo=UTC), datetime(2026, 3, 21, 23, tzinfo=UTC)),
        (datetime(2026, 4, 4, 22, tzinfo=UTC), datetime(2026, 3, 27, 23, tzinfo=UTC)),
        (datetime(2026, 10, 25, 23, tzinfo=UTC), datetime(2026, 10, 17, 22, tzinfo=UTC)),
        (datetime(2026, 10, 31, 23, tzinfo=UTC), datetime(2026, 10, 23, 22, tzinfo=UTC)),
    ],
    ids=["ends on the short day", "over the short night", "ends on the long day", "over the long night"],
)
def test_both_nights_on_which_clocks_change(world, last_day_ends, first_warned_at):
    world.aurora.warn_days = [7]
    world.aurora.save()
    expires(world, 100, last_day_ends, key="a")
    assert warn_of_expiry(at=first_warned_at - timedelta(seconds=1)) == 0
    assert warn_of_expiry(at=first_warned_at) == 1
    assert warn_of_expiry(at=first_warned_at + timedelta(hours=25)) == 0
    assert expire_points(at=last_day_ends - timedelta(seconds=1)) == Swept()
    assert expire_points(at=last_day_ends).points == 100


def test_crowds_are_told_slice_by_slice(world, monkeypatch):
    monkeypatch.setattr(jobs, "SLICE", 1)
    expires(world, 100, NEW_YEAR, key="a")
    expires(world, 50, NEW_YEAR, key="b", member=world.ben)
    assert warn_of_expiry(at=datetime(2026, 12, 25, 8, tzinfo=UTC)) == 2


# --- Turns, tasks and commands -------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_second_tick_leaves_the_turn_to_the_first(world):
    buy(world.ada, "10")
    late = AT + timedelta(days=400)
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            for name in ("expire_points", "activate_points", "warn_of_expiry"):
                cursor.execute("SELECT pg_advisory_lock(hashtext('laurel'), hashtext(%s))", [name])
        assert (expire_points(at=late), activate_points(at=late), warn_of_expiry(at=late)) == (Swept(), Swept(), 0)
    finally:
        other.close()
    assert expire_points(at=late, wait=True) == Swept(lots=1, points=10)


def test_every_task_runs(world):
    buy(world.ada, "10", at=AT - timedelta(days=400))
    for task in ("activate_points", "cancel_unconfirmed", "release_holds", "warn_of_expiry", "work_on_uploads"):
        getattr(tasks, task)()
    tasks.expire_points()
    tasks.prove_ledger()
    assert expire_points() == Swept()


def test_a_broken_ledger_is_logged(world, caplog):
    buy(world.ada, "10")
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE ledger_account SET balance = balance + 1 WHERE balance > 0")
        assert jobs.prove_ledger() > 0
        cursor.execute("UPDATE ledger_account SET balance = balance - 1 WHERE balance > 0")
        cursor.execute("SET session_replication_role = DEFAULT")
    assert "ledger:" in caplog.text


def test_the_commands_answer_in_words_and_in_json(world):
    buy(world.ada, "10")
    late = ("--at", "2027-04-01", "--program", "aurora")
    assert json.loads(command("warn_expiry", "--at", "2027-03-01T08:00:00+01:00", "--json")) == {"warnings": 1}
    assert json.loads(command("activate_points", "--json")) == {"lots": 0, "points": 0}
    assert json.loads(command("expire_points", *late, "--json")) == {"lots": 1, "points": 10}
    assert command("expire_points", *late).strip() == "0 points in 0 lots expired."


def test_the_commands_count_as_people_do(world):
    buy(world.ada, "1")
    assert command("activate_points").strip() == "0 points in 0 lots can be spent now."
    assert command("warn_expiry", "--at", "2027-03-01T08:00:00+01:00").strip() == "1 warning."
    assert command("warn_expiry", "--at", "2027-03-01T08:00:00+01:00").strip() == "0 warnings."
    assert command("expire_points", "--at", "2027-04-01").strip() == "1 point in 1 lot expired."
    buy(world.ada, "2", receipt="2")
    assert command("expire_points", "--at", "2027-04-01").strip() == "2 points in 1 lot expired."


@pytest.mark.parametrize("name", ["expire_points", "activate_points", "warn_expiry"])
@pytest.mark.parametrize("at", ["9999-12-31", "0001-01-01", "9999-12-31T23:59:59+00:00"])
@pytest.mark.parametrize("program", [(), ("--program", "aurora")])
def test_an_instant_beyond_the_calendar_is_refused_for_what_it_is(world, name, at, program):
    with pytest.raises(
        CommandError, match=rf"“{re.escape(at)}.*” is beyond the calendar.*from 0002-01-01 to 9998-12-31"
    ):
        command(name, "--at", at, *program)


def test_a_warning_of_days_beyond_the_calendar_is_refused(world):
    with pytest.raises(BeyondCalendar):
        warn_of_expiry(at=datetime(9998, 12, 31, 8, tzinfo=UTC))


def test_a_day_without_an_offset_is_the_programs(world):
    buy(world.ada, "10")
    assert json.loads(command("expire_points", "--at", "2027-03-02", "--program", "aurora", "--json"))["lots"] == 0
    assert json.loads(command("expire_points", "--at", "2027-03-03", "--program", "aurora", "--json"))["lots"] == 1


@pytest.mark.parametrize("wrong", [("--at", "soon"), ("--program", "nowhere")])
def test_the_commands_refuse_in_words(world, wrong):
    with pytest.raises(CommandError, match=r"“soon” is not an instant|no program with the code “nowhere”"):
        command("expire_points", *wrong)


def test_every_job_is_scheduled_once_and_stays_the_operators_to_change(db):
    PeriodicTask.objects.all().delete()
    assert ensure_schedules() == len(ENTRIES)
    PeriodicTask.objects.filter(task="loyalty.programs.tasks.warn_of_expiry").update(name="Warnings", enabled=False)
    assert ensure_schedules() == 0
    changed = PeriodicTask.objects.get(task="loyalty.programs.tasks.warn_of_expiry")
    assert (changed.name, changed.enabled) == ("Warnings", False)


def test_every_entry_rings_a_task_that_exists():
    app.loader.import_default_modules()
    assert {entry.task for entry in ENTRIES} <= set(app.tasks)
