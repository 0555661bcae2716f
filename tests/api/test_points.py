"""Purchases, activities, balances and statements through the API."""

from datetime import UTC, datetime, timedelta

import pytest

from loyalty.lib import clock
from loyalty.programs.models.activity import Activity
from loyalty.programs.models.wallet import Wallet
from tests.api.test_bad_input import GOOD, REVIEW, ensure_problem
from tests.world import earn

pytestmark = pytest.mark.django_db


def buy(till, member, receipt="1001", **changed):
    return till.post("/purchases", GOOD | {"member": member.number, "receipt": receipt} | changed, key=f"buy-{receipt}")


def test_a_purchase(till, cafe, ada):
    cafe.wallets.update(expiry="rolling", expiry_months=12)
    answer = buy(till, ada, at="2026-03-02T11:00:00+01:00")
    assert answer.status_code == 201
    expires = "2027-03-02T23:00:00+00:00"  # through the day in Oslo
    assert answer.json() == {
        "purchase": "till:1001",
        "awards": [
            {"wallet": "points", "points": 19, "state": "active", "activates_at": None, "expires_at": expires},
        ],
        "balances": [
            {
                "wallet": "points",
                "active": 19,
                "pending": 0,
                "held": 0,
                "debt": 0,
                "earned_total": 19,
                "expiring": [{"points": 19, "at": expires}],
            }
        ],
        "explanation": [
            {
                "rule": "Purchases",
                "wallet": "points",
                "matched": True,
                "points": 19,
                "why": "1 point per 1.00\N{NO-BREAK SPACE}€ on 19.99\N{NO-BREAK SPACE}€: 19 points",
            }
        ],
        "tier_changes": [],
        "replayed": False,
    }


def test_what_came_in_is_stored(till, cafe, ada):
    till.post(
        "/purchases",
        {
            "source": "till-7",
            "receipt": "INV/2026/1",
            "member": ada.number,
            "at": "2026-03-02T11:00:00+01:00",
            "currency": "EUR",
            "channel": "store",
            "store": "oslo-1",
            "lines": [
                {"sku": "a", "category": "tea", "quantity": "1.5", "amount": "12.50", "tax": "2.50", "discount": 1},
                {"kind": "shipping", "quantity": 1, "amount": 4, "attributes": {"carrier": "post", "days": 3}},
            ],
            "payments": [{"method": "card", "amount": "20.00"}, {"method": "cash", "amount": "-3.50"}],
            "attributes": {"campaign": "spring"},
        },
        key="k",
    )
    activity = Activity.objects.get()
    assert (activity.external_id, activity.channel, activity.store) == ("INV/2026/1", "store", "oslo-1")
    assert (activity.event_at, activity.actor) == (
        datetime(2026, 3, 2, 10, tzinfo=UTC),
        f"api:{cafe.api_keys.get().pk}",
    )
    lines = [
        (line.sku, line.kind, str(line.quantity), str(line.amount), line.attributes) for line in activity.lines.all()
    ]
    assert lines == [
        ("a", "item", "1.500", "12.5000", {}),
        ("", "shipping", "1.000", "4.0000", {"carrier": "post", "days": 3}),
    ]


def test_a_dry_run_tells_all_and_stores_nothing(till, ada):
    rehearsed = till.post("/purchases?dry_run=true", GOOD | {"member": ada.number})
    assert (rehearsed.status_code, rehearsed.json()["awards"][0]["points"]) == (200, 19)
    assert not Activity.objects.exists()
    real = buy(till, ada)
    assert real.json()["explanation"] == rehearsed.json()["explanation"]


def test_an_activity(till, cafe, ada):
    cafe.rules.create(wallet=cafe.wallets.get(), trigger="review", effect="fixed", points=50, name="Reviews")
    answer = till.post("/activities", REVIEW | {"member": ada.number, "attributes": {"stars": 5}}, key="k")
    assert answer.status_code == 201
    assert (answer.json()["activity"], answer.json()["awards"][0]["points"]) == ("shop:r1", 50)
    assert till.post("/activities?dry_run=true", REVIEW | {"member": ada.number, "id": "r2"}).status_code == 200


