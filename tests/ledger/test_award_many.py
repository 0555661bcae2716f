"""Many awards at once: the same effect as one by one, in far fewer statements."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from loyalty.ledger import services as ledger
from loyalty.ledger.errors import BadPoints, KeyReused, OutOfRange, UnknownAccount
from loyalty.ledger.rules import LARGEST, AwardedMany, AwardRow
from tests.ledger.purse import NOON, Purse, day, rows


def many(*awards: AwardRow) -> AwardedMany:
    return ledger.award_many(awards, actor="job:import")


def test_rows_are_posted_in_their_order(purse):
    other = Purse(wallet=purse.wallet)
    done = many(
        AwardRow(purse.id, 10, "a", NOON, note="first"),
        AwardRow(other.id, 5, "a", NOON),
        AwardRow(purse.id, 20, "b", day(-3), expires_at=day(9)),
        AwardRow(purse.id, 7, "c", NOON, pending=True, cancel_at=day(3)),
    )
    assert done == AwardedMany(awarded=4, replayed=0, points=42)
    assert purse.postings() == [("award", 10, 10), ("award", 20, 30)]
    assert purse.state() == (30, 7, 0, 0)
    assert purse.balance().earned_total == 37
    assert other.state() == (5, 0, 0, 0)


def test_the_same_rows_again_change_nothing(purse):
    batch = [AwardRow(purse.id, 10, "a", NOON), AwardRow(purse.id, 20, "b", NOON)]
    many(*batch)
    assert many(*batch, AwardRow(purse.id, 30, "c", NOON)) == AwardedMany(awarded=1, replayed=2, points=30)
    assert purse.state() == (60, 0, 0, 0)


def test_a_row_twice_in_one_batch_counts_once(purse):
    assert many(AwardRow(purse.id, 10, "a", NOON), AwardRow(purse.id, 10, "a", NOON)) == AwardedMany(1, 1, 10)


def test_they_share_their_keys_with_single_awards(purse):
    purse.award(10, key="a", kind="purchase")
    assert many(AwardRow(purse.id, 10, "a", NOON, kind="purchase")) == AwardedMany(0, 1, 0)
    many(AwardRow(purse.id, 20, "b", NOON, kind="purchase"))
    assert purse.award(20, key="b", kind="purchase").replayed


def test_a_debt_is_repaid_in_the_order_of_the_rows(purse):
    purse.award(100, key="a")
    purse.spend(100)
    purse.reverse("a", debt_policy="unlimited")
    many(*(AwardRow(purse.id, 40, f"b{n}", NOON) for n in range(4)), AwardRow(purse.id, 9, "p", NOON, pending=True))
    assert purse.state() == (60, 9, 0, 0)
    assert purse.lots() == [0, 0, 0, 20, 40, 9]


def test_a_key_used_for_something_else_stops_the_whole_batch(purse):
    purse.award(10, key="a")
    with pytest.raises(KeyReused) as error:
        many(AwardRow(purse.id, 5, "b", NOON), AwardRow(purse.id, 11, "a", NOON))
    assert error.value.details == {"key": "a"}
    with pytest.raises(KeyReused):
        many(AwardRow(purse.id, 5, "b", NOON), AwardRow(purse.id, 6, "b", NOON))
    assert purse.state() == (10, 0, 0, 0)


def test_an_unknown_account_stops_the_whole_batch(purse):
    with pytest.raises(UnknownAccount) as error:
        many(AwardRow(purse.id, 5, "b", NOON), AwardRow(987654321, 5, "c", NOON))
    assert error.value.details == {"key": "c"}
    assert purse.state() == (0, 0, 0, 0)


def test_a_batch_that_no_account_can_hold_is_refused(purse):
    rows("SET session_replication_role = replica")
    rows("UPDATE ledger_account SET earned_total = 9000000000000000000 - 1 WHERE id = %s", purse.id)
    with pytest.raises(OutOfRange):
        many(AwardRow(purse.id, 1, "a", NOON), AwardRow(purse.id, 1, "b", NOON))
    rows("UPDATE ledger_account SET earned_total = 0 WHERE id = %s", purse.id)
    rows("SET session_replication_role = DEFAULT")


@pytest.mark.parametrize("points", [0, -5, True])
def test_each_row_is_looked_at_before_anything_is_sent(purse, points):
    with pytest.raises(BadPoints):
        many(AwardRow(purse.id, 5, "a", NOON), AwardRow(purse.id, points, "b", NOON))


def test_ten_thousand_rows_are_one_statement(purse):
    accounts = list(
        ledger.open_accounts(wallet_id=purse.wallet.pk, subjects=[uuid.uuid4() for _ in range(100)]).values()
    )
    batch = [AwardRow(accounts[n % 100], 1 + n % 7, f"k{n}", NOON, expires_at=day(n % 30)) for n in range(10_000)]
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert many(*batch).awarded == 10_000
    assert len(captured) == 1
    with CaptureQueriesContext(connection) as captured:
        assert many(*batch, AwardRow(purse.id, LARGEST, "last", NOON)) == AwardedMany(1, 10_000, LARGEST)
    assert len(captured) == 2


def test_nothing_is_nothing(db):
    assert many() == AwardedMany(0, 0, 0)


def test_rows_that_wait_in_a_table_are_awarded_from_there(purse):
    rows("CREATE TEMP TABLE waiting (account_id bigint, points bigint, key text) ON COMMIT DROP")
    rows("INSERT INTO waiting SELECT %s, n, 'purchase:' || n FROM generate_series(1, 5) n", purse.id)
    selection = """
        SELECT account_id, points, key, 'purchase', 'issued', '', '', %s::timestamptz, null::timestamptz, false,
               null::timestamptz, null::timestamptz
        FROM waiting WHERE points > %s ORDER BY points
    """
    assert ledger.award_selected(selection, [NOON, 2], actor="job:import") == AwardedMany(3, 0, 12)
    assert ledger.award_selected(selection, [NOON, 0], actor="job:import") == AwardedMany(2, 3, 3)
    assert purse.postings() == [
        ("purchase", points, after) for points, after in [(3, 3), (4, 7), (5, 12), (1, 13), (2, 15)]
    ]
    rows("UPDATE waiting SET points = points + 1")
    with pytest.raises(KeyReused) as error:
        ledger.award_selected(selection, [NOON, 5], actor="job:import")
    assert error.value.details == {"key": "purchase:5"}
