"""Goods brought back, as a till tells it."""

from typing import Any

import pytest

from loyalty.programs.models.returns import Return
from tests.api.conftest import till_of
from tests.api.test_bad_input import GOOD, ensure_problem

pytestmark = pytest.mark.django_db
ADDRESS = "/purchases/till/1001/returns"
LINES = [{"quantity": 3, "amount": "30.00"}, {"quantity": 1, "amount": "20.00"}]


@pytest.fixture(autouse=True)
def _bought(till, ada):
    till.post("/purchases", GOOD | {"member": ada.number, "lines": LINES}, key="bought")


def back(*lines: Any, id: str = "r1", **more: Any) -> dict[str, Any]:
    told = [{"line": line, "quantity": quantity} for line, quantity in lines]
    return {"return": id} | ({"lines": told} if told else {"all": True}) | more


def test_in_two_steps(till):
    first = till.post(ADDRESS, back((1, 2)), key="a")
    assert (first.status_code, first.json()["clawbacks"]) == (201, [{"wallet": "points", "points": 20, "waived": 0}])
    told = first.json()
    assert (told["purchase"], told["amount"], told["is_last"], told["replayed"]) == ("till:1001", "20.00", False, False)
    assert told["balances"][0]["active"] == 30
    second = till.post(ADDRESS, back(id="r2"), key="b").json()
    assert (second["clawbacks"][0]["points"], second["is_last"], second["balances"][0]["active"]) == (30, True, 0)
    listed = till.get(ADDRESS + "?limit=1").json()
    assert [each["return"] for each in listed["results"]] == ["r2"]
    rest = till.get(f"{ADDRESS}?cursor={listed['next']}").json()
    assert (rest["results"][0]["lines"], rest["next"]) == ([{"line": 1, "quantity": "2", "amount": "20.00"}], None)


def test_the_same_return_under_another_key(till):
    first, again = till.post(ADDRESS, back((1, 1)), key="a"), till.post(ADDRESS, back((1, "1.000")), key="b")
    assert again.json() == first.json() | {"replayed": True}
    assert again.status_code == 201
    problem = ensure_problem(till.post(ADDRESS, back((1, 2)), key="c"), 422)
    assert problem["code"] == "return-reused"
    replay = till.post(ADDRESS, back((1, 1)), key="a")
    assert (replay.content, replay.headers["Idempotency-Replayed"]) == (first.content, "true")


def test_a_dry_run_stores_nothing(till):
    told = till.post(ADDRESS + "?dry_run=true", back())
    assert (told.status_code, told.json()["clawbacks"][0]["points"], Return.objects.count()) == (200, 50, 0)


@pytest.mark.parametrize(
    ("body", "status", "code", "pointer"),
    [
        ({}, 400, "required", "#/return"),
        ({"return": 7, "all": True}, 400, "type", "#/return"),
        ({"return": "", "all": True}, 400, "length", "#/return"),
        ({"return": "r" * 101, "all": True}, 400, "length", "#/return"),
        ({"return": "a\u0000", "all": True}, 400, "character", "#/return"),
        ({"return": " r", "all": True}, 400, "pattern", "#/return"),
        ({"return": "r", "all": 1}, 400, "type", "#/all"),
        ({"return": "r"}, 422, "wrong-return", "#/lines"),
        ({"return": "r", "all": False}, 422, "wrong-return", "#/lines"),
        (back((1, 1), all=True), 422, "wrong-return", "#/lines"),
        ({"return": "r", "lines": []}, 400, "length", "#/lines"),
        (back((0, 1)), 400, "range", "#/lines/0/line"),
        (back((-1, 1)), 400, "range", "#/lines/0/line"),
        (back((True, 1)), 400, "type", "#/lines/0/line"),
        (back(("1", 1)), 400, "type", "#/lines/0/line"),
        (back((2**63, 1)), 400, "type", "#/lines/0/line"),
        (back((3, 1)), 422, "unknown-line", "#/lines/0/line"),
        (back((1, 0)), 400, "decimal", "#/lines/0/quantity"),
        (back((1, -1)), 400, "decimal", "#/lines/0/quantity"),
        (back((1, "NaN")), 400, "decimal", "#/lines/0/quantity"),
        (back((1, "0.0001")), 400, "decimal", "#/lines/0/quantity"),
        (back((1, 10**11)), 400, "decimal", "#/lines/0/quantity"),
        (back((2, 1), (1, 4)), 422, "more-than-bought", "#/lines/1/quantity"),
        (back((1, 1), (1, 1)), 422, "wrong-return", "#/lines/1/line"),
        (back(at="2026-03-02T10:00:00Z"), 201, "", ""),
        (back(at="2026-03-02T09:59:59Z"), 422, "wrong-return", "#/at"),
        (back(at="2199-01-01T00:00:00Z"), 422, "in-the-future", "#/at"),
        (back(at="2026-03-02"), 400, "instant", "#/at"),
        (back(reason=5), 400, "type", "#/reason"),
        (back(colour="red"), 400, "unknown-field", "#/colour"),
    ],
)
def test_the_catalogue_of_bad_input(till, body, status, code, pointer):
    answer = till.post(ADDRESS, body, key="k")
    if status == 201:
        assert answer.status_code == 201
        return
    (error,) = ensure_problem(answer, status)["errors"]
    assert (error["code"], error["pointer"]) == (code, pointer)
    assert Return.objects.count() == 0


@pytest.mark.parametrize("address", ["/purchases/till/1002/returns", "/purchases/nowhere/1001/returns"])
def test_a_purchase_that_there_is_not(till, address):
    assert ensure_problem(till.post(address, back(), key="k"), 404)["code"] == "unknown-activity"
    ensure_problem(till.get(address), 404)


def test_all_came_back_before(till):
    till.post(ADDRESS, back(), key="a")
    assert ensure_problem(till.post(ADDRESS, back(id="r2"), key="b"), 409)["code"] == "nothing-to-return"


def test_another_programs_purchase_is_not_there(fjord):
    problem = ensure_problem(till_of(fjord).post(ADDRESS, back(), key="k"), 404)
    assert (problem["code"], Return.objects.count()) == ("unknown-activity", 0)


def test_a_key_is_needed(till):
    ensure_problem(till.post(ADDRESS, back()), 400)
    assert Return.objects.count() == 0
