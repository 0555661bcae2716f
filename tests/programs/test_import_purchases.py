"""A file of purchases comes in: judged by the same rules as at the till, all or nothing, once."""

import io
import json
import tracemalloc
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection

from loyalty.lib import clock
from loyalty.members.errors import ProgramClosed
from loyalty.members.models import Member
from loyalty.members.services.members import enrol_member
from loyalty.outbox.models import Message
from loyalty.programs.errors.imports import AlreadyRunning, ImportOvertaken
from loyalty.programs.errors.programs import RulesChanged
from loyalty.programs.models.activity import Activity
from loyalty.programs.models.program import Program
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.configuration import configuration_of
from loyalty.programs.queries.lots import lots_of
from loyalty.programs.services import import_judging, import_posting
from loyalty.programs.services.import_staging import stage, staging_table
from tests.ledger.purse import violations
from tests.programs.files import HEADER, bring, mistakes, rows
from tests.till import AT, active, buy, line, live_by, pending, rule
from tests.world import open_program

pytestmark = pytest.mark.django_db
WIDE = f"{HEADER},store,channel,sku,category"


@pytest.fixture(autouse=True)
def _in_march(world):
    with time_machine.travel(AT, tick=False):
        yield


def figures(report):
    return (report.rows, report.imported, report.skipped, report.members_enrolled, report.points_awarded)


def test_a_row_is_a_purchase_of_one_line(world):
    report = bring(world.aurora, rows("r1,ada,2026-03-01,2,19.99,Oslo,web,b-250,beans", header=WIDE))
    assert figures(report) == (1, 1, 0, 0, 19)
    activity = Activity.objects.get()
    assert (activity.member, activity.kind, activity.source) == (world.ada, "purchase", "import")
    assert (activity.external_id, activity.total, activity.currency, activity.actor) == (
        "r1",
        Decimal("19.99"),
        "EUR",
        "operator",
    )
    assert (activity.store, activity.channel, activity.created_at) == ("Oslo", "web", AT)
    (stored,) = activity.lines.all()
    assert (stored.position, stored.quantity, stored.sku, stored.category) == (1, 2, "b-250", "beans")
    assert active(world.ada) == 19


def test_a_date_is_noon_where_the_program_lives(world):
    bring(world.aurora, rows("r1,ada,2026-01-15,1,5", "r2,ada,2025-07-15,1,5"))
    assert [activity.event_at.hour for activity in Activity.objects.order_by("external_id")] == [11, 10]


def test_unknown_members_are_enrolled_from_their_first_purchase_on(world):
    report = bring(world.aurora, rows("r1,0007,2025-05-02,1,5", "r2,0007,2025-05-01,1,6", "r3,ada,2025-05-01,1,7"))
    assert figures(report) == (3, 3, 0, 1, 18)
    enrolled = Member.objects.get(external_id="0007")
    assert (enrolled.program, enrolled.channel, active(enrolled)) == (world.aurora, "import", 11)
    assert enrolled.joined_at == datetime(2025, 5, 1, 10, tzinfo=UTC)


def test_the_same_file_again_changes_nothing(world):
    content = rows("r1,ada,2026-03-01,1,5", "r2,new,2026-03-01,1,6")
    bring(world.aurora, content)
    before = list(Activity.objects.order_by("pk").values())
    assert figures(bring(world.aurora, content)) == (2, 0, 2, 0, 0)
    assert list(Activity.objects.order_by("pk").values()) == before


def test_a_longer_file_adds_what_is_new(world):
    bring(world.aurora, rows("r1,ada,2026-03-01,1,5"))
    report = bring(world.aurora, rows("r0,ben,2026-03-01,1,4", "r1,ada,2026-03-01,1,5", "r2,ada,2026-03-01,1,6"))
    assert figures(report) == (3, 2, 1, 0, 10)


def test_a_dry_run_says_what_would_happen_and_stores_nothing(world):
    rule(world.aurora, "Welcome", ("first_purchase", "equals", "yes"), effect="fixed", points=50)
    content = rows("r1,new,2026-03-01,1,5", "r2,ada,2026-03-01,1,6", "r3,new,2026-03-01,1,1")
    dry = bring(world.aurora, content, dry_run=True)
    assert not Activity.objects.exists()
    assert not Member.objects.filter(external_id="new").exists()
    assert figures(dry) == figures(bring(world.aurora, content)) == (3, 3, 0, 1, 112)


def test_the_good_rows_alone_where_one_asks_for_it(world):
    report = bring(world.aurora, rows("r1,ada,2026-03-01,1,x", "r2,ada,2026-03-01,1,6"), skip_wrong_rows=True)
    assert (figures(report), report.errors) == ((2, 1, 0, 0, 6), 1)


