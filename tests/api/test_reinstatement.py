"""Expired points by the API: the price is told first, they come back once, and what is owed is paid or called off."""

from datetime import timedelta

import pytest

from loyalty.lib import clock
from loyalty.members.services.members import enrol_member
from loyalty.programs.models.reinstatement import Reinstatement, ReinstatementPolicy
from loyalty.programs.queries.statement import statement_of
from loyalty.programs.services.jobs import expire_points
from loyalty.programs.services.reinstatement import lapse_reinstatements
from tests.api.conftest import till_of
from tests.ledger.purse import violations
from tests.till import active
from tests.world import earn

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def policy(cafe) -> ReinstatementPolicy:
    """A tenth of the points, within thirty days."""
    yield ReinstatementPolicy.objects.create(
        program=cafe, wallet=cafe.wallets.get(code="points"), price="points", window_days=30
    )
    assert violations() == {}


@pytest.fixture
def lost(ada):
    """A hundred points that expired the day before yesterday."""
    return expired(ada, 100, days=2)


def expired(member, points: int, *, days: int):
    end = clock.now() - timedelta(days=days)
    earn(member, points, key=f"lost-{days}", at=end - timedelta(days=90), expires_at=end)
    expire_points()
    return end


def owe(policy, **facts) -> None:
    for name, value in ({"price": "money", "fee_money": 5} | facts).items():
        setattr(policy, name, value)
    policy.save()


def quote(till, ada) -> list[dict]:
    answer = till.get(f"/members/{ada.number}/expired")
    assert answer.status_code == 200
    return answer.json()["expired"]


def ask(till, ada, at, key="a", **changes):
    body = {"id": "b1", "wallet": "points", "expired_at": at if isinstance(at, str) else at.isoformat()} | changes
    return till.post(f"/members/{ada.number}/reinstatements", body, key=key)


def settle(till, ada, what: str, body=None, *, id="b1", key="s"):
    return till.post(f"/members/{ada.number}/reinstatements/{id}/{what}", body, key=key)


def picked(told: dict, *names: str) -> dict:
    return {name: told[name] for name in names}


def test_what_can_come_back_is_told_with_its_price_and_comes_back_for_points(till, ada, lost):
    earn(ada, 5)
    (offer,) = quote(till, ada)
    assert picked(offer, "wallet", "points", "fee", "amount", "currency", "waits_for_payment", "active_after") == {
        "wallet": "points", "points": 100, "fee": 10, "amount": "0.00", "currency": "EUR",
        "waits_for_payment": False, "active_after": 95,
    }  # fmt: skip
    answer = ask(till, ada, offer["expired_at"])
    assert answer.status_code == 201
    told = answer.json()
    assert picked(told, "reinstatement", "state", "points", "came_back", "fee", "amount", "pay_by") == {
        "reinstatement": "b1", "state": "done", "points": 100, "came_back": 100, "fee": 10, "amount": "0.00",
        "pay_by": None,
    }  # fmt: skip
    assert told["expires_at"] == offer["expires_at"]
    assert (told["balances"][0]["active"], active(ada), quote(till, ada)) == (95, 95, [])
    assert sorted(row.points for row in statement_of(ada).rows if row.kind in ("reinstate", "fee")) == [-10, 100]


def test_twice_is_once_by_its_key_and_by_its_id(till, ada, lost):
    first, same, other_key = (ask(till, ada, lost, key) for key in ("a", "a", "b"))
    assert [each.status_code for each in (first, same, other_key)] == [201, 201, 201]
    assert (same.content, same["Idempotency-Replayed"]) == (first.content, "true")
    assert (other_key.json(), active(ada)) == (first.json(), 90)
    again = ask(till, ada, lost, "c", id="b2")
    assert (again.status_code, again.json()["code"]) == (410, "nothing-to-bring-back")
    assert (active(ada), Reinstatement.objects.count()) == (90, 1)


def test_the_same_id_for_other_points(till, ada, lost):
    earlier = expired(ada, 40, days=5)
    assert [offer["points"] for offer in quote(till, ada)] == [100, 40]
    ask(till, ada, lost)
    answer = ask(till, ada, earlier, "b")
    assert (answer.status_code, answer.json()["code"]) == (422, "reinstatement-reused")


def test_money_is_owed_and_points_wait_for_it(till, ada, lost, policy):
    owe(policy)
    (offer,) = quote(till, ada)
    assert picked(offer, "fee", "amount", "waits_for_payment") == {
        "fee": 0, "amount": "5.00", "waits_for_payment": True,
    }  # fmt: skip
    told = ask(till, ada, lost).json()
    assert picked(told, "state", "came_back", "amount", "expires_at") == {
        "state": "open", "came_back": 0, "amount": "5.00", "expires_at": None,
    }  # fmt: skip
    assert (told["pay_by"] is not None, active(ada), quote(till, ada)) == (True, 0, [])
    paid = settle(till, ada, "pay", {"reference": "INV-1"}).json()
    assert picked(paid, "state", "came_back", "reference") == {
        "state": "paid", "came_back": 100, "reference": "INV-1",
    }  # fmt: skip
    assert settle(till, ada, "pay", {"reference": "INV-1"}, key="t").json() == paid
    other = settle(till, ada, "pay", {"reference": "INV-2"}, key="u")
    assert (other.status_code, other.json()["code"]) == (409, "reinstatement-closed")
    late = settle(till, ada, "cancel", key="v")
    assert (late.status_code, late.json()["code"], active(ada)) == (409, "reinstatement-closed", 100)
    read = till.get(f"/members/{ada.number}/reinstatements/b1").json()
    assert picked(read, "state", "reference") == {"state": "paid", "reference": "INV-1"}


