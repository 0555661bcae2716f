"""Scenarios in which earning crosses rooms: what was bought, what it cost, what it gave (letters of `scenarios`)."""

from decimal import Decimal

import pytest

from loyalty.ledger import services as ledger
from loyalty.programs.queries.statement import statement_of
from loyalty.programs.services.activities import record_purchase
from loyalty.programs.services.facts import Payment
from tests.ledger.purse import violations
from tests.till import ACTOR, AT, active, buy, earned, line, purchase

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _proved(world):
    yield
    assert violations() == {}


def spend(member, points, *, key, note=""):
    account = ledger.open_account(wallet_id=member.program.wallets.get().pk, subject=member.subject)
    return ledger.spend(account, points=points, key=key, at=AT, actor="test", note=note)


def test_s14_a_discount_on_the_order_is_not_earned_on(world):
    ten_percent_off = line("90", discount="10")
    assert earned(buy(world.ada, ten_percent_off, receipt="1")) == {"points": 90}
    by_a_code = purchase(world.ada, ten_percent_off, receipt="2", attributes={"coupon": "SPRING10"})
    assert earned(record_purchase(world.aurora, by_a_code, actor=ACTOR)) == {"points": 90}


@pytest.mark.parametrize(("method", "paid"), [("e-wallet", 10), ("gift card", 50)])
def test_s16_a_payment_is_not_a_discount(world, method, paid):
    payments = (Payment(method, Decimal(paid)), Payment("card", Decimal(100 - paid)))
    assert earned(buy(world.ada, "100", payments=payments)) == {"points": 100}


def test_s39_an_award_delivered_twice_is_one_entry(world):
    for _delivery in range(2):
        buy(world.ada, "500", receipt="99")
    assert [(row.points, row.balance_after) for row in statement_of(world.ada).rows] == [(500, 500)]


def test_s41_rewards_are_used_and_points_issued_on_one_order(world):
    buy(world.ada, "4", receipt="before")
    spend(world.ada, 1, key="reward:1")
    spend(world.ada, 2, key="reward:2")
    buy(world.ada, "1", receipt="order")
    movements = [row.points for row in statement_of(world.ada, limit=3).rows]
    used = -sum(points for points in movements if points < 0)
    assert (used, movements[0], active(world.ada)) == (3, 1, 2)


def test_s43_earned_at_the_till_and_redeemed_on_the_web(world):
    assert earned(buy(world.ada, "106.25", receipt="pos-1")) == {"points": 106}
    spend(world.ada, 50, key="order:web-1", note="Order web-1")
    payments = (Payment("points", Decimal(50)), Payment("card", Decimal(56)))
    without_what_points_paid = buy(world.ada, line("56", discount="50"), receipt="web-1")
    assert earned(without_what_points_paid) == {"points": 56}
    assert sum(payment.amount for payment in payments) == 106
    assert [row.points for row in statement_of(world.ada).rows] == [56, -50, 106]
    assert active(world.ada) == 112
