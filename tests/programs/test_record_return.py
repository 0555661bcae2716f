"""Goods brought back: the points they earned go with them, line by line and in any order, and never more."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine

from loyalty.ledger import services as ledger
from loyalty.outbox.models import Message
from loyalty.programs.errors.activities import HappensInFuture, UnknownActivity, WrongFacts
from loyalty.programs.errors.returns import MoreThanBought, NothingToReturn, ReturnReused, UnknownLine, WrongReturn
from loyalty.programs.models.returns import Return
from loyalty.programs.queries.lots import lots_of
from loyalty.programs.services.confirmation import cancel_activity, confirm_activity
from loyalty.programs.services.facts import LineBack, ReturnFacts
from loyalty.programs.services.returns import record_return
from tests.till import ACTOR, AT, active, buy, line, live_by, pending, rule
from tests.world import earn

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _a_monday(world, settings):
    settings.OUTBOX_WIRING = "tests.wires"
    with time_machine.travel(AT, tick=False):
        yield


def bring_back(member, *lines, id="r1", receipt="1001", dry_run=False, **facts):
    """Bring back lines, each a number or a pair of number and quantity; all that is left where there are none."""
    backs = tuple(LineBack(*each) if isinstance(each, tuple) else LineBack(each, Decimal(1)) for each in lines)
    backs = tuple(LineBack(each.position, Decimal(str(each.quantity))) for each in backs)
    return record_return(
        member.program, "till", receipt, ReturnFacts(id=id, lines=backs, **facts), actor=ACTOR, dry_run=dry_run
    )


def taken(returned):
    return {each.wallet_code: each.points for each in returned.clawbacks}


def told():
    return Message.objects.filter(event="loyalty.programs.events.PurchaseReturned").count()


def owe(world, policy):
    world.aurora.debt_policy = policy
    world.aurora.save()


def account(member):
    return ledger.open_account(wallet_id=member.program.wallets.get().pk, subject=member.subject)


def spend(member, points, *, source="", key="spend"):
    return ledger.spend(account(member), points=points, key=key, at=AT, actor="test", source=source)


def test_s55_line_by_line_in_any_order(world):
    buy(world.ada, "33.33", "33.33", "33.33")
    parts = [bring_back(world.ada, place, id=f"r{place}") for place in (2, 3, 1)]
    assert [taken(part)["points"] for part in parts] == [33, 33, 33]
    assert [(part.amount, part.is_last) for part in parts] == [(Decimal("33.33"), place == 2) for place in range(3)]
    assert (active(world.ada), told()) == (0, 3)


def test_s55_a_bonus_of_100_comes_back_as_33_33_and_34(world):
    world.aurora.rules.update(effect="fixed", points=100)
    buy(world.ada, "33.33", "33.33", "33.33")
    assert [taken(bring_back(world.ada, place, id=f"r{place}"))["points"] for place in (1, 2, 3)] == [33, 33, 34]


def test_s53_what_was_recorded_counts_not_the_rate_of_today(world):
    buy(world.ada, "100.00")
    world.aurora.rules.update(points=2)
    assert taken(bring_back(world.ada)) == {"points": 100}
    assert active(world.ada) == 0


@pytest.mark.parametrize(("policy", "change", "left"), [("within_balance", 50, 0), ("unlimited", 150, -100)])
def test_s50_what_is_spent_is_clamped_or_owed(world, policy, change, left):
    owe(world, policy)
    buy(world.ada, "150")
    spend(world.ada, 100)
    returned = bring_back(world.ada)
    (claw,) = returned.clawbacks
    assert (claw.points, claw.waived) == (change, 150 - change)
    (balance,) = returned.balances
    assert balance.active - balance.debt == left


@pytest.mark.parametrize(
    ("policy", "change", "left"), [("only_pending", 40, 10), ("within_balance", 50, 0), ("unlimited", 100, -50)]
)
@pytest.mark.parametrize("order", ["AB", "BA"])
def test_s56_pending_first_then_active_then_debt(world, policy, change, left, order):
    owe(world, policy)
    buy(world.ada, "60", receipt="A")
    spend(world.ada, 50)
    live_by(world.aurora.wallets.get(), activation="after_days", activation_count=14)
    buy(world.ada, "40", receipt="B")
    returned = [bring_back(world.ada, receipt=receipt) for receipt in order]
    assert sum(taken(each)["points"] for each in returned) == change
    (balance,) = returned[-1].balances
    assert (balance.active - balance.debt, balance.pending) == (left, 0)


def test_the_same_return_again_answers_as_the_first_time(world):
    buy(world.ada, line("9", quantity=3))
    first = bring_back(world.ada, (1, 2))
    again = bring_back(world.ada, (1, "2.0"))
    assert (taken(first), taken(again), first.replayed, again.replayed) == ({"points": 6}, {"points": 6}, False, True)
    assert (active(world.ada), told(), Return.objects.count()) == (3, 1, 1)
    with pytest.raises(ReturnReused):
        bring_back(world.ada, (1, 1))
    with pytest.raises(ReturnReused):
        bring_back(world.ada)


def test_no_more_than_was_bought(world):
    buy(world.ada, line("9", quantity=3), "5")
    bring_back(world.ada, (1, 2))
    with pytest.raises(MoreThanBought, match="Only 1 of line 1 can still come back") as refused:
        bring_back(world.ada, 2, (1, "1.001"), id="r2")
    assert (refused.value.field, refused.value.details) == ("lines/1/quantity", {"line": 1, "left": "1"})
    assert taken(bring_back(world.ada, id="r3")) == {"points": 8}
    with pytest.raises(MoreThanBought, match="All of line 2 has come back already"):
        bring_back(world.ada, 2, id="r4")
    with pytest.raises(NothingToReturn):
        bring_back(world.ada, id="r5")


def test_no_line_or_purchase_that_there_is_not(world):
    buy(world.ada, "5")
    with pytest.raises(UnknownLine, match="no line 2"):
        bring_back(world.ada, 2)
    for receipt, member in (("1002", world.ada), ("1001", world.cleo)):
        with pytest.raises(UnknownActivity):
            bring_back(member, receipt=receipt)
    assert (active(world.ada), Return.objects.count()) == (5, 0)


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"id": ""}, "return"),
        ({"id": " r"}, "return"),
        ({"id": "r" * 101}, "return"),
        ({"id": "a\x00b"}, "return"),
        ({"lines": (LineBack(1, Decimal(0)),)}, "lines/0/quantity"),
        ({"lines": (LineBack(1, Decimal("0.0001")),)}, "lines/0/quantity"),
        ({"lines": tuple(LineBack(place, Decimal(1)) for place in range(1001))}, "lines"),
        ({"reason": "x" * 301}, "reason"),
    ],
)
def test_facts_that_make_no_sense(world, facts, field):
    buy(world.ada, "5")
    with pytest.raises(WrongFacts) as refused:
        record_return(world.aurora, "till", "1001", ReturnFacts(**{"id": "r"} | facts), actor=ACTOR)
    assert refused.value.field == field


def test_returns_that_contradict_themselves_or_their_purchase(world):
    buy(world.ada, "5")
    for facts, field in (({"lines": (LineBack(1, Decimal(1)),) * 2}, "lines/1/line"), ({"at": AT - HOUR}, "at")):
        with pytest.raises(WrongReturn) as refused:
            record_return(world.aurora, "till", "1001", ReturnFacts(id="r", **facts), actor=ACTOR)
        assert refused.value.field == field
    with pytest.raises(HappensInFuture):
        bring_back(world.ada, at=AT + HOUR)


def test_a_dry_run_tells_all_and_leaves_nothing(world):
    buy(world.ada, "60")
    spend(world.ada, 50)
    told = bring_back(world.ada, dry_run=True)
    assert (told.return_id, [(each.points, each.waived) for each in told.clawbacks]) == (None, [(10, 50)])
    assert ([each.active for each in told.balances], active(world.ada), Return.objects.count()) == ([0], 10, 0)
    assert taken(bring_back(world.ada)) == {"points": 10}


def test_points_spent_on_the_order_go_back_into_their_lots(world):
    earn(world.ada, 100, expires_at=AT + timedelta(days=5))
    buy(world.ada, "30", "70")
    spend(world.ada, 80, source="purchase:till:1001")
    spend(world.ada, 20, key="another")
    first = bring_back(world.ada, 1)
    assert ([(each.wallet_code, each.points) for each in first.given_back], taken(first)) == (
        [("points", 24)],
        {"points": 30},
    )
    assert [lot.remaining for lot in lots_of(world.ada)] == [24, 70]
    assert (bring_back(world.ada, 2, id="r2").given_back[0].points, active(world.ada)) == (56, 80)


def test_points_that_waited_go_first_and_confirming_gives_the_rest(world):
    live_by(world.aurora.wallets.get(), activation="on_confirmation", cancel_after_days=30)
    buy(world.ada, "30", "70")
    assert taken(bring_back(world.ada, 1)) == {"points": 30}
    order = {"source": "till", "external_id": "1001", "actor": ACTOR}
    assert (confirm_activity(world.aurora, **order).points, active(world.ada), pending(world.ada)) == (70, 70, 0)


def test_what_was_cancelled_is_not_taken_twice(world):
    live_by(world.aurora.wallets.get(), activation="on_confirmation", cancel_after_days=30)
    buy(world.ada, "30")
    buy(world.ada, "50", receipt="2")
    cancel_activity(world.aurora, source="till", external_id="1001", actor=ACTOR, reason="not paid")
    (claw,) = bring_back(world.ada).clawbacks
    assert (claw.points, claw.waived, pending(world.ada)) == (0, 30, 50)


def test_every_wallet_gives_back_its_own(world):
    world.aurora.wallets.create(code="stars", name="Stars")
    rule(world.aurora, "Stars for beans", ("category", "equals", "beans"), wallet="stars", basis="lines")
    buy(world.ada, line("10", category="beans"), "20")
    assert taken(bring_back(world.ada, 2)) == {"points": 20, "stars": 0}
    assert taken(bring_back(world.ada, id="r2")) == {"points": 10, "stars": 10}


def test_a_member_who_has_left_and_a_program_that_has_closed_take_goods_back(world):
    buy(world.ada, "5")
    world.ada.status = "left"
    world.ada.save()
    world.aurora.is_active = False
    world.aurora.save()
    assert taken(bring_back(world.ada)) == {"points": 5}


def test_a_purchase_that_earned_nothing_comes_back_all_the_same(world):
    world.aurora.rules.update(is_archived=True)
    buy(world.ada, "5")
    returned = bring_back(world.ada)
    assert (returned.clawbacks, returned.amount, returned.is_last, told()) == ((), Decimal(5), True, 1)