def test_called_off_it_can_be_asked_for_again_under_another_id(till, ada, lost, policy):
    owe(policy)
    ask(till, ada, lost)
    assert settle(till, ada, "cancel", {"reason": "too dear"}).json()["state"] == "cancelled"
    assert ask(till, ada, lost, "b").json()["state"] == "cancelled"  # the same id tells what became of it
    assert ask(till, ada, lost, "c", id="b2").json()["state"] == "open"
    assert active(ada) == 0


def test_what_is_not_paid_in_time_lapses(till, ada, lost, policy):
    owe(policy)
    ask(till, ada, lost)
    assert lapse_reinstatements(at=clock.now() + timedelta(days=30)) == 1
    assert till.get(f"/members/{ada.number}/reinstatements/b1").json()["state"] == "cancelled"
    answer = settle(till, ada, "pay", {"reference": "late"})
    assert (answer.status_code, answer.json()["code"]) == (409, "reinstatement-closed")


def test_points_at_once_stay_whatever_becomes_of_the_money(till, ada, lost, policy):
    owe(policy, comes_back="at_once")
    told = ask(till, ada, lost).json()
    assert picked(told, "state", "came_back") == {"state": "open", "came_back": 100}
    assert picked(settle(till, ada, "cancel").json(), "state", "came_back") == {"state": "cancelled", "came_back": 100}
    assert active(ada) == 100


def test_after_the_window_and_where_members_may_not(till, ada, policy):
    old = expired(ada, 100, days=32)
    assert quote(till, ada) == []
    assert (ask(till, ada, old).status_code, active(ada)) == (410, 0)
    lost = expired(ada, 60, days=3)
    owe(policy, by_members=False)
    assert (quote(till, ada), ask(till, ada, lost, "b").status_code) == ([], 410)


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"wallet": "stars"}, 404, "unknown-wallet"),
        ({"expired_at": "2020-01-01T00:00:00Z"}, 410, "nothing-to-bring-back"),
        ({"expired_at": "2026-01-01T00:00:00"}, 400, "invalid"),
        ({"expired_at": "soon"}, 400, "invalid"),
        ({"expired_at": None}, 400, "invalid"),
        ({"id": ""}, 400, "invalid"),
        ({"id": "../x"}, 400, "invalid"),
        ({"points": 5}, 400, "invalid"),
    ],
)
def test_refusals(till, ada, lost, changes, status, code):
    answer = ask(till, ada, lost, **changes)
    assert (answer.status_code, answer.json()["code"], answer["Content-Type"]) == (
        status, code, "application/problem+json",
    )  # fmt: skip
    assert (active(ada), Reinstatement.objects.count()) == (0, 0)


def test_a_fee_that_cannot_be_paid_from_debt_and_a_member_who_left(till, ada, lost):
    type(ada).objects.filter(pk=ada.pk).update(status="blocked")
    answer = ask(till, ada, lost)
    assert (answer.status_code, answer.json()["code"]) == (409, "member-not-active")
    assert active(ada) == 0


def test_it_wants_a_key(till, ada, lost):
    answer = ask(till, ada, lost, "")
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key-missing")
    assert settle(till, ada, "pay", {"reference": "R"}, key="").status_code == 400


def test_what_is_someone_elses_does_not_exist(till, ada, lost, fjord, cleo, policy):
    owe(policy)
    ask(till, ada, lost)
    others = till_of(fjord)
    for answer in (
        ask(others, ada, lost), settle(others, ada, "pay", {"reference": "R"}), settle(others, cleo, "cancel", key="t"),
        others.get(f"/members/{ada.number}/expired"), others.get(f"/members/{cleo.number}/reinstatements/b1"),
        till.get(f"/members/{ada.number}/reinstatements/b2"),
    ):  # fmt: skip
        assert answer.status_code == 404
    assert Reinstatement.objects.get().state == "open"


def test_another_member_of_the_program_has_no_part_in_it(till, cafe, ada, lost, policy):
    ben = enrol_member(cafe, external_id="ben", actor="test")
    owe(policy)
    ask(till, ada, lost)
    answer = settle(till, ben, "pay", {"reference": "R"})
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown-reinstatement")
    assert (ask(till, ben, lost, "b").status_code, ask(till, ben, lost, "c", id="b2").status_code) == (422, 410)