def test_balances(till, cafe, ada):
    Wallet.objects.create(program=cafe, code="stars", name="Stars", position=1)
    soon = clock.now() + timedelta(days=3)
    earn(ada, 30, expires_at=soon)
    assert till.get(f"/members/{ada.number}/balances").json() == {
        "balances": [
            {
                "wallet": "points",
                "active": 30,
                "pending": 0,
                "held": 0,
                "debt": 0,
                "earned_total": 30,
                "expiring": [{"points": 30, "at": soon.isoformat()}],
            },
            {
                "wallet": "stars",
                "active": 0,
                "pending": 0,
                "held": 0,
                "debt": 0,
                "earned_total": 0,
                "expiring": [],
            },
        ]
    }


def test_an_archived_wallet_shows_while_points_are_left(till, cafe, ada):
    old = Wallet.objects.create(program=cafe, code="old", name="Old", position=1)
    earn(ada, 7, wallet=old)
    Wallet.objects.filter(pk=old.pk).update(is_archived=True)
    balances = till.get(f"/members/{ada.number}/balances").json()["balances"]
    assert [(each["wallet"], each["active"]) for each in balances] == [("points", 0), ("old", 7)]


def test_a_statement_row(till, ada):
    buy(till, ada)
    [row] = till.get(f"/members/{ada.number}/statement").json()["results"]
    assert {name: row[name] for name in ("kind", "wallet", "state", "points", "balance_after", "source")} == {
        "kind": "award",
        "wallet": "points",
        "state": "active",
        "points": 19,
        "balance_after": 19,
        "source": "purchase:till:1001",
    }
    assert row["event_at"] == "2026-03-02T10:00:00+00:00"
    assert "19.99" in row["title"] + row["why"]


def test_a_statement_is_read_page_by_page(till, ada):
    for number in range(1, 8):
        buy(till, ada, str(number))
    seen, cursor = [], ""
    while cursor is not None:
        answer = till.get(f"/members/{ada.number}/statement?limit=3" + (f"&cursor={cursor}" if cursor else "")).json()
        assert len(answer["results"]) <= 3
        seen += [row["source"].split(":")[-1] for row in answer["results"]]
        cursor = answer["next"]
    assert seen == ["7", "6", "5", "4", "3", "2", "1"]


def test_a_statement_is_narrowed(till, cafe, ada):
    Wallet.objects.create(program=cafe, code="stars", name="Stars")
    buy(till, ada, "1", at="2026-01-10T12:00:00Z")
    buy(till, ada, "2", at="2026-02-10T12:00:00Z")

    def sources(query: str) -> list[str]:
        answer = till.get(f"/members/{ada.number}/statement?{query}")
        return [row["source"].split(":")[-1] for row in answer.json()["results"]]

    assert sources("since=2026-02-01T00:00:00Z") == ["2"]
    assert sources("until=2026-02-01T00:00:00%2B01:00") == ["1"]
    assert sources("since=2026-02-10T12:00:00Z&until=2026-02-10T12:00:00Z") == []
    assert sources("kind=award") == ["2", "1"]
    assert sources("kind=spend") == []
    assert sources("wallet=stars") == []


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("limit=0", 400, "range"),
        ("limit=201", 400, "range"),
        ("limit=-1", 400, "range"),
        ("limit=1e2", 400, "type"),
        ("limit=true", 400, "type"),
        ("limit=", 400, "type"),
        ("limit=٣", 400, "type"),
        ("limit=" + "9" * 30, 400, "type"),
        ("cursor=%00", 400, "pattern"),
        ("cursor=nonsense!", 400, "pattern"),
        ("cursor=-1", 400, "pattern"),
        ("cursor=%D9%A3", 400, "pattern"),
        ("cursor=" + "9" * 19, 400, "length"),
        ("cursor=", 400, "length"),
        ("since=yesterday", 400, "instant"),
        ("since=2026-01-01", 400, "instant"),
        ("wallet=%00", 400, "pattern"),
        ("page=2", 400, "unknown-parameter"),
        ("wallet=gold", 404, "unknown-wallet"),
    ],
)
def test_a_bad_question_about_a_statement(till, ada, query, status, code):
    problem = ensure_problem(till.get(f"/members/{ada.number}/statement?{query}"), status)
    if status == 404:
        assert problem["code"] == code
    else:
        assert [(each["code"], each["parameter"]) for each in problem["errors"]] == [(code, query.partition("=")[0])]


