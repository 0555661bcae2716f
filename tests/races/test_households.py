"""A household's pot under many hands: every part comes in once, nothing is taken twice, nobody lives in two places."""

import pytest

from loyalty.members.models import Member
from loyalty.members.services.crowds import enrol_many
from loyalty.programs.models.households import Household, HouseholdMember, HouseholdMove, HouseholdPolicy
from loyalty.programs.queries.households import membership_of, shared_of
from loyalty.programs.services import households
from loyalty.programs.services.facts import ReturnFacts
from loyalty.programs.services.households import contribute, found_household, join_household, take_points
from loyalty.programs.services.returns import record_return
from tests.ledger.purse import violations
from tests.races.crowd import crowd, failures
from tests.till import active, buy
from tests.world import open_program

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def guests(settings) -> list[Member]:
    settings.OUTBOX_WIRING = "tests.wires"
    cafe = open_program("cafe", "Café", currency="EUR", languages=["en"])
    HouseholdPolicy.objects.create(program=cafe, wallet=cafe.wallets.get(code="points"), percent=100, most_members=3)
    enrol_many(cafe, [f"guest-{number}" for number in range(6)], actor="test")
    return list(Member.objects.filter(program=cafe).select_related("program").order_by("external_id"))


@pytest.fixture
def home(guests) -> Household:
    return found_household(guests[0], name="Larsen", actor="test")


@pytest.fixture(autouse=True)
def _proved(guests):
    yield
    assert violations() == {}


def test_what_was_earned_comes_in_once(guests, home):
    for number in range(5):
        buy(guests[0], "20", receipt=f"r{number}")
    results = crowd(lambda number: contribute(guests[0].pk))
    assert failures(results) == []
    assert (sum(results), shared_of(home).active, active(guests[0])) == (100, 100, 0)
    assert HouseholdMove.objects.count() == 5


def test_fifty_hands_take_no_more_than_there_is(guests, home):
    buy(guests[0], "100")
    contribute(guests[0].pk)
    owner = membership_of(guests[0])
    results = crowd(lambda number: take_points(owner, points=7, key=f"k{number}", actor="test"))
    assert failures(results) == []
    assert sum(isinstance(each, HouseholdMove) for each in results) == 14
    assert (shared_of(home).active, active(guests[0])) == (2, 98)


def test_a_double_click_takes_once(guests, home):
    buy(guests[0], "100")
    contribute(guests[0].pk)
    owner = membership_of(guests[0])
    results = crowd(lambda number: take_points(owner, points=30, key="form", actor="test"))
    assert failures(results) == []
    assert (shared_of(home).active, active(guests[0])) == (70, 30)


def crowded(guests: list[Member], home: Household) -> int:
    crowd(lambda number: join_household(guests[1 + number % 5], code=home.code, actor="test"), 25)
    return HouseholdMember.objects.filter(household=home, left_at=None).count()


def test_no_more_move_in_than_there_is_room(guests, home):
    assert crowded(guests, home) == 3


def test_it_is_the_lock_on_the_household_that_keeps_the_room(guests, home, monkeypatch):
    monkeypatch.setattr(households, "_locked", lambda household: household)
    assert crowded(guests, home) > 3


def test_nobody_is_in_two_households_at_once(guests, home):
    other = found_household(guests[1], name="Berg", actor="test")
    results = crowd(lambda number: join_household(guests[2], code=(home, other)[number % 2].code, actor="test"), 20)
    assert failures(results) == []
    assert HouseholdMember.objects.filter(member=guests[2], left_at=None).count() == 1


def test_goods_come_back_while_others_take_the_points(guests, home):
    join_household(guests[1], code=home.code, actor="test")
    for number in range(10):
        buy(guests[0], "10", receipt=f"r{number}")
    contribute(guests[0].pk)
    taker = membership_of(guests[1])

    def act(number: int) -> object:
        if number % 2:
            return take_points(taker, points=7, key=f"k{number}", actor="test")
        facts = ReturnFacts(id="all")
        return record_return(guests[0].program, "till", f"r{number // 2 % 10}", facts, actor="test")

    results = crowd(act, 30)
    assert failures(results) == []
    took = sum(-each.points for each in results if isinstance(each, HouseholdMove))
    assert (active(guests[1]), active(guests[0])) == (took, 0)
    assert shared_of(home).active == 100 - took - gave_back()


def gave_back() -> int:
    return sum(-move.points for move in HouseholdMove.objects.all() if move.is_return)
