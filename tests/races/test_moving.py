"""Members who send, accept and withdraw at once: limits hold, and nothing is given twice."""

import pytest

from loyalty.members.models import Member
from loyalty.members.services.crowds import enrol_many
from loyalty.programs.models.moving import Transfer, TransferPolicy
from loyalty.programs.models.program import Program
from loyalty.programs.services import moving
from loyalty.programs.services.moving import accept_transfer, decline_transfer, send_points, withdraw_transfer
from tests.ledger.purse import violations
from tests.races.crowd import crowd, failures
from tests.till import active, live_by
from tests.world import earn, open_program

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def cafe(settings) -> Program:
    settings.OUTBOX_WIRING = "tests.wires"
    return open_program("cafe", "Café", currency="EUR", languages=["en"])


@pytest.fixture
def guests(cafe) -> list[Member]:
    enrol_many(cafe, [f"guest-{number}" for number in range(5)], actor="test")
    found = list(Member.objects.filter(program=cafe).select_related("program").order_by("external_id"))
    for number, guest in enumerate(found):
        earn(guest, 1000, key=f"start:{number}")
    return found


@pytest.fixture
def policy(cafe) -> TransferPolicy:
    return TransferPolicy.objects.create(wallet=cafe.wallets.get(code="points"), cooling_hours=0)


@pytest.fixture(autouse=True)
def _proved(cafe):
    yield
    assert violations() == {}


def send(giver: Member, to: Member, points: int, id: str) -> Transfer:
    wallet = giver.program.wallets.get(code="points")
    return send_points(giver, to, wallet, points=points, id=id, source="portal", actor="test")


def fifty_against_a_limit(guests: list[Member], policy: TransferPolicy) -> list:
    policy.per_day = 100
    policy.save()
    return crowd(lambda number: send(guests[0], guests[1 + number % 4], 7, f"t{number}"))


def test_a_daily_maximum_is_never_passed_by_fifty_at_once(guests, policy):
    results = fifty_against_a_limit(guests, policy)
    assert failures(results) == []
    assert sum(isinstance(each, Transfer) for each in results) == 14  # 14 × 7 = 98
    assert active(guests[0]) == 1000 - 98


def test_it_is_the_lock_on_the_sender_that_holds_it(guests, policy, monkeypatch):
    monkeypatch.setattr(moving, "_turn_of", lambda *people: people)
    fifty_against_a_limit(guests, policy)
    assert active(guests[0]) < 1000 - 98


def fifty_against_a_cap(guests: list[Member], policy: TransferPolicy) -> list:
    """Guest 0 may hold 100 more; four others send them 7 at a time."""
    live_by(policy.wallet, balance_cap=1100)
    return crowd(lambda number: send(guests[1 + number % 4], guests[0], 7, f"t{number}"))


def test_nobody_holds_more_than_they_may_by_fifty_at_once(guests, policy):
    results = fifty_against_a_cap(guests, policy)
    assert failures(results) == []
    assert sum(isinstance(each, Transfer) for each in results) == 14
    assert active(guests[0]) == 1000 + 98


def test_it_is_the_lock_on_the_receiver_that_holds_it(guests, policy, monkeypatch):
    monkeypatch.setattr(moving, "_turn_of", lambda *people: people)
    fifty_against_a_cap(guests, policy)
    assert active(guests[0]) > 1100


def test_the_same_id_fifty_times_is_one_transfer(guests, policy):
    results = crowd(lambda number: send(guests[0], guests[1], 10, "same"))
    assert failures(results) == []
    assert {each.pk for each in results} == {Transfer.objects.get().pk}
    assert (active(guests[0]), active(guests[1])) == (990, 1010)


def test_everybody_to_everybody_ends_without_a_ring_of_waits(guests, policy):
    results = crowd(
        lambda number: send(guests[number % 5], guests[(number + 1 + number // 5 % 4) % 5], 3, f"t{number}")
    )
    assert failures(results) == []
    assert sum(active(guest) for guest in guests) == 5000


def test_a_transfer_is_answered_once(guests, policy):
    policy.asks_receiver = True
    policy.save()
    waiting = [send(guests[number % 5], guests[(number + 2) % 5], 5, f"t{number}") for number in range(10)]
    answers = (accept_transfer, decline_transfer, withdraw_transfer)
    results = crowd(lambda number: answers[number % 3](waiting[number // 5], actor="test"))
    assert failures(results) == []
    assert set(Transfer.objects.values_list("state", flat=True)) <= {"done", "declined", "withdrawn"}
    assert sum(active(guest) for guest in guests) == 5000
