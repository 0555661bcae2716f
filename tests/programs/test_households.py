"""Households: what flows in from awards, who may take it, and what becomes of it."""

import pytest

from loyalty.ledger.errors import KeyReused, NotEnoughPoints
from loyalty.programs.errors import households as errors
from loyalty.programs.models.households import HouseholdMember, HouseholdPolicy
from loyalty.programs.queries.households import membership_of, shared_of
from loyalty.programs.queries.statement import statement_of
from loyalty.programs.services.households import (
    change_role,
    contribute,
    contribute_due,
    dissolve_household,
    found_household,
    join_household,
    leave_household,
    take_points,
)
from tests.ledger.purse import violations
from tests.till import active, buy
from tests.world import earn, join

pytestmark = pytest.mark.django_db


@pytest.fixture
def policy(world) -> HouseholdPolicy:
    return HouseholdPolicy.objects.create(
        program=world.aurora, wallet=world.aurora.wallets.get(code="points"), percent=50, most_members=2
    )


@pytest.fixture
def home(world, policy):
    """Ada's household, which Ben joined."""
    household = found_household(world.ada, name="Larsen", actor="test")
    join_household(world.ben, code=household.code.lower(), actor="test")
    return household


@pytest.fixture(autouse=True)
def _proved(db):
    yield
    assert violations() == {}


def pot(household) -> int:
    return shared_of(household).active


def test_half_of_what_is_earned_is_shared_once_and_told(world, home):
    earn(world.ada, 101)
    assert (contribute(world.ada.pk), contribute(world.ada.pk), contribute_due()) == (50, 0, 0)
    assert (active(world.ada), pot(home)) == (51, 50)
    assert statement_of(world.ada).rows[0].title == "Shared with Larsen"
    earn(world.ben, 10, key="more")
    assert contribute_due() == 5
    assert [person.put_in for person in shared_of(home).people] == [50, 5]


def test_what_was_there_before_stays(world, policy):
    earn(world.ada, 100)
    household = found_household(world.ada, name="Larsen", actor="test")
    assert (contribute(world.ada.pk), pot(household), active(world.ada)) == (0, 0, 100)


def test_a_purchase_is_shared(world, home):
    buy(world.ada, "100")
    assert contribute(world.ada.pk) == 50


def test_what_was_taken_answers_for_ever(world, home):
    """Also for whoever may not take any more, and when the household has ended."""
    earn(world.ada, 100)
    contribute(world.ada.pk)
    own = membership_of(world.ben)
    made = take_points(own, points=20, key="k", actor="test")
    change_role(own, role="earner", actor="test")
    assert take_points(own, points=20, key="k", actor="test") == made
    dissolve_household(home, actor="test")
    assert take_points(own, points=20, key="k", actor="test") == made
    with pytest.raises(KeyReused):
        take_points(own, points=21, key="k", actor="test")
    with pytest.raises(errors.UnknownHousehold):
        take_points(own, points=20, key="other", actor="test")
    assert active(world.ben) == 20


def test_those_who_may_take_do_so_once(world, home):
    earn(world.ada, 100)
    contribute(world.ada.pk)
    own = membership_of(world.ben)
    for _twice in range(2):
        take_points(own, points=20, key="k", actor="test")
    assert (active(world.ben), pot(home)) == (20, 30)
    with pytest.raises(NotEnoughPoints):
        take_points(own, points=31, key="more", actor="test")
    change_role(own, role="earner", actor="test")
    with pytest.raises(errors.MayNotTake):
        take_points(own, points=1, key="again", actor="test")


def test_who_leaves_takes_their_share_and_the_oldest_inherits(world, home):
    earn(world.ada, 200)
    earn(world.ben, 100)
    contribute_due()
    assert leave_household(membership_of(world.ada), actor="test") == 100
    assert (active(world.ada), pot(home)) == (200, 50)
    assert membership_of(world.ben).role == "owner"
    assert leave_household(membership_of(world.ben), actor="test") == 50
    home.refresh_from_db()
    assert (active(world.ben), pot(home), home.dissolved_at is None) == (100, 0, False)


def test_or_leaves_everything_there(world, home, policy):
    policy.leaving = HouseholdPolicy.Leaving.STAYS
    policy.save()
    earn(world.ada, 200)
    assert leave_household(membership_of(world.ada), actor="test") == 0
    assert (active(world.ada), pot(home), membership_of(world.ada)) == (100, 100, None)


def test_an_end_divides_everything(world, home):
    earn(world.ada, 6)
    earn(world.ben, 4)
    contribute_due()
    take_points(membership_of(world.ben), points=1, key="k", actor="test")
    assert dissolve_household(home, actor="test") == 4
    assert (active(world.ada), active(world.ben), pot(home)) == (3 + 3, 2 + 1 + 1, 0)
    with pytest.raises(errors.UnknownHousehold):
        dissolve_household(home, actor="test")
    assert found_household(world.ada, name="New", actor="test").pk != home.pk


def test_joining_is_refused(world, home, policy):
    with pytest.raises(errors.InHousehold):
        join_household(world.ben, code=home.code, actor="test")
    with pytest.raises(errors.HouseholdsOff):
        found_household(world.cleo, name="Ski", actor="test")
    leave_household(membership_of(world.ben), actor="test")
    with pytest.raises(errors.UnknownHousehold):
        join_household(world.ben, code="NOTHING", actor="test")
    join_household(world.ben, code=home.code, actor="test")
    assert HouseholdMember.objects.filter(left_at=None).count() == 2


def test_a_full_household_lets_nobody_in(world, home):
    third = join(world.aurora, "Dan", language="en")
    with pytest.raises(errors.HouseholdFull):
        join_household(third, code=home.code, actor="test")


def test_a_new_owner_takes_the_place_of_the_one_before(world, home):
    change_role(membership_of(world.ben), role="owner", actor="test")
    assert [person.membership.role for person in shared_of(home).people] == ["spender", "owner"]
    assert change_role(membership_of(world.ben), role="earner", actor="test").role == "owner"
