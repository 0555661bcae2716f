"""Goods brought back at many counters at once: each return counts once, and all parts come to what was earned."""

from decimal import Decimal
from typing import Any

import pytest

from loyalty.members.models import Member
from loyalty.members.services.members import enrol_member
from loyalty.programs.errors.returns import MoreThanBought
from loyalty.programs.models.returns import Return
from loyalty.programs.services import returns
from loyalty.programs.services.facts import LineBack, ReturnFacts
from loyalty.programs.services.returns import record_return
from tests.ledger.purse import violations
from tests.races.crowd import crowd, failures
from tests.till import ACTOR, active, buy, line
from tests.world import open_program

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def guest(settings) -> Member:
    settings.OUTBOX_WIRING = "tests.wires"
    cafe = open_program("cafe", "Café", currency="EUR", languages=["en"])
    return enrol_member(cafe, external_id="guest", actor="test")


@pytest.fixture
def proved(guest):
    yield
    assert violations() == {}


def bring_back(guest: Member, id: str, quantity: int = 1) -> Any:
    facts = ReturnFacts(id=id, lines=(LineBack(1, Decimal(quantity)),))
    return record_return(guest.program, "till", "1001", facts, actor=ACTOR)


def test_the_same_return_fifty_times_is_one(guest, proved):
    buy(guest, line("99.99", quantity=3))
    results = crowd(lambda number: bring_back(guest, "r1"))
    assert failures(results) == []
    assert sorted(each.replayed for each in results) == [False] + [True] * 49
    assert {each.clawbacks[0].points for each in results} == {33}
    assert (active(guest), Return.objects.count()) == (66, 1)


def test_fifty_parts_come_to_the_whole(guest, proved):
    buy(guest, line("99.99", quantity=50))
    results = crowd(lambda number: bring_back(guest, f"r{number}"))
    assert failures(results) == []
    assert sum(each.clawbacks[0].points for each in results) == 99
    assert sum(each.amount for each in results) == Decimal("99.99")
    assert (active(guest), [each.is_last for each in results].count(True)) == (0, 1)


def test_no_more_comes_back_than_was_bought(guest, proved):
    buy(guest, line("99.99", quantity=10))
    results = crowd(lambda number: bring_back(guest, f"r{number}", 3))
    assert failures(results) == []
    assert sum(isinstance(each, MoreThanBought) for each in results) == 47
    assert active(guest) == 99 - 89


def test_it_is_the_lock_on_the_purchase_that_lets_parts_see_one_another(guest, monkeypatch):
    """Without it many bring back the same goods, and the proof of the ledger says so."""
    monkeypatch.setattr(returns, "_lock", lambda activity: None)
    buy(guest, line("99.99", quantity=10))
    results = crowd(lambda number: bring_back(guest, f"r{number}", 3))
    assert sum(isinstance(each, returns.Returned) for each in results) > 3
    assert "returns_take_what_was_earned_once" in violations()
