"""Tills that all talk at once: every receipt counts once, and each guard is shown to be what makes it so."""

import io
import random
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from loyalty.lib.errors import Busy
from loyalty.members.models import Member
from loyalty.members.services.crowds import enrol_many
from loyalty.outbox.models import Message
from loyalty.programs.errors.activities import ReceiptReused
from loyalty.programs.errors.imports import AlreadyRunning
from loyalty.programs.models.activity import Activity, ExpiryWarning
from loyalty.programs.models.program import Program
from loyalty.programs.services.activities import record_purchase
from loyalty.programs.services.batches import record_purchases
from loyalty.programs.services.confirmation import cancel_activity, confirm_activity
from loyalty.programs.services.facts import Recorded
from loyalty.programs.services.imports import ImportReport, import_purchases
from loyalty.programs.services.jobs import expire_points, warn_of_expiry
from loyalty.programs.services.points import adjust_points
from tests import databases
from tests.ledger.purse import violations
from tests.programs.files import rows
from tests.races.crowd import changed_function, crowd, failures
from tests.till import ACTOR, AT, active, buy, live_by, purchase, rule
from tests.world import open_program

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def cafe(settings) -> Program:
    settings.OUTBOX_WIRING = "tests.wires"
    return open_program("cafe", "Café", currency="EUR", languages=["en"])


@pytest.fixture
def guests(cafe) -> list[Member]:
    enrol_many(cafe, [f"guest-{number}" for number in range(10)], actor="test")
    return list(Member.objects.filter(program=cafe).select_related("program").order_by("external_id"))


@pytest.fixture(autouse=True)
def _proved(cafe):
    yield
    assert violations() == {}


def total(guests: list[Member]) -> int:
    return sum(active(guest) for guest in guests)


def told(name: str) -> int:
    return Message.objects.filter(event=f"loyalty.programs.events.{name}").count()


def test_500_receipts_sent_five_times_in_any_order_are_500_credits(cafe, guests):
    tills = 10
    receipts = [(guests[number % len(guests)], f"{number}", number % 7 + 1) for number in range(500)]

    def till(number: int) -> list[Recorded]:
        """Half of everything, in an order of its own: five times all of it by ten tills."""
        dice = random.Random(number)
        mine = receipts[number % 2 :: 2]
        dice.shuffle(mine)
        return [buy(guest, str(amount), receipt=receipt) for guest, receipt, amount in mine]

    answers = crowd(till, tills)
    assert failures(answers) == []
    assert sum(not each.replayed for till in answers for each in till) == 500
    assert Activity.objects.count() == told("ActivityRecorded") == 500
    assert total(guests) == sum(amount for _guest, _receipt, amount in receipts)


def test_the_same_receipt_from_fifty_tills_has_one_effect(guests):
    answers = crowd(lambda _number: buy(guests[0], "19.99"))
    assert failures(answers) == []
    assert [each.replayed for each in answers].count(False) == 1
    assert len({(each.activity_id, each.awards) for each in answers}) == 1
    assert (active(guests[0]), told("ActivityRecorded")) == (19, 1)


def same_receipt_of_two_members(guests, receipt: str = "1001") -> list[Any]:
    return crowd(lambda number: buy(guests[number % 2], "19.99", receipt=receipt), 20)


def test_one_receipt_belongs_to_one_member(guests):
    answers = same_receipt_of_two_members(guests)
    winners = [each for each in answers if isinstance(each, Recorded)]
    losers = [each for each in answers if isinstance(each, ReceiptReused)]
    assert (len(winners), len(losers)) == (10, 10)
    assert total(guests) == 19


def test_without_the_unique_key_a_receipt_would_belong_to_two(guests):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE loyalty_activity DROP CONSTRAINT activity_once")
    try:
        for number in range(10):  # until two tills look before either writes
            same_receipt_of_two_members(guests, f"crowd {number}")
            if found := violations():
                break
        assert set(found) == {"receipts_are_credited_once"}
    finally:
        databases.restore()
        with connection.cursor() as cursor:
            columns = "program_id, kind, source, external_id"
            cursor.execute(f"ALTER TABLE loyalty_activity ADD CONSTRAINT activity_once UNIQUE ({columns})")


def first_purchases(cafe, guests) -> int:
    """How many of twenty purchases at once were welcomed as a member's first."""
    rule(cafe, "Welcome", ("first_purchase", "equals", "yes"), effect="fixed", points=50)
    buy(guests[1], "1", receipt="compiles the rules")
    answers = crowd(lambda number: buy(guests[0], "10", receipt=str(number)), 20)
    assert failures(answers) == []
    return sum(each.awards[0].points == 60 for each in answers)


def test_only_one_purchase_is_the_first(cafe, guests):
    assert first_purchases(cafe, guests) == 1