def test_only_one_event_is_published_and_none_for_nothing(world, settings):
    settings.OUTBOX_WIRING = "tests.wires"
    content = rows("r1,ada,2026-03-01,1,5", "r2,ada,2026-03-01,1,6")
    bring(world.aurora, content)
    bring(world.aurora, content)
    (message,) = Message.objects.filter(event__contains="programs")
    assert message.event == "loyalty.programs.events.PurchasesImported"
    assert (message.payload["rows"], message.payload["points_awarded"]) == (2, 11)


# --- The same as at the till ---------------------------------------------------------------------------------------


def busy_program(program):
    """Rules that look at everything a row can hold, and wallets of every kind."""
    rule(program, "Welcome", ("first_purchase", "equals", "yes"), effect="fixed", points=50)
    rule(program, "Beans", ("category", "equals", "beans"), points=3, basis="lines", priority=10)
    rule(program, "No gift cards", ("category", "equals", "gift cards"), points=0, basis="lines", priority=20)
    rule(program, "Mug of the month", ("sku", "in", "mug-1,mug-2"), effect="fixed_per_unit", points=5)
    rule(program, "Web", ("channel", "equals", "web"), effect="multiplier", factor="1.5")
    rule(program, "Oslo", ("store", "contains", "oslo"), effect="fixed", points=2)
    rule(program, "Weekend", ("weekday", "in", "sat,sun"), effect="multiplier", factor=2)
    rule(program, "Evening", ("time_of_day", "between", "18:00-22:00"), effect="fixed", points=1)
    rule(program, "Gold", ("member_attribute.tier", "equals", "gold"), effect="multiplier", factor=2)
    rule(program, "Big baskets", ("basket_total", "gte", "50"), effect="fixed", points=10)
    rule(
        program,
        "Spring",
        points=1,
        starts_at=datetime(2026, 2, 1, tzinfo=UTC),
        ends_at=datetime(2026, 3, 1, tzinfo=UTC),
    )
    rule(program, "Idea", effect="multiplier", factor=3, is_shadow=True)
    Wallet.objects.create(program=program, code="stars", name="Stars", position=1, expiry="sliding", expiry_months=6)
    Wallet.objects.create(
        program=program, code="later", name="Later", position=2, activation="after_days", activation_count=14
    )
    Wallet.objects.create(program=program, code="maybe", name="Maybe", position=3, activation="on_confirmation")
    for code, per in (("stars", 10), ("later", 5), ("maybe", 20)):
        rule(program, code.title(), wallet=code, per_amount=per)


SHOPPING = [
    ("ada", "2025-06-01T12:00:00+02:00", "1", "19.99", "Oslo S", "web", "b-250", "beans"),
    ("ada", "2025-06-07T19:30:00+02:00", "2", "60.00", "Bergen", "till", "mug-1", "cups"),
    ("new", "2025-09-01T09:00:00+02:00", "1", "25.00", "", "", "", "gift cards"),
    ("ada", "2025-09-14T09:00:00+02:00", "3", "75.50", "Oslo V", "web", "mug-2", "cups"),
    ("ben", "2026-02-15T20:00:00+01:00", "1", "0.50", "", "", "", ""),
    ("new", "2026-02-20T20:00:00+01:00", "1", "12.00", "", "app", "b-500", "beans"),
    ("ada", "2026-02-25T12:00:00+01:00", "0.5", "5.00", "", "", "", ""),
    ("ben", "2026-03-01T12:00:00+01:00", "1", "99.99", "Oslo", "web", "", ""),
]  # fmt: skip


def params_of(step):
    """Without the ids of rules, which differ between programs."""
    return {name: value for name, value in step["params"].items() if name != "by"}


def told(program):
    """Everything that purchases left behind, without ids and instants of writing."""
    activities = [
        (a.member.external_id, a.external_id, a.event_at, a.total, a.store, a.channel, a.digest, a.awards,
         [(step["name"], step["matched"], step["points"], step["code"], params_of(step)) for step in a.explanation],
         [(each.sku, each.category, each.quantity, each.amount) for each in a.lines.all()])
        for a in Activity.objects.filter(program=program).select_related("member").order_by("external_id")
    ]  # fmt: skip
    lots = [
        (member.external_id, lot.wallet.code, lot.granted, lot.remaining, lot.state, lot.earned_at, lot.expires_at,
         lot.activates_at, lot.cancel_at)
        for member in Member.objects.filter(program=program).order_by("external_id")
        for lot in lots_of(member, with_used=True)
    ]  # fmt: skip
    return activities, sorted(lots, key=repr)


