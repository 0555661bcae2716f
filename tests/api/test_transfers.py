"""POST /transfers: by the rules of the wallet, once per id, and only within the key's program."""

import pytest

from loyalty.members.services.members import enrol_member
from loyalty.programs.models.moving import TransferPolicy
from tests.api.conftest import till_of
from tests.till import active
from tests.world import earn

pytestmark = pytest.mark.django_db


@pytest.fixture
def policy(cafe) -> TransferPolicy:
    return TransferPolicy.objects.create(wallet=cafe.wallets.get(code="points"), cooling_hours=0, step=10, fee_points=1)


@pytest.fixture
def ben(cafe):
    return enrol_member(cafe, external_id="ben", email="ben@example.com", name="Ben", actor="test")


def body(ada, ben, **changes):
    return {"id": "g1", "from": ada.number, "to": ben.number, "wallet": "points", "points": 50} | changes


def test_points_are_sent_once(till, ada, ben, policy):
    earn(ada, 100)
    first = till.post("/transfers", body(ada, ben), key="a")
    again = till.post("/transfers", body(ada, ben), key="b")
    assert (first.status_code, again.status_code) == (201, 201)
    told = first.json()
    assert {name: told[name] for name in ("transfer", "state", "points", "fee", "answer_by")} == {
        "transfer": "g1", "state": "done", "points": 50, "fee": 1, "answer_by": None,
    }  # fmt: skip
    assert told["balances"][0]["active"] == 49
    assert (active(ada), active(ben)) == (49, 50)


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"points": 55}, 422, "wrong-amount"),
        ({"points": 500}, 409, "insufficient-points"),
        ({"to": "nobody@example.com"}, 422, "cannot-receive"),
        ({"wallet": "stars"}, 404, "unknown-wallet"),
        ({"from": "1"}, 404, "unknown-member"),
        ({"points": 0}, 400, "invalid"),
        ({"extra": 1}, 400, "invalid"),
    ],
)
def test_refusals(till, ada, ben, policy, changes, status, code):
    earn(ada, 100)
    answer = till.post("/transfers", body(ada, ben, **changes), key="a")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert active(ada) == 100


def test_the_receiver_accepts_or_declines(till, ada, ben, policy):
    policy.asks_receiver = True
    policy.save()
    earn(ada, 100)
    for number, (way, state) in enumerate([("accept", "done"), ("decline", "declined")]):
        sent = till.post("/transfers", body(ada, ben, id=f"g{number}", points=20), key=f"s{number}").json()
        assert (sent["state"], sent["balances"][0]["held"]) == ("waiting", 21)
        answered = till.post(f"/transfers/g{number}/{way}", key=f"a{number}")
        assert (answered.status_code, answered.json()["state"]) == (200, state)
    assert (active(ada), active(ben)) == (79, 20)
    assert till.post("/transfers/nothing/accept", key="n").json()["code"] == "unknown-transfer"


def test_another_program_and_a_lesser_key_send_nothing(cafe, fjord, ada, ben, cleo, policy):
    earn(ada, 100)
    assert till_of(cafe, "members:read").post("/transfers", body(ada, ben), key="a").status_code == 403
    assert till_of(fjord).post("/transfers", body(ada, ben), key="a").status_code == 404
    assert till_of(cafe).post("/transfers", body(ada, cleo), key="a").json()["code"] == "cannot-receive"