@pytest.fixture
def pending(till, cafe, ada):
    cafe.wallets.update(activation="on_confirmation")
    return buy(till, ada, "A/1")


def test_confirming(till, ada, pending):
    assert pending.json()["awards"][0]["state"] == "pending"
    done = till.post("/purchases/till/A/1/confirm", key="c-1")
    assert (done.status_code, done.json()) == (200, {"purchase": "till:A/1", "points": 19, "replayed": False})
    again = till.post("/purchases/till/A/1/confirm", {}, key="c-2")
    assert again.json() == {"purchase": "till:A/1", "points": 19, "replayed": True}
    [balance] = till.get(f"/members/{ada.number}/balances").json()["balances"]
    assert (balance["active"], balance["pending"]) == (19, 0)


def test_cancelling(till, ada, pending):
    done = till.post("/purchases/till/A/1/cancel", {"reason": "never paid"}, key="c")
    assert (done.status_code, done.json()["points"]) == (200, 19)
    [balance] = till.get(f"/members/{ada.number}/balances").json()["balances"]
    assert (balance["active"], balance["pending"]) == (0, 0)
    late = till.post("/purchases/till/A/1/confirm", key="late")
    assert late.status_code == 409


@pytest.mark.parametrize("verb", ["confirm", "cancel"])
def test_what_cannot_be_settled(till, ada, pending, verb):
    assert ensure_problem(till.post(f"/purchases/till/unknown/{verb}", key="k-1"), 404)["code"] == "unknown-activity"
    assert ensure_problem(till.post(f"/purchases/till/A/1/{verb}"), 400)["code"] == "idempotency-key-missing"
    assert ensure_problem(till.post(f"/purchases/till/A/1/{verb}", {"x": 1}, key="k-2"), 400)["code"] == "invalid"
    assert ensure_problem(till.post(f"/activities/till/A/1/{verb}", key="k-3"), 404)["code"] == "unknown-activity"


def test_nothing_waits(till, ada):
    buy(till, ada)
    assert ensure_problem(till.post("/purchases/till/1001/confirm", key="k"), 409)["code"] == "nothing-pending"


def test_words_are_in_the_language_that_was_asked_for(till, ada):
    assert buy(till, ada).headers["Content-Language"] == "en"
    assert till.get(f"/members/{ada.number}/statement", Accept_Language="nb").headers["Content-Language"] == "nb"


# --- How many questions the database is asked -------------------------------------------------------------------------


def test_balances_take_two_statements(till, ada, django_assert_num_queries):
    till.get(f"/members/{ada.number}/balances")
    for number in range(3):
        earn(ada, 5, key=f"k{number}", expires_at=clock.now() + timedelta(days=number + 1))
    with django_assert_num_queries(2):  # key with member, points
        till.get(f"/members/{ada.number}/balances")


@pytest.mark.parametrize("lines", [1, 30])
def test_a_purchase_takes_so_many_statements(till, ada, django_assert_max_num_queries, lines):
    """Key, claim, situation, purchase with lines, award, balances, record of the answer."""
    buy(till, ada, "first")
    with django_assert_max_num_queries(7 + 2):  # begin and commit, inside the test's own transaction
        assert buy(till, ada, "second", lines=GOOD["lines"] * lines).status_code == 201


def test_a_replay_takes_two_statements(till, ada, django_assert_num_queries):
    buy(till, ada)
    with django_assert_num_queries(2 + 2):  # key, claim; begin and commit
        assert buy(till, ada)["Idempotency-Replayed"] == "true"


def test_a_statement_takes_the_same_for_one_row_and_many(till, ada, django_assert_max_num_queries):
    for number in range(6):
        buy(till, ada, str(number))
    for limit in (1, 3, 6):
        with django_assert_max_num_queries(6):
            assert len(till.get(f"/members/{ada.number}/statement?limit={limit}").json()["results"]) == limit
