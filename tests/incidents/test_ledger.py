"""Other people's bugs with value on a ledger, each replayed by name."""

from collections.abc import Iterator

import pytest
from django.db import DatabaseError, transaction

from loyalty.ledger import services as ledger
from loyalty.ledger.errors import BadPoints, NotEnoughPoints, OutOfRange
from loyalty.ledger.rules import LARGEST, Posted
from tests.ledger.purse import Purse, day, rows, violations
from tests.races.crowd import crowd, failures


@pytest.fixture
def purse(db) -> Iterator[Purse]:
    yield Purse()
    assert violations() == {}


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_flexcoin_2014_many_transfers_before_the_balance_is_written():
    """Thousands of simultaneous transfers between own accounts overdrew the sender until the hot wallet was empty."""
    purse = Purse()
    other = Purse(wallet=purse.wallet)
    purse.award(100)
    results = crowd(lambda number: purse.give(other, 100), 30)
    assert failures(results) == []
    assert sum(isinstance(result, Posted) for result in results) == 1
    assert (purse.state()[0], other.state()[0]) == (0, 100)
    assert violations() == {}


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_starbucks_2015_the_same_transfer_from_two_sessions():
    """Two sessions moved the balance of one gift card to another at once; both arrived. Here with one key, and two."""
    card = Purse()
    other = Purse(wallet=card.wallet)
    card.award(500)
    crowd(lambda number: card.give(other, 500, key="transfer:form-1"), 20)
    assert (card.state()[0], other.state()[0]) == (0, 500)
    crowd(lambda number: other.give(card, 500, key=f"transfer:form-{2 + number}"), 20)
    assert (card.state()[0], other.state()[0]) == (500, 0)
    assert violations() == {}


def test_bitcoin_2010_outputs_that_overflow_when_summed(purse):
    """CVE-2010-5139: two outputs of 92 billion summed to a negative number and passed every check."""
    other = Purse(wallet=purse.wallet)
    for points in (2**63 - 1, 2**63, 2**64, LARGEST + 1):
        with pytest.raises(OutOfRange):
            purse.award(points)
    purse.award(LARGEST)
    purse.give(other, LARGEST)
    with pytest.raises(NotEnoughPoints):
        purse.spend(1)
    with pytest.raises(OutOfRange):
        ledger.award_many(
            [ledger.AwardRow(other.id, LARGEST, f"purchase:{number}", day(0)) for number in range(9000)],
            actor="job:import",
        )
    assert other.state()[0] == LARGEST


def test_evap_1785_the_same_form_posted_twice(purse):
    """With enough points for both, the second click redeemed again."""
    purse.award(500)
    posted = [purse.spend(200, key="redemption:form-7") for _ in range(2)]
    assert [each.replayed for each in posted] == [False, True]
    assert purse.state()[0] == 300


def test_compressor_1476_a_webhook_delivered_twice(purse):
    posted = [purse.award(500, key="purchase:shop:99") for _ in range(2)]
    assert [each.replayed for each in posted] == [False, True]
    assert purse.state()[0] == 500


def test_setono_a_lot_past_its_date_paid_for_a_spend_before_the_sweep(purse):
    purse.award(100, at=day(-60), expires_at=day(-28))
    with pytest.raises(NotEnoughPoints):
        purse.spend(60)


def test_negative_amounts_turned_a_debit_into_a_credit(purse):
    """The oldest of them all: transfer -100, and be 100 richer."""
    other = Purse(wallet=purse.wallet)
    other.award(100)
    for verb in (purse.spend, purse.hold, purse.award, lambda points: purse.give(other, points)):
        with pytest.raises(BadPoints):
            verb(-100)
    assert (purse.state()[0], other.state()[0]) == (0, 100)


def test_a_refund_in_parts_gave_back_more_than_the_order(purse):
    """Each part was checked against the order, not against what the parts before it had given back."""
    purse.award(100)
    purse.spend(90, key="order")
    given = [purse.reverse("order", points=40).points for _ in range(3)]
    assert given == [40, 40, 10]
    assert purse.state()[0] == 100


def test_a_balanced_pair_appended_to_an_old_transaction(purse):
    """A header-and-entries ledger checked that entries of a transaction sum to zero, not that it was closed."""
    purse.award(100)
    with pytest.raises(DatabaseError, match="refuses INSERT"), transaction.atomic():
        rows("INSERT INTO ledger_posting SELECT * FROM ledger_posting")