def test_a_file_earns_what_the_till_would_have_given(world):
    busy_program(world.aurora)
    content = rows(
        *(f"r{number},{who},{at},{quantity},{amount},{store},{channel},{sku},{category}"
          for number, (who, at, quantity, amount, store, channel, sku, category) in enumerate(SHOPPING)),
        header=WIDE,
    )  # fmt: skip
    bring(world.aurora, content)
    imported = told(world.aurora)
    other = twin_of(world)
    for number, (who, at, quantity, amount, store, channel, sku, category) in enumerate(SHOPPING):
        buy(
            other[who], line(amount, quantity=quantity, sku=sku, category=category), receipt=f"r{number}",
            source="import", at=datetime.fromisoformat(at), store=store, channel=channel,
        )  # fmt: skip
    assert imported == told(other["ada"].program)


def twin_of(world):
    """The same program and people once more, bought at by tills."""
    twin = open_program("twin", "Twin", currency="EUR", languages=["en"])
    busy_program(twin)
    facts = {"ada": {"attributes": {"tier": "gold"}}, "ben": {}, "new": {}}
    return {who: enrol_member(twin, actor="test", external_id=who, **more) for who, more in facts.items()}


def test_the_first_purchase_is_the_earliest_of_the_file_and_never_one_of_an_old_customer(world):
    rule(world.aurora, "Welcome", ("first_purchase", "equals", "yes"), effect="fixed", points=50)
    buy(world.ada, "1")
    report = bring(
        world.aurora,
        rows("r1,new,2026-02-02,1,10", "r2,new,2026-02-01,1,20", "r3,ada,2026-01-01,1,30", "r4,ben,2026-02-01,1,5"),
    )
    assert report.points_awarded == 10 + 70 + 30 + 55
    assert Activity.objects.get(external_id="r2").awards[0]["points"] == 70


def test_pending_points_of_old_purchases_are_active(world):
    live_by(world.aurora.wallets.get(), activation="after_days", activation_count=14)
    bring(world.aurora, rows("r1,ada,2026-02-01,1,10", "r2,ada,2026-03-01,1,7"))
    assert (active(world.ada), pending(world.ada)) == (10, 7)


def test_rows_that_are_alike_are_judged_once(world, monkeypatch):
    judged = []
    original = import_judging.evaluate
    monkeypatch.setattr(import_judging, "evaluate", lambda *a, **k: judged.append(a) or original(*a, **k))
    bring(world.aurora, rows(*(f"r{number},ada,2026-0{number % 2 + 1}-01,{number + 1},5" for number in range(9))))
    assert len(judged) == 1


def test_what_is_remembered_is_bounded(world, monkeypatch):
    monkeypatch.setattr(import_judging, "REMEMBERED", 2)
    report = bring(world.aurora, rows(*(f"r{number},ada,2026-03-01,1,{number + 1}" for number in range(7))))
    assert report.points_awarded == sum(range(1, 8))


def test_memory_does_not_grow_with_the_file(world):
    configuration = configuration_of(world.aurora)

    def peak(count):
        content = io.BytesIO(rows(*(f"r{at:06},m{at % 50},2026-03-01,1,{at % 90}.50" for at in range(count))).encode())
        with staging_table():
            stage(configuration, content, source="import")
            content.seek(0)
        with staging_table():
            tracemalloc.start()
            stage(configuration, content, source="import")
            _now, most = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        return most

    assert peak(40_000) < 1.25 * peak(10_000)


# --- When something goes wrong in the middle -----------------------------------------------------------------------


