"""The statement: every row says what it was and why, in the reader's language."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from loyalty.ledger import services as ledger
from loyalty.lib.errors import Malformed
from loyalty.programs.models.activity import Activity
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.activities import data_of, timeline_of
from loyalty.programs.queries.statement import movement_of, statement_of
from loyalty.programs.services.facts import Payment
from loyalty.programs.services.jobs import activate_points, expire_points
from loyalty.programs.services.points import adjust_points
from tests.till import AT, buy, do, line, live_by, rule
from tests.world import earn

pytestmark = pytest.mark.django_db
NBSP = "\xa0"


@pytest.fixture
def account(world):
    return ledger.open_account(wallet_id=world.aurora.wallets.get().pk, subject=world.ada.subject)


def words(member, **facts):
    """(title, why, points) of each row, newest first."""
    return [
        (row.title.replace(NBSP, " "), row.why.replace(NBSP, " "), row.points)
        for row in statement_of(member, **facts).rows
    ]


def test_a_purchase_says_where_and_how_it_was_counted(world):
    buy(world.ada, "29.33", store="Oslo S")
    (row,) = statement_of(world.ada).rows
    assert (row.title.replace(NBSP, " "), row.points, row.balance_after) == ("Purchase of 29.33 € at Oslo S", 29, 29)
    assert row.why.replace(NBSP, " ") == "1 point per 1.00 € on 29.33 €: 29 points"
    assert (row.kind, row.bucket, row.source, row.event_at) == ("award", 0, "purchase:till:1001", AT)
    assert (row.wallet.code, row.wallet.program) == ("points", world.aurora)


def test_several_rules_are_named(world):
    rule(world.aurora, "Spring", effect="multiplier", factor=2)
    buy(world.ada, "10")
    ((title, why, points),) = words(world.ada)
    assert (title, points) == ("Purchase of 10.00 €", 20)
    assert why == "Purchases: 1 point per 1.00 € on 10.00 €: 10 points · Spring: times 2: 10 points more"


def test_other_activities_are_called_by_their_type(world):
    rule(world.aurora, "Thanks", trigger="product_review", effect="fixed", points=20)
    do(world.ada, "product_review")
    assert words(world.ada) == [("Product review", "A bonus of 20 points", 20)]


def test_points_by_hand_show_the_note_and_never_the_reason(world):
    wallet = world.aurora.wallets.get()
    adjust_points(world.ada, wallet, points=50, reason="complaint 77", note="Sorry!", key="a", actor="staff:1")
    adjust_points(world.ada, wallet, points=-5, reason="counted twice", key="b", actor="staff:1")
    assert words(world.ada) == [("Points taken", "", -5), ("Points added", "Sorry!", 50)]
    movement = movement_of(world.ada, statement_of(world.ada).rows[1].id)
    assert (movement.reason, movement.actor, movement.activity, movement.steps) == ("complaint 77", "staff:1", None, ())


def test_pending_points_say_when_they_come_and_then_that_they_have(world):
    live_by(world.aurora.wallets.get(), activation="after_days", activation_count=14)
    with time_machine.travel(AT, tick=False):
        buy(world.ada, "10")
    (row,) = statement_of(world.ada).rows
    assert (row.bucket, row.points) == (1, 10)
    assert row.why.endswith("yours from 16 March 2026")
    activate_points(at=AT + timedelta(days=14))
    (newest, _first) = words(world.ada)
    assert newest == ("Can be spent now", "Purchase of 10.00 € on 2 March 2026", 10)


def test_points_that_wait_for_a_confirmation_say_so(world):
    live_by(world.aurora.wallets.get(), activation="on_confirmation")
    with time_machine.travel(AT, tick=False):
        buy(world.ada, "10")
    assert words(world.ada)[0][1].endswith("yours once it is confirmed")


def test_expired_points_say_what_they_were(world):
    buy(world.ada, "10")
    earn(world.ada, 5, key="gift", at=AT, expires_at=AT + timedelta(days=1))
    expire_points(at=AT + timedelta(days=400))
    purchase, gift = words(world.ada, kind="expired")
    assert {purchase, gift} == {
        ("Expired", "Purchase of 10.00 € on 2 March 2026", -10),
        ("Expired", "Received on 2 March 2026", -5),
    }


def test_points_set_aside_given_back_and_spent(world, account):
    facts = {"at": AT, "actor": "test"}
    earn(world.ada, 100, at=AT)
    ledger.hold(account, points=40, key="h1", until=AT + timedelta(days=1), note="Order 7", **facts)
    ledger.release(account, hold_key="h1", key="r1", **facts)
    ledger.hold(account, points=30, key="h2", until=AT + timedelta(days=1), note="Order 8", **facts)
    ledger.capture(account, hold_key="h2", key="c2", **facts)
    ledger.spend(account, points=10, key="s", note="Coffee mug", **facts)
    ledger.spend(account, points=5, key="t", **facts)
    assert [(title, why) for title, why, _points in words(world.ada)] == [
        ("Spent", ""),
        ("Coffee mug", ""),
        ("Order 8", "These points had been set aside."),
        ("Set aside", "Order 8"),
        ("No longer set aside", "Order 7"),
        ("Set aside", "Order 7"),
        ("Points received", ""),
    ]


def test_corrections_gifts_and_what_came_back(world, account):
    facts = {"at": AT, "actor": "test"}
    buy(world.ada, "100")
    friend = ledger.open_account(wallet_id=world.aurora.wallets.get().pk, subject=world.ben.subject)
    ledger.transfer(account, friend, points=10, key="gift", note="Happy birthday", **facts)
    ledger.spend(account, points=20, key="mug", note="Coffee mug", **facts)
    ledger.reverse(account, posting_key="mug", key="no mug", reason="sold out", **facts)
    ledger.reverse(account, posting_key="purchase:till:1001:points", key="return", points=30, reason="r", **facts)
    assert words(world.ada)[:4] == [
        ("Taken back", "Purchase of 100.00 € on 2 March 2026", -30),
        ("Given back", "Received on 2 March 2026", 20),
        ("Coffee mug", "", -20),
        ("Given to another member", "Happy birthday", -10),
    ]
    assert words(world.ben) == [("Received from another member", "Happy birthday", 10)]


def test_points_brought_back_after_they_had_expired(world, account):
    buy(world.ada, "10")
    expire_points(at=AT + timedelta(days=400))
    (row,) = statement_of(world.ada, kind="expired").rows
    lot = next(entry for entry in statement_of(world.ada, kind="award").rows).id
    late = AT + timedelta(days=401)
    ledger.reinstate(account, lot_id=lot, key="sorry", at=late, expires_at=late + timedelta(days=9), actor="staff:1")
    title, why, points = words(world.ada)[0]
    assert (title, points) == ("Brought back after they had expired", 10)
    assert why == "Purchase of 10.00 € on 2 March 2026"
    assert row.points == -10


def test_a_movement_tells_everything_behind_it(world, account):
    buy(world.ada, line("10", sku="mug"), payments=(Payment("card", Decimal(10)),))
    (row,) = statement_of(world.ada).rows
    movement = movement_of(world.ada, row.id)
    assert (movement.row, movement.activity) == (row, Activity.objects.get())
    assert [(step.rule, step.points) for step in movement.steps] == [("Purchases", 10)]
    assert (movement.expires_at.isoformat(), movement.uses) == ("2027-03-02T23:00:00+00:00", ())
    ledger.spend(account, points=4, key="s", at=AT, actor="test")
    spent = movement_of(world.ada, statement_of(world.ada).rows[0].id)
    assert [(use.points, use.lot_id) for use in spent.uses] == [(4, row.id)]


def test_another_members_movement_does_not_exist(world):
    buy(world.ada, "10")
    assert movement_of(world.ben, statement_of(world.ada).rows[0].id) is None


def test_it_is_read_page_by_page(world):
    for number in range(5):
        buy(world.ada, number + 1, receipt=str(number))
    first = statement_of(world.ada, limit=2)
    second = statement_of(world.ada, limit=2, cursor=first.next)
    third = statement_of(world.ada, limit=2, cursor=second.next)
    assert [[row.points for row in page.rows] for page in (first, second, third)] == [[5, 4], [3, 2], [1]]
    assert third.next is None
    with pytest.raises(Malformed):
        statement_of(world.ada, cursor="x")
    with pytest.raises(Malformed):
        statement_of(world.ada, cursor="9" * 19)


def test_it_is_narrowed_by_wallet_kind_and_time(world):
    stars = Wallet.objects.create(program=world.aurora, code="stars", name="Stars", position=1)
    rule(world.aurora, "Stars", wallet="stars", points=2)
    buy(world.ada, "10")
    buy(world.ada, "20", receipt="2", at=AT + timedelta(days=1))
    adjust_points(world.ada, stars, points=-1, reason="r", key="a", actor="staff:1")
    assert [row.points for row in statement_of(world.ada, wallet=stars).rows] == [-1, 40, 20]
    assert [row.points for row in statement_of(world.ada, kind="adjustment").rows] == [-1]
    assert [row.points for row in statement_of(world.ada, kind="earned", until=AT + timedelta(hours=1)).rows] == [
        20,
        10,
    ]
    assert [row.points for row in statement_of(world.ada, kind="award", since=AT + timedelta(hours=1)).rows] == [40, 20]
    assert statement_of(world.ada, kind="held").rows == []


def test_the_queries_do_not_grow_with_the_rows(world):
    counts = []
    for number in (1, 3):
        for each in range(number):
            buy(world.ada, "10", receipt=f"{number}-{each}")
        expire_points(at=AT + timedelta(days=400))
        with CaptureQueriesContext(connection) as captured:
            statement_of(world.ada)
        counts.append(len(captured))
    assert counts == [4, 4]


def test_it_speaks_the_readers_language(world):
    live_by(world.aurora.wallets.get(), unit_one="poeng", unit_many="poeng")
    buy(world.ada, "1000")
    with translation.override("nb"):
        ((_title, why, _points),) = words(world.ada)
    assert "1 000,00" in why


def test_the_staffs_timeline_shows_lines_and_every_rule(world):
    rule(world.aurora, "Idea", effect="multiplier", factor=2, is_shadow=True)
    buy(world.ada, "10", "5")
    buy(world.ada, "7", receipt="2", at=AT + timedelta(days=1))
    with CaptureQueriesContext(connection) as captured:
        newest, first = timeline_of(world.ada)
        lines = [each.amount for each in first.activity.lines.all()]
    assert (newest.total, first.total, lines) == (7, 15, [10, 5])
    assert [(wallet.code, points, state) for wallet, points, state in first.awards] == [("points", 15, "active")]
    assert [(step.rule, step.is_shadow) for step in first.steps] == [("Purchases", False), ("Idea", True)]
    assert [row.total for row in timeline_of(world.ada, before=AT + timedelta(hours=1))] == [15]
    assert len(captured) <= 4


def test_ones_own_data_can_be_taken_along(world):
    buy(world.ada, line("10", sku="mug"), store="Oslo S")
    (found,) = data_of(world.ada)["activities"]
    assert (found["id"], found["total"], found["lines"][0]["sku"]) == ("1001", "10", "mug")
    assert data_of(world.ben) == {"activities": []}
