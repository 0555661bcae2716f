"""What pages, tills and figures read."""

import uuid

import pytest

from loyalty.ledger.models import Account, Hold, Lot, LotUse, Posting, Redating
from loyalty.ledger.queries.balances import Balance, Expiring, balances_of, balances_of_many
from loyalty.ledger.queries.figures import Liability, debts, ending, expiring_by, liability_of, movements, newest_id
from loyalty.ledger.queries.lots import lots_of
from loyalty.ledger.queries.statement import entries_of, entry_of, entry_with, statement_of, uses_of
from tests.factories import WalletFactory
from tests.ledger.purse import NOON, Purse, day


@pytest.fixture
def busy(purse) -> Purse:
    purse.award(100, key="first", expires_at=day(10), source="pos:1", note="Purchase 1", at=day(-3))
    purse.award(50, key="second", expires_at=day(10))
    purse.award(70, key="third")
    purse.award(30, key="later", pending=True, activates_at=day(2), cancel_at=day(9))
    purse.spend(120, key="redeemed", source="reward:3", note="Coffee", reason="internal")
    purse.hold(20, key="bid")
    return purse


def test_balances_tell_states_apart(busy):
    assert busy.balance() == Balance(
        account_id=busy.id,
        wallet_id=busy.wallet.pk,
        active=80,
        pending=30,
        held=20,
        debt=0,
        earned_total=250,
        expiring=(Expiring(10, day(10)),),
    )


def test_lots_that_end_together_are_one_line(purse):
    purse.award(10, expires_at=day(10))
    purse.award(20, expires_at=day(10))
    purse.award(40, expires_at=day(5))
    assert purse.balance().expiring == (Expiring(40, day(5)), Expiring(30, day(10)))


def test_a_balance_is_as_of_an_instant(busy):
    assert busy.balance(day(9)).active == 80
    assert busy.balance(day(10)).active == 70
    assert busy.balance(day(10)).expiring == ()


def test_balances_of_all_wallets_and_of_many_members(busy):
    other_wallet = Purse(wallet=WalletFactory(program=busy.wallet.program), subject=busy.subject)
    friend = Purse(wallet=busy.wallet)
    friend.award(5)
    found = balances_of_many([busy.subject, friend.subject, uuid.uuid4()], NOON)
    assert set(found) == {busy.subject, friend.subject}
    assert set(found[busy.subject]) == {busy.wallet.pk, other_wallet.wallet.pk}
    assert found[friend.subject][busy.wallet.pk].active == 5
    assert balances_of(uuid.uuid4(), NOON) == {}


def test_the_statement_is_newest_first_and_says_why(busy):
    entries = statement_of(busy.subject)
    assert [(entry.kind, entry.bucket, entry.points, entry.balance_after) for entry in entries] == [
        ("hold", "active", -20, 80),
        ("spend", "active", -120, 100),
        ("award", "pending", 30, 30),
        ("award", "active", 70, 220),
        ("award", "active", 50, 150),
        ("award", "active", 100, 100),
    ]
    spend = entries[1]
    assert (spend.source, spend.note, spend.reason, spend.actor, spend.contra) == (
        "reward:3",
        "Coffee",
        "internal",
        "test",
        "redeemed",
    )
    assert entries[-1].event_at == day(-3)
    assert spend.wallet_id == busy.wallet.pk


def test_the_statement_goes_on_where_the_page_ended(busy):
    first = statement_of(busy.subject, limit=4)
    second = statement_of(busy.subject, limit=4, before=first[-1].id)
    assert [entry.id for entry in first + second] == [entry.id for entry in statement_of(busy.subject)]
    assert statement_of(busy.subject, before=second[-1].id) == []


def test_the_statement_runs_across_wallets(busy):
    other = Purse(wallet=WalletFactory(program=busy.wallet.program), subject=busy.subject)
    other.award(5)
    assert [entry.points for entry in statement_of(busy.subject, limit=2)] == [5, -20]
    assert [entry.points for entry in statement_of(busy.subject, wallet_ids=[other.wallet.pk])] == [5]


@pytest.mark.parametrize(
    ("flow", "points"),
    [("earned", [70, 50, 100]), ("spent", [-120]), ("expired", []), ("pending", [30]), ("held", [-20])],
)
def test_the_statement_can_be_narrowed(busy, flow, points):
    assert [entry.points for entry in statement_of(busy.subject, flow=flow)] == points