def test_a_failure_in_the_middle_leaves_nothing(world, monkeypatch):
    monkeypatch.setattr(import_posting, "_award", lambda *a: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        bring(world.aurora, rows("r1,new,2026-03-01,1,5"))
    assert not Activity.objects.exists()
    assert not Member.objects.filter(external_id="new").exists()
    monkeypatch.undo()
    assert bring(world.aurora, rows("r1,new,2026-03-01,1,5")).imported == 1


def test_a_closed_program_imports_nothing(world):
    Program.objects.filter(pk=world.aurora.pk).update(is_active=False)
    with pytest.raises(ProgramClosed):
        bring(world.aurora, rows("r1,ada,2026-03-01,1,5"))


def test_rules_that_change_while_the_file_is_read(world):
    def change(phase, _rows):
        if phase == "read":
            world.aurora.rules.update(points=2)

    with pytest.raises(RulesChanged):
        bring(world.aurora, rows("r1,ada,2026-03-01,1,5"), progress=change)
    assert not Activity.objects.exists()


def test_a_receipt_that_is_recorded_while_the_file_is_read(world):
    def overtake(phase, _rows):
        if phase == "read":
            buy(world.ada, "5", receipt="r1", source="import", at=clock.now())

    with pytest.raises(ImportOvertaken):
        bring(world.aurora, rows("r0,ben,2026-03-01,1,5", "r1,ada,2026-03-01,1,5"), progress=overtake)
    assert (active(world.ada), active(world.ben)) == (5, 0)


@pytest.mark.django_db(transaction=True)
def test_one_import_per_program_at_a_time(world):
    other = connection.copy()
    turn = f"import:{world.aurora.pk}"
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtext('laurel'), hashtext(%s))", [turn])
            with pytest.raises(AlreadyRunning):
                bring(world.aurora, rows("r1,ada,2026-03-01,1,5"))
            assert bring(world.fjord, rows("r1,cleo,2026-03-01,1,5")).imported == 1
            cursor.execute("SELECT pg_advisory_unlock(hashtext('laurel'), hashtext(%s))", [turn])
    finally:
        other.close()
    assert bring(world.aurora, rows("r1,ada,2026-03-01,1,5")).imported == 1


def test_progress_is_told_of_both_halves(world):
    heard = []
    bring(
        world.aurora, rows("r1,ada,2026-03-01,1,5", "r2,ada,2026-03-01,1,5"), progress=lambda *told: heard.append(told)
    )
    assert heard == [("read", 2), ("write", 2)]


# --- The command ---------------------------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path):
    def write(*lines):
        path = tmp_path / "purchases.csv"
        path.write_text(rows(*lines))
        return str(path)

    return write


def run(*arguments):
    out, err = io.StringIO(), io.StringIO()
    status = 0
    try:
        call_command("import_purchases", *arguments, "--program", "aurora", stdout=out, stderr=err)
    except SystemExit as end:
        status = end.code
    return status, out.getvalue(), err.getvalue()


def test_the_command_prints_exactly_six_figures(world, file):
    status, out, err = run(file("r1,new,2026-03-01,1,5.50", "r2,ada,2026-03-01,1,6"), "--json")
    assert (status, err) == (0, "")
    assert json.loads(out) == {
        "rows": 2, "imported": 2, "skipped": 0, "errors": 0, "members_enrolled": 1, "points_awarded": 11,
    }  # fmt: skip


def test_the_command_exits_1_with_every_mistake_in_words(world, file):
    status, out, err = run(file("r1,ada,2026-03-01,1,x", "r2,ada,2026-03-01,1", "r3,ada,2026-03-01,1,6"), "--json")
    assert (status, json.loads(out)["errors"], json.loads(out)["imported"]) == (1, 2, 0)
    assert err.splitlines() == [
        "line 2, amount: “x” is not a number. Write it such as 12.50.",
        "line 3: The line has 4 values, but there are 5 columns.",
    ]
    assert not Activity.objects.exists()


def test_the_command_tells_how_many_more_mistakes_there_are(world, file):
    status, out, err = run(file(*(f"r{number},ada,2026-03-01,1,x" for number in range(203))))
    assert (status, err.splitlines()[-1]) == (1, "… and 3 more")
    assert "Imported 0 of 203 purchases (0 recorded before, 203 errors)" in out


def test_the_command_checks_without_storing(world, file):
    path = file("r1,new,2026-03-01,1,5.50")
    status, out, _err = run(path, "--dry-run")
    assert (status, out.strip()) == (
        0,
        "Would import 1 of 1 purchase (0 recorded before, 0 errors): 1 new member, 5 points.",
    )
    assert not Activity.objects.exists()


def test_the_command_takes_the_good_rows_of_a_bad_file(world, file):
    status, out, _err = run(file("r1,ada,2026-03-01,1,x", "r2,ada,2026-03-01,1,6"), "--skip-wrong-rows", "--json")
    assert (status, json.loads(out)["imported"]) == (1, 1)


def test_the_command_refuses_in_words(world, file, tmp_path):
    with pytest.raises(CommandError, match="No such file"):
        run(str(tmp_path / "none.csv"))
    with pytest.raises(CommandError, match="no program with the code “nowhere”"):
        call_command("import_purchases", file("r1,ada,2026-03-01,1,5"), "--program", "nowhere")


def test_the_ledger_is_sound_throughout(world):
    busy_program(world.aurora)
    bring(world.aurora, rows(*(f"r{n},c{n % 7},2025-{n % 12 + 1:02}-1{n % 9},1,{n}.75" for n in range(60))))
    assert violations() == {}
    assert mistakes(bring(world.aurora, rows("r1,c1,2026-03-01,1,x"))) == [(2, "amount")]
