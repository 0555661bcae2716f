"""Purchases that come together: each has its own outcome, a refused one stops no other, all are one transaction."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from loyalty.members.services.members import enrol_member
from loyalty.programs.api.inputs import LARGEST_BATCH
from loyalty.programs.models.activity import Activity
from loyalty.programs.queries.balances import balances_of
from tests.api.test_bad_input import GOOD, NOT_KNOWN, ensure_problem

pytestmark = pytest.mark.django_db


def bought(number: str, receipt: int, **changed):
    return GOOD | {"member": number, "receipt": str(receipt)} | changed


def send(till, *purchases, key="k"):
    return till.post("/purchases/batch", {"purchases": list(purchases)}, key=key)


def test_every_outcome_stands_in_its_place(till, cafe, ada, cleo):
    ben = enrol_member(cafe, external_id="ben", actor="test")
    till.post("/purchases", bought(ada.number, 1), key="before")
    answer = send(
        till,
        bought(ada.number, 2),
        bought(NOT_KNOWN, 3),
        bought(cleo.number, 4),
        bought(ada.number, 1),
        bought(ada.number, 1, channel="other"),
        bought(ben.number, 5, currency="NOK"),
        bought(ben.number, 6, at="2199-01-01T00:00:00Z"),
        bought(ben.number, 7),
        bought(ben.number, 7),
        bought(ben.number, 8, lines=[{"quantity": 1, "amount": "0.50"}]),
    )
    assert answer.status_code == 200
    outcomes = answer.json()["results"]
    assert [(each["status"], each["purchase"]) for each in outcomes] == [
        (201, "till:2"), (404, "till:3"), (404, "till:4"), (201, "till:1"), (422, "till:1"), (422, "till:5"),
        (422, "till:6"), (201, "till:7"), (201, "till:7"), (201, "till:8"),
    ]  # fmt: skip
    problems = [(each["problem"]["code"], each["problem"].get("errors", [{}])[0].get("pointer")) for each in outcomes
                if "problem" in each]  # fmt: skip
    assert problems == [
        ("unknown-member", "#/purchases/1/member"),
        ("unknown-member", "#/purchases/2/member"),
        ("receipt-reused", None),
        ("wrong-currency", "#/purchases/5/currency"),
        ("in-the-future", "#/purchases/6/at"),
    ]
    told = [(each["replayed"], [award["points"] for award in each["awards"]]) for each in outcomes if "awards" in each]
    assert told == [(False, [19]), (True, [19]), (False, [19]), (True, [19]), (False, [])]
    assert (balances_of(ada)[0].active, balances_of(ben)[0].active) == (38, 19)


def test_a_replay_is_the_same_to_the_byte(till, ada):
    first, again = (send(till, bought(ada.number, 1), bought(NOT_KNOWN, 2)) for _time in range(2))
    assert (again.status_code, again.content, again["Idempotency-Replayed"]) == (200, first.content, "true")
    assert Activity.objects.count() == 1


@pytest.mark.parametrize("count", [0, LARGEST_BATCH + 1])
def test_too_many_or_none(till, ada, count):
    problem = ensure_problem(send(till, *[bought(ada.number, number) for number in range(count)]), 400)
    assert [(each["code"], each["pointer"]) for each in problem["errors"]] == [("length", "#/purchases")]


def test_a_large_batch(till, ada):
    answer = send(till, *[bought(ada.number, number) for number in range(LARGEST_BATCH)])
    assert {each["status"] for each in answer.json()["results"]} == {201}
    assert balances_of(ada)[0].active == 19 * LARGEST_BATCH


def test_the_database_is_asked_the_same_number_of_times_for_two_and_for_fifty(till, ada):
    send(till, bought(ada.number, 0), key="first")
    counts = []
    for size in (2, 50):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            send(till, *[bought(ada.number, 1000 * size + number) for number in range(size)], key=f"k-{size}")
        counts.append(len(asked))
    assert counts[0] == counts[1]
