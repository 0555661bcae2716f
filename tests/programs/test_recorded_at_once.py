"""One statement writes a purchase where nothing else has to: all of it or nothing, whatever is refused on the way."""

from contextlib import contextmanager
from datetime import timedelta

import pytest

from config.bench.meter import counting
from loyalty.ledger import services as ledger
from loyalty.ledger.errors import KeyReused
from loyalty.lib import clock
from loyalty.lib.errors import Busy
from loyalty.members.models import Member
from loyalty.members.services.members import enrol_member
from loyalty.outbox.models import Message
from loyalty.programs.models.activity import Activity, ActivityLine
from loyalty.programs.models.caps import Cap, CapUse
from loyalty.programs.models.versions import ProgramVersion
from loyalty.programs.services.uses import Counters
from tests.ledger.purse import violations
from tests.races.crowd import changed_function
from tests.till import AT, active, buy, earned
from tests.world import open_program

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def guest(settings) -> Member:
    settings.OUTBOX_WIRING = "tests.wires"
    cafe = open_program("cafe", "Café", currency="EUR", languages=["en"])
    return enrol_member(cafe, external_id="guest", actor="test")


@contextmanager
def at_once():
    """What is recorded inside takes one look and one statement, and no transaction around them."""
    with counting() as sent:
        yield
    assert [statement.split("(")[0] for statement in sent] == [
        "SELECT * FROM programs_situation", "SELECT * FROM programs_record",
    ]  # fmt: skip


def test_row_lines_points_and_message_come_together(guest):
    buy(guest, "1", receipt="first")  # it has the version recorded and the account opened
    with at_once():
        recorded = buy(guest, "20", "5", receipt="second")
    stored = Activity.objects.get(external_id="second")
    assert (recorded.activity_id, earned(recorded), active(guest)) == (stored.pk, {"points": 25}, 26)
    assert [str(each.amount) for each in stored.lines.order_by("position")] == ["20.0000", "5.0000"]
    assert stored.version == ProgramVersion.objects.get(program=guest.program)
    told = Message.objects.filter(event__endswith="ActivityRecorded").order_by("-pk").first()
    assert told.payload["activity_id"] == stored.pk
    assert violations() == {}


def test_the_first_account_is_opened_on_the_way(guest):
    buy(guest, "1", receipt="first")
    enrol_member(guest.program, external_id="friend", actor="test")
    friend = Member.objects.select_related("program").get(external_id="friend")
    with at_once():
        buy(friend, "30", receipt="second")
    assert active(friend) == 30


def test_a_refusal_of_the_ledger_leaves_nothing(guest):
    buy(guest, "1", receipt="first")
    account = ledger.open_account(wallet_id=guest.program.wallets.get().pk, subject=guest.subject)
    ledger.award(account, points=7, key="purchase:till:second:points", at=clock.now(), actor="test")
    told = Message.objects.count()
    with pytest.raises(KeyReused):
        buy(guest, "30", receipt="second")
    assert (Activity.objects.count(), ActivityLine.objects.count(), Message.objects.count()) == (1, 1, told)
    assert active(guest) == 8


def test_five_deadlocks_in_a_row_are_busy_and_leave_nothing(guest):
    buy(guest, "1", receipt="first")
    deadlock = ("BEGIN\n", "BEGIN\n    RAISE EXCEPTION 'once more' USING ERRCODE = '40P01';\n")
    with changed_function("ledger_award", deadlock), pytest.raises(Busy):
        buy(guest, "30", receipt="second")
    assert (Activity.objects.count(), active(guest)) == (1, 1)
    assert earned(buy(guest, "30", receipt="second")) == {"points": 30}


def test_a_rule_that_came_meanwhile_counts_its_caps(guest):
    """What this process knows of the rules is old: the purchase is still judged by those in force."""
    buy(guest, "1", receipt="first")
    Cap.objects.create(program=guest.program, scope="member", period="day", measure="points", limit=10)
    assert earned(buy(guest, "30", receipt="second")) == {"points": 10}  # a cap counts from its beginning on
    assert active(guest) == 11


@pytest.fixture
def capped(guest) -> Member:
    """May earn 100 points a day; the rules are compiled."""
    Cap.objects.create(program=guest.program, scope="member", period="day", measure="points", limit=100)
    buy(guest, "10", receipt="first")
    return guest


def test_counters_are_read_and_moved_without_a_transaction(capped):
    with counting() as sent:
        assert earned(buy(capped, "60", receipt="second")) == {"points": 60}
    assert [statement.split("(")[0] for statement in sent] == [
        "SELECT * FROM programs_situation", "SELECT * FROM programs_uses", "SELECT * FROM programs_record",
    ]  # fmt: skip
    assert CapUse.objects.values_list("times", "points").get() == (2, 70)


def test_what_somebody_else_used_up_meanwhile_is_not_given_twice(capped, monkeypatch):
    """Between the look and the statement another till takes 60 of the 90 that were left: the rest is 30."""
    behind = Counters.look

    def look(self, places):
        found = behind(self, places)
        monkeypatch.setattr(Counters, "look", behind)
        if not self.lock:
            assert earned(buy(capped, "60", receipt="other")) == {"points": 60}
        return found

    monkeypatch.setattr(Counters, "look", look)
    assert earned(buy(capped, "50", receipt="second")) == {"points": 30}
    assert (active(capped), CapUse.objects.values_list("times", "points").get()) == (100, (3, 100))
    assert violations() == {}


def test_the_same_receipt_from_elsewhere_meanwhile_is_counted_once(capped, monkeypatch):
    behind = Counters.look

    def look(self, places):
        found = behind(self, places)
        monkeypatch.setattr(Counters, "look", behind)
        buy(capped, "50", receipt="second")
        return found

    monkeypatch.setattr(Counters, "look", look)
    assert buy(capped, "50", receipt="second").replayed
    assert (active(capped), CapUse.objects.values_list("times", "points").get()) == (60, (2, 60))


def test_a_cooldown_is_kept_by_its_counter(guest, monkeypatch):
    """Two tills look before either writes: the later one finds the minutes not over and is judged anew."""
    Cap.objects.create(program=guest.program, scope="member", period="cooldown", minutes=60, limit=0)
    buy(guest, "1", receipt="first", at=AT - timedelta(hours=3))
    behind = Counters.look

    def look(self, places):
        found = behind(self, places)
        monkeypatch.setattr(Counters, "look", behind)
        assert earned(buy(guest, "20", receipt="other")) == {"points": 20}
        return found

    monkeypatch.setattr(Counters, "look", look)
    assert earned(buy(guest, "50", receipt="second")) == {}
    assert active(guest) == 21