def test_a_rule_that_has_just_begun_to_ask_for_the_first_purchase(cafe, guests):
    """Until then nobody took turns; every till notices at once."""
    buy(guests[1], "1", receipt="compiles the rules")
    rule(cafe, "Welcome", ("first_purchase", "equals", "yes"), effect="fixed", points=50)
    answers = crowd(lambda number: buy(guests[0], "10", receipt=str(number)), 20)
    assert failures(answers) == []
    assert sum(each.awards[0].points == 60 for each in answers) == 1


def test_without_the_members_lock_there_would_be_several_firsts(cafe, guests):
    with changed_function("programs_situation", ("IF p_lock THEN", "IF false THEN")):
        assert first_purchases(cafe, guests) > 1


def test_batches_in_opposite_orders_do_not_lock_each_other_out(cafe, guests):
    facts = [purchase(guest, "5", receipt=guest.external_id) for guest in guests]

    def send(number: int) -> list[Any]:
        mine = facts if number % 2 else facts[::-1]
        return record_purchases(cafe, mine, actor=ACTOR)

    answers = crowd(send, 10)
    assert failures(answers) == []
    assert all(isinstance(each, Recorded) for sent in answers for each in sent)
    assert (total(guests), told("ActivityRecorded")) == (50, 10)


def test_batches_single_tills_and_a_file_bring_the_same_receipts(cafe, guests):
    lines = [f"r{number},guest-{number % 10},2026-03-01T12:00:00Z,1,5" for number in range(60)]
    content = rows(*lines).encode()
    noon = AT.replace(day=1, hour=12, minute=0)
    facts = [purchase(guests[number % 10], "5", receipt=f"r{number}", source="import", at=noon) for number in range(60)]
    acts: list[Callable[[], Any]] = [
        lambda: record_purchases(cafe, facts, actor=ACTOR),
        lambda: [record_purchase(cafe, each, actor=ACTOR) for each in facts[::-1]],
        lambda: import_purchases(cafe, io.BytesIO(content), actor=ACTOR),
    ]
    answers = crowd(lambda number: acts[number % 3](), 9)
    assert failures(answers) == []
    assert (Activity.objects.count(), total(guests)) == (60, 300)


def test_the_same_file_from_many_sides_comes_in_once(cafe, guests):
    content = rows(*(f"r{number},new-{number % 40},2026-03-01,1,5" for number in range(200))).encode()
    answers = crowd(lambda _number: import_purchases(cafe, io.BytesIO(content), actor=ACTOR), 6)
    assert failures(answers) == []
    reports = [each for each in answers if isinstance(each, ImportReport)]
    assert sum(report.imported for report in reports) == 200
    assert sum(report.members_enrolled for report in reports) == 40
    assert {type(each) for each in answers} <= {ImportReport, AlreadyRunning}


def test_many_sweeps_expire_every_lot_once(cafe, guests):
    for number in range(40):
        buy(guests[number % 10], "5", receipt=str(number))
    later = AT.replace(year=2028)
    answers = crowd(lambda _number: expire_points(at=later, wait=True), 8)
    assert failures(answers) == []
    assert (sum(each.points for each in answers), sum(each.lots for each in answers)) == (200, 40)


def test_many_ticks_warn_once(cafe, guests):
    buy(guests[0], "5")
    soon = AT.replace(year=2027, month=2, day=25)
    answers = crowd(lambda _number: warn_of_expiry(at=soon), 10)
    assert failures(answers) == []
    assert sum(answers) == ExpiryWarning.objects.count() == told("PointsExpiring") == 1


def test_an_order_is_confirmed_or_cancelled_never_both(cafe, guests):
    live_by(cafe.wallets.get(), activation="on_confirmation", cancel_after_days=365)
    for number in range(10):
        buy(guests[0], "10", receipt=str(number), at=AT)

    def settle(number: int) -> Any:
        order = {"source": "till", "external_id": str(number // 4), "actor": ACTOR}
        return cancel_activity(cafe, **order, reason="r") if number % 2 else confirm_activity(cafe, **order)

    answers = crowd(settle, 40)
    assert failures(answers) == []
    assert told("ActivityConfirmed") + told("ActivityCancelled") == 10
    assert active(guests[0]) == 10 * told("ActivityConfirmed")


def test_a_form_sent_fifty_times_adjusts_once(cafe, guests):
    wallet = cafe.wallets.get()
    give = {"points": 50, "reason": "r", "key": "form", "actor": "staff:1"}
    answers = crowd(lambda _number: adjust_points(guests[0], wallet, **give))
    assert failures(answers) == []
    assert [each.replayed for each in answers].count(False) == 1
    assert (active(guests[0]), told("PointsAdjusted")) == (50, 1)
    assert not [each for each in answers if isinstance(each, Busy)]
