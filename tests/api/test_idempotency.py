"""One Idempotency-Key, one effect, one answer."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection, connections, transaction
from django.test import Client

from loyalty.lib import clock
from loyalty.members.models import IdempotencyRecord
from loyalty.members.services.idempotency import Intention, delete_old_idempotency
from loyalty.programs.models.activity import Activity
from loyalty.programs.queries.balances import balances_of
from tests.api.conftest import Till, till_of
from tests.api.test_bad_input import GOOD, NOT_KNOWN, REVIEW, ensure_problem

pytestmark = pytest.mark.django_db


def bought(member, **changed):
    return GOOD | {"member": member.number} | changed


def points_of(member) -> int:
    return balances_of(member)[0].active


def test_a_replay_is_the_same_to_the_byte(till, ada):
    first = till.post("/purchases", bought(ada), key="k-1")
    till.post("/purchases", bought(ada, receipt="2"), key="k-2")  # the balance moves on
    again = till.post("/purchases", bought(ada), key="k-1")
    assert (again.status_code, again.content, again["Content-Type"]) == (201, first.content, first["Content-Type"])
    assert again["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first
    assert points_of(ada) == 38


def test_the_same_request_in_other_blanks_and_order(till, ada):
    first = till.post("/purchases", bought(ada), key="k")
    other = json.dumps(dict(reversed(bought(ada).items())), indent=3).encode()
    again = till.post("/purchases", other, key="k")
    assert (again.content, again["Idempotency-Replayed"]) == (first.content, "true")


@pytest.mark.parametrize(
    ("path", "changed"), [("/purchases", {"receipt": "2"}), ("/purchases", {"channel": "x"}), ("/activities", None)]
)
def test_another_request_under_the_same_key(till, ada, path, changed):
    till.post("/purchases", bought(ada), key="k")
    body = REVIEW | {"member": ada.number} if changed is None else bought(ada, **changed)
    assert ensure_problem(till.post(path, body, key="k"), 422)["code"] == "key-reused"
    assert Activity.objects.count() == 1


def test_the_key_belongs_to_the_credential(till, cafe, ada):
    till.post("/purchases", bought(ada), key="k")
    assert till_of(cafe).post("/purchases", bought(ada, receipt="2"), key="k").status_code == 201


def test_no_key_no_points(till, ada):
    assert ensure_problem(till.post("/purchases", bought(ada)), 400)["code"] == "idempotency-key-missing"
    assert not Activity.objects.exists()


def test_a_dry_run_needs_no_key_and_leaves_none(till, ada):
    assert till.post("/purchases?dry_run=true", bought(ada), key="k").status_code == 200
    assert not IdempotencyRecord.objects.exists()
    assert till.post("/purchases", bought(ada), key="k").status_code == 201


def test_enrolling_may_have_a_key(till):
    first = till.post("/members", {"external_id": "new"}, key="k")
    again = till.post("/members", {"external_id": "new"}, key="k")
    assert (again.status_code, again.content) == (201, first.content)
    assert till.post("/members", {"external_id": "new"}).status_code == 409


def test_a_refusal_of_the_program_is_an_answer_too(till, ada):
    """The till must take a new key for a new try, even when the reason is gone."""
    body = bought(ada) | {"member": NOT_KNOWN}
    first, again = (till.post("/purchases", body, key="k") for _time in range(2))
    assert (again.status_code, again.content, again["Idempotency-Replayed"]) == (404, first.content, "true")
    assert again["Content-Type"] == "application/problem+json"


def test_what_is_malformed_is_not_kept(till, ada):
    assert till.post("/purchases", bought(ada, receipt=7), key="k").status_code == 400
    assert till.post("/purchases", bought(ada, lines=[{"quantity": 1, "amount": "1.999"}]), key="k").status_code == 400
    assert till.post("/purchases", bought(ada), key="k").status_code == 201


def test_a_missing_scope_is_not_kept(cafe, till, ada):
    narrow = till_of(cafe, "members:read")
    assert narrow.post("/purchases", bought(ada), key="k").status_code == 403
    assert not IdempotencyRecord.objects.exists()


def test_a_receipt_counts_once_whatever_the_key(till, ada):
    first = till.post("/purchases", bought(ada), key="k-1").json()
    again = till.post("/purchases", bought(ada), key="k-2")
    assert (again.status_code, again.json()) == (201, first | {"replayed": True})
    assert points_of(ada) == 19


def test_a_receipt_cannot_change(till, ada):
    till.post("/purchases", bought(ada), key="k-1")
    other = bought(ada, lines=[{"quantity": 1, "amount": "20.00"}])
    assert ensure_problem(till.post("/purchases", other, key="k-2"), 422)["code"] == "receipt-reused"
    assert points_of(ada) == 19


def test_answers_are_kept_for_seven_days(till, ada):
    till.post("/purchases", bought(ada), key="k")
    now = clock.now()
    assert delete_old_idempotency(at=now + timedelta(days=7) - timedelta(minutes=1)) == 0
    assert delete_old_idempotency(at=now + timedelta(days=7, minutes=1)) == 1
    late = till.post("/purchases", bought(ada), key="k")
    assert ("Idempotency-Replayed" in late, late.json()["replayed"], points_of(ada)) == (False, True, 19)


# --- With other connections: real transactions ----------------------------------------------------------------------


def in_a_thread(till: Till, *request, **more):
    """One request on a connection of its own."""

    def ask():
        try:
            own = Till(till.secret, Client(raise_request_exception=False))
            return own.post(*request, **more)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(ask).result()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_while_the_first_runs_the_second_is_told_to_wait(till, cafe, ada):
    key_id = cafe.api_keys.get().pk
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [Intention(key_id, "k", "").lock])
        waiting = in_a_thread(till, "/purchases", bought(ada), key="k")
    assert ensure_problem(waiting, 409)["code"] == "in-progress"
    assert int(waiting["Retry-After"]) > 0
    assert till.post("/purchases", bought(ada), key="k").status_code == 201


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_are_one(till, ada):
    clients, start = 50, Barrier(50)

    def ask(_number):
        start.wait()
        try:
            own = Till(till.secret, Client(raise_request_exception=False))
            answer = own.post("/purchases", bought(ada), key="k")
            return answer.status_code, answer.content, answer.headers.get("Idempotency-Replayed")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(clients) as pool:
        answers = list(pool.map(ask, range(clients)))
    count = Counter((status, replayed) for status, _body, replayed in answers)
    assert count.keys() <= {(201, None), (201, "true"), (409, None)}
    assert count[201, None] == 1
    assert len({body for status, body, _replayed in answers if status == 201}) == 1
    assert (Activity.objects.count(), points_of(ada), IdempotencyRecord.objects.count()) == (1, 19, 1)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_an_answer_that_appears_meanwhile_is_the_answer(till, ada):
    """The lock lets two in only if something goes wrong; the unique key has the last word, the other answer counts."""
    first = till.post("/purchases", bought(ada), key="other")
    record = IdempotencyRecord.objects.get()
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            record.pk, record.key = None, "k"
            record.save(force_insert=True)  # not committed, so the claim of the next request cannot see it
            late = pool.submit(in_a_thread, till, "/purchases", bought(ada), key="k")
            wait_for_a_blocked_insert()
        answer = late.result()
    assert (answer.status_code, answer.content, answer["Idempotency-Replayed"]) == (201, first.content, "true")
    assert points_of(ada) == 19


def wait_for_a_blocked_insert() -> None:
    """Until another connection waits for our transaction."""
    blocked = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
    with connection.cursor() as cursor:
        for _look in range(2000):
            cursor.execute(blocked)
            if cursor.fetchone()[0]:
                return
            cursor.execute("SELECT pg_sleep(0.005)")
    raise AssertionError("nobody waits")


@pytest.mark.django_db(transaction=True)
def test_no_answer_no_effect(till, ada):
    """The answer cannot be recorded, so nothing happened; afterwards the same key does it."""
    table = IdempotencyRecord._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT no_room CHECK (status <> 201)")
    try:
        assert ensure_problem(till.post("/purchases", bought(ada), key="k"), 500)["code"] == "internal-error"
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT no_room")
    assert (Activity.objects.count(), IdempotencyRecord.objects.count(), points_of(ada)) == (0, 0, 0)
    assert till.post("/purchases", bought(ada), key="k").status_code == 201
