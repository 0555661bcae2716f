"""Points in."""

from datetime import datetime
from decimal import Decimal

import pytest

from loyalty.ledger import services as ledger
from loyalty.ledger.errors import BadInstant, BadPoints, BadText, KeyReused, OutOfRange, UnknownAccount
from loyalty.ledger.rules import LARGEST
from tests.ledger.purse import NOON, Purse, day, rows


def test_an_award_is_a_posting_and_a_lot(purse):
    posted = purse.award(100, key="purchase:pos:1", expires_at=day(30), source="pos:1", note="Purchase 1")
    assert (posted.points, posted.balance_after, posted.replayed) == (100, 100, False)
    assert posted.lot_id == posted.posting_id
    assert purse.state() == (100, 0, 0, 0)
    assert purse.balance().earned_total == 100
    assert [(e.points, e.at) for e in purse.balance().expiring] == [(100, day(30))]


def test_s39_delivered_twice_is_one_entry(purse):
    first = purse.award(500, key="purchase:shop:99")
    again = purse.award(500, key="purchase:shop:99", at=day(1), actor="someone else")
    assert again == ledger.Posted(first.posting_id, purse.id, 500, 500, first.lot_id, replayed=True)
    assert purse.postings() == [("award", 500, 500)]
    assert purse.lots() == [500]


def test_a_replay_answers_with_the_balance_of_then(purse):
    purse.award(500, key="a")
    purse.award(100, key="b")
    assert purse.award(500, key="a").balance_after == 500


@pytest.mark.parametrize(
    "other", [{"points": 499}, {"kind": "gift"}, {"source": "till"}, {"contra": "bought"}, {"pending": True}]
)
def test_a_key_is_for_one_content(purse, other):
    purse.award(500, key="a")
    with pytest.raises(KeyReused):
        purse.award(**({"points": 500, "key": "a"} | other))
    assert purse.state() == (500, 0, 0, 0)
    assert purse.balance().earned_total == 500


def test_a_key_is_one_accounts_own(purse):
    purse.award(500, key="a")
    other = Purse(wallet=purse.wallet)
    assert other.award(500, key="a").replayed is False


def test_a_refused_replay_leaves_a_debtor_in_debt(purse):
    purse.award(100, key="a")
    purse.spend(100)
    purse.reverse("a", debt_policy="unlimited")
    with pytest.raises(KeyReused):
        purse.award(700, key="a")
    assert purse.state() == (0, 0, 0, 100)


def test_pending_points_are_earned_and_not_spendable(purse):
    posted = purse.award(40, pending=True, activates_at=day(14))
    assert posted.balance_after == 40
    assert purse.state() == (0, 40, 0, 0)
    assert purse.balance().earned_total == 40


def test_a_debt_is_repaid_first(purse):
    purse.award(100, key="a")
    purse.spend(100)
    purse.reverse("a", debt_policy="unlimited")
    first = purse.award(30, key="b")
    assert purse.state() == (0, 0, 0, 70)
    assert purse.uses(first.posting_id) == [30]
    second = purse.award(90)
    assert purse.state() == (20, 0, 0, 0)
    assert purse.uses(second.posting_id) == [70]
    assert purse.lots() == [0, 0, 20]


def test_a_pending_award_repays_nothing_yet(purse):
    purse.award(100, key="a")
    purse.spend(100)
    purse.reverse("a", debt_policy="unlimited")
    purse.award(30, pending=True)
    assert purse.state() == (0, 30, 0, 100)


def test_what_was_bought_does_not_count_as_earned(purse):
    purse.award(100, contra="bought")
    assert purse.balance().earned_total == 0
    assert purse.state() == (100, 0, 0, 0)


def test_points_that_come_in_late_may_be_past_already(purse):
    purse.award(100, at=day(-400), expires_at=day(-35))
    assert purse.state() == (0, 0, 0, 0)


def test_no_account_holds_more_than_a_number_can(purse):
    purse.award(LARGEST)
    rows("SET session_replication_role = replica")
    rows("UPDATE ledger_account SET balance = 9000000000000000000 - 5 WHERE id = %s", purse.id)
    try:
        assert purse.award(5, key="fits").balance_after == 9000000000000000000
        with pytest.raises(OutOfRange):
            purse.award(1)
        assert purse.award(5, key="fits").replayed
    finally:
        rows("UPDATE ledger_account SET balance = %s WHERE id = %s", LARGEST + 5, purse.id)
        rows("UPDATE ledger_posting SET balance_after = %s WHERE key = 'fits'", LARGEST + 5)
        rows("SET session_replication_role = DEFAULT")


@pytest.mark.parametrize("points", [0, -1, True, 1.0, Decimal(5), "5", None])
def test_points_are_whole_and_above_zero(purse, points):
    with pytest.raises(BadPoints):
        purse.award(points)


def test_points_beyond_reason_are_refused(purse):
    with pytest.raises(OutOfRange):
        purse.award(LARGEST + 1)
    with pytest.raises(OutOfRange):
        purse.award(2**63)


@pytest.mark.parametrize("at", [datetime(2026, 3, 1), NOON.replace(year=1), NOON.replace(year=9999)])  # noqa: DTZ001
def test_instants_have_a_zone_and_a_sane_year(purse, at):
    with pytest.raises(BadInstant):
        purse.award(1, at=at)
    with pytest.raises(BadInstant):
        purse.award(1, expires_at=at)


@pytest.mark.parametrize("key", ["", "k" * 201, "~5", "nul\0", "half\ud800"])
def test_a_key_is_a_text_that_can_be_kept(purse, key):
    with pytest.raises(BadText):
        purse.award(1, key=key)


def test_words_in_any_script_are_kept(purse):
    purse.award(1, key="покупка:1", note="Café №1 ☕")
    assert purse.award(1, key="покупка:1", note="Café №1 ☕").replayed


@pytest.mark.parametrize("text", ["nul\0", "half\ud800", "x" * 1001])
def test_a_note_is_a_text_that_can_be_kept(purse, text):
    with pytest.raises(BadText):
        purse.award(1, note=text)


@pytest.mark.parametrize("words", [{"kind": "expire"}, {"kind": ""}, {"contra": "held"}, {"contra": ""}])
def test_the_ledgers_own_words_are_not_for_callers(purse, words):
    with pytest.raises(ValueError, match="belongs to the ledger"):
        purse.award(1, **words)


def test_no_award_to_nobody(db):
    with pytest.raises(UnknownAccount):
        ledger.award(123456789, points=1, key="a", at=NOON, actor="test")


def test_an_account_is_opened_once(purse):
    assert ledger.open_account(wallet_id=purse.wallet.pk, subject=purse.subject) == purse.id
    with pytest.raises(UnknownAccount):
        ledger.open_account(wallet_id=987654321, subject=purse.subject)


def test_accounts_are_opened_by_the_thousand(purse):
    other = Purse(wallet=purse.wallet)
    subjects = [purse.subject, other.subject, *(Purse(wallet=purse.wallet).subject for _ in range(3)), purse.subject]
    accounts = ledger.open_accounts(wallet_id=purse.wallet.pk, subjects=subjects)
    assert len(accounts) == 5
    assert accounts[purse.subject] == purse.id
    with pytest.raises(UnknownAccount):
        ledger.open_accounts(wallet_id=987654321, subjects=subjects)
