"""Goods come back whose points went on into a household: its part comes back from there, and never more than it got."""

import pytest
import time_machine

from loyalty.ledger import services as ledger
from loyalty.programs.models.households import HouseholdMove, HouseholdPolicy
from loyalty.programs.queries.households import membership_of, shared_of
from loyalty.programs.queries.statement import statement_of
from loyalty.programs.rules.households import owed_back
from loyalty.programs.services.confirmation import confirm_activity
from loyalty.programs.services.households import (
    contribute,
    contribute_due,
    found_household,
    join_household,
    leave_household,
    take_points,
)
from tests.ledger.purse import violations
from tests.programs.test_record_return import bring_back, owe, taken
from tests.till import AT, active, buy, line, live_by
from tests.world import earn

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _a_monday(world, settings):
    settings.OUTBOX_WIRING = "tests.wires"
    with time_machine.travel(AT, tick=False):
        yield
    assert violations() == {}


@pytest.fixture
def home(world):
    """Ada's household, which Ben joined; half of what each earns goes there."""
    wallet = world.aurora.wallets.get(code="points")
    HouseholdPolicy.objects.create(program=world.aurora, wallet=wallet, percent=50)
    household = found_household(world.ada, name="Larsen", actor="test")
    join_household(world.ben, code=household.code, actor="test")
    return household


def pot(household) -> int:
    return shared_of(household).active


def returned_moves() -> list[int]:
    return [move.points for move in HouseholdMove.objects.order_by("pk") if move.is_return]


def test_s55_line_by_line_both_give_their_part_and_the_sum_is_exact(world, home):
    buy(world.ada, "33.33", "33.33", "33.33")
    contribute(world.ada.pk)
    assert (active(world.ada), pot(home)) == (50, 49)
    takes = [taken(bring_back(world.ada, number, id=f"r{number}"))["points"] for number in (2, 1, 3)]
    assert (takes, active(world.ada), pot(home)) == ([33, 33, 33], 0, 0)
    assert returned_moves() == [-17, -16, -16]


def test_what_was_not_shared_yet_is_shared_first(world, home):
    buy(world.ada, "60", "40")
    bring_back(world.ada, 1)
    assert (active(world.ada), pot(home)) == (20, 20)
    assert contribute_due() == 0
    bring_back(world.ada, id="r2")
    assert (active(world.ada), pot(home)) == (0, 0)


def test_the_rest_of_both_stays(world, home):
    earn(world.ada, 100)
    earn(world.ben, 40, key="ben")
    contribute_due()
    buy(world.ada, "80")
    bring_back(world.ada)
    assert (active(world.ada), active(world.ben), pot(home)) == (50, 20, 70)
    assert [row.title for row in statement_of(world.ada).rows[:2]] == [
        "Returned an item", "Back from Larsen, for what you returned",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("policy", "ada", "debt", "left"),
    [("within_balance", 0, 0, 0), ("unlimited", 0, 45, 0), ("only_pending", 50, 0, 5)],
)
def test_s56_what_others_took_is_up_to_the_debt_policy(world, home, policy, ada, debt, left):
    """100 earned, 50 of them shared, Ben took 45 of those: 5 are there, and 45 gone."""
    owe(world, policy)
    buy(world.ada, "100")
    contribute(world.ada.pk)
    take_points(membership_of(world.ben), points=45, key="k", actor="test")
    (balance,) = bring_back(world.ada).balances
    assert (balance.active, balance.debt, pot(home), active(world.ben)) == (ada, debt, left, 45)


def test_what_is_pending_is_taken_before_it_is_shared(world, home):
    live_by(world.aurora.wallets.get(), activation="on_confirmation")
    buy(world.ada, "30", "70")
    bring_back(world.ada, 1)
    confirm_activity(world.aurora, kind="purchase", source="till", external_id="1001", actor="test")
    contribute(world.ada.pk)
    assert (active(world.ada), pot(home)) == (35, 35)
    bring_back(world.ada, id="r2")
    assert (active(world.ada), pot(home)) == (0, 0)


def test_who_left_answers_alone(world, home):
    buy(world.ada, "100")
    contribute(world.ada.pk)
    leave_household(membership_of(world.ada), actor="test")
    assert (active(world.ada), pot(home)) == (100, 0)
    assert taken(bring_back(world.ada)) == {"points": 100}
    assert (active(world.ada), returned_moves()) == (0, [])


def test_a_dry_run_and_the_same_return_again_move_nothing(world, home):
    buy(world.ada, line("50", quantity=2))
    contribute(world.ada.pk)
    bring_back(world.ada, dry_run=True)
    assert (active(world.ada), pot(home)) == (25, 25)
    for _twice in range(2):
        bring_back(world.ada)
    assert (active(world.ada), pot(home), returned_moves()) == (0, 0, [-25])


def test_what_a_household_owes_sums_to_what_it_got():
    given, kept = 0, 100
    for back in (1, 32, 33, 34):
        kept -= back
        given += owed_back(49, given, kept, 100)
    assert given == 49
    assert owed_back(49, 0, 100, 70) == 0


def test_while_sharing_is_off_what_is_earned_stays(world, home):
    policy = HouseholdPolicy.objects.get()
    policy.is_on = False
    policy.save()
    earn(world.ada, 100)
    assert (contribute_due(), active(world.ada), pot(home)) == (0, 100, 0)
    policy.is_on = True
    policy.save()
    assert contribute_due() == 0


def test_points_expired_in_the_pot_are_not_asked_for(world, home):
    buy(world.ada, "100")
    contribute(world.ada.pk)
    wallet = world.aurora.wallets.get()
    with time_machine.travel("2027-06-01T10:00:00Z", tick=False):
        ledger.expire_due(wallet_ids=[wallet.pk], at=AT.replace(year=2027, month=6), actor="job")
        assert taken(bring_back(world.ada)) == {"points": 0}
    assert returned_moves() == []
