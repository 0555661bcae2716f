"""POST /members/{number}/conversions: at the program's rate, once per id, and only within the key's program."""

import pytest

from loyalty.programs.models.conversions import ConversionRate
from loyalty.programs.models.wallet import Wallet
from tests.till import active
from tests.world import earn

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def rate(cafe) -> ConversionRate:
    cash = Wallet.objects.create(program=cafe, code="cash", name="Cashback")
    points = cafe.wallets.get(code="points")
    return ConversionRate.objects.create(program=cafe, from_wallet=points, to_wallet=cash, give=10, get=1, fee_points=1)


def ask(till, ada, key="a", **changes):
    body = {"id": "c1", "from": "points", "to": "cash", "points": 50} | changes
    return till.post(f"/members/{ada.number}/conversions", body, key=key)


def test_points_are_changed_once(till, ada):
    earn(ada, 100)
    first, again = ask(till, ada), ask(till, ada, "b")
    assert (first.status_code, again.status_code) == (201, 201)
    told = first.json()
    assert {name: told[name] for name in ("conversion", "given", "fee", "received")} == {
        "conversion": "c1", "given": 50, "fee": 1, "received": 5,
    }  # fmt: skip
    assert {each["wallet"]: each["active"] for each in told["balances"]} == {"points": 49, "cash": 5}
    assert (active(ada), active(ada, "cash")) == (49, 5)


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"points": 55}, 422, "wrong-amount"),
        ({"points": 500}, 409, "insufficient-points"),
        ({"from": "cash", "to": "points"}, 403, "conversions-off"),
        ({"to": "nothing"}, 404, "unknown-wallet"),
        ({"points": 0}, 400, "invalid"),
        ({"extra": 1}, 400, "invalid"),
    ],
)
def test_refusals(till, ada, changes, status, code):
    earn(ada, 100)
    answer = ask(till, ada, **changes)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert active(ada) == 100