def test_the_statement_by_kind_and_by_date(busy):
    assert [entry.points for entry in statement_of(busy.subject, kinds=["spend", "hold"])] == [-20, -120]
    assert [entry.points for entry in statement_of(busy.subject, until=NOON)] == [100]
    assert [entry.points for entry in statement_of(busy.subject, since=day(-3), until=day(-2), flow="earned")] == [100]
    busy.expire(day(10))
    assert [entry.points for entry in statement_of(busy.subject, flow="expired", since=day(10))] == [-10]


def test_one_entry_is_the_members_own(busy):
    posted = busy.award(1, key="fourth")
    assert entry_of(busy.subject, posted.posting_id) == entry_with(busy.id, "fourth")
    assert entry_of(uuid.uuid4(), posted.posting_id) is None
    assert entry_with(busy.id, "none") is None
    both = [posted.posting_id, entry_with(busy.id, "first").id]
    assert [entry.key for entry in entries_of(busy.subject, both)] == ["fourth", "first"]


def test_which_lots_a_debit_took(busy):
    spend = entry_with(busy.id, "redeemed")
    assert [(use.points, use.earned_at, use.expires_at) for use in uses_of(busy.id, spend.id)] == [
        (100, day(-3), day(10)),
        (20, NOON, day(10)),
    ]


def test_lots_stand_in_the_order_of_spending(busy):
    busy.award(7, at=day(-50), expires_at=day(-20))
    lots = [(lot.remaining, lot.granted, lot.state, lot.expires_at) for lot in lots_of(busy.subject, NOON)]
    assert lots == [
        (7, 7, "past", day(-20)),
        (10, 50, "active", day(10)),
        (70, 70, "active", None),
        (30, 30, "pending", None),
    ]
    with_used = lots_of(busy.subject, NOON, with_used=True)
    assert [(lot.state, lot.source, lot.note) for lot in with_used if lot.state == "used"] == [
        ("used", "pos:1", "Purchase 1")
    ]
    pending = lots_of(busy.subject, NOON)[-1]
    assert (pending.activates_at, pending.cancel_at, pending.kind) == (day(2), day(9), "award")


def test_liability_is_what_all_members_hold(busy):
    debtor = Purse(wallet=busy.wallet)
    debtor.award(10, key="a")
    debtor.spend(10)
    debtor.reverse("a", debt_policy="unlimited")
    wallet = busy.wallet.pk
    assert liability_of([wallet], NOON) == {wallet: Liability(wallet, 80, 30, 20, 10, 2)}
    assert liability_of([wallet], day(10))[wallet].active == 70
    assert liability_of([wallet + 1], NOON) == {}
    assert debts([wallet]) == {wallet: 10}
    assert expiring_by([wallet], day(10)) == {wallet: 10}
    assert ending([wallet], at=NOON, ends=(day(5), day(10), day(20))) == {wallet: (0, 10, 10)}


def test_movements_are_summed_by_day_of_the_program(busy):
    found = movements({busy.wallet.pk: "Europe/Oslo"}, after=0, upto=newest_id())
    earned = {(each.day.isoformat(), each.bucket): each.points for each in found if each.contra == "issued"}
    assert earned == {("2026-02-26", 0): 100, ("2026-03-01", 0): 120, ("2026-03-01", 1): 30}
    assert movements({busy.wallet.pk: "UTC"}, after=newest_id(), upto=newest_id()) == []


def test_rows_have_names_on_staff_screens(busy):
    busy.extend(day(30))
    lot = Lot.objects.get(posting_id=entry_with(busy.id, "first").id)
    use = LotUse.objects.filter(lot_id=lot.pk).get()
    assert [str(row) for row in (Account.objects.get(), lot, use, Hold.objects.get(), Redating.objects.get())] == [
        f"account {busy.id}",
        f"lot {lot.pk}: 0 of 100",
        f"100 of lot {lot.pk}",
        f"hold {Hold.objects.get().pk}: 20",
        "extend of 1 lots",
    ]
    assert [str(posting) for posting in Posting.objects.filter(kind="spend")] == ["spend -120"]
