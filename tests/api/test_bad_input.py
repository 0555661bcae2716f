"""The catalogue of bad input: every line is refused as it should be, and writes nothing."""

import json
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

pytestmark = pytest.mark.django_db

GOOD_LINE = {"quantity": 1, "amount": "19.99"}
GOOD = {
    "source": "till",
    "receipt": "1001",
    "at": "2026-03-02T11:00:00+01:00",
    "currency": "EUR",
    "lines": [GOOD_LINE],
}
REVIEW = {"source": "shop", "id": "r1", "type": "review", "at": "2026-03-02T11:00:00Z"}
NOT_KNOWN = "000000000000"


def line(**changed: Any) -> dict[str, Any]:
    return {"lines": [GOOD_LINE | changed]}


# change of a good purchase → status, code, where
PURCHASES: list[tuple[dict[str, Any], int, str, str]] = [
    ({"colour": "red"}, 400, "unknown-field", "#/colour"),
    (line(colour="red"), 400, "unknown-field", "#/lines/0/colour"),
    ({"source": ...}, 400, "required", "#/source"),
    ({"receipt": ...}, 400, "required", "#/receipt"),
    ({"member": ...}, 400, "required", "#/member"),
    ({"at": ...}, 400, "required", "#/at"),
    ({"currency": ...}, 400, "required", "#/currency"),
    ({"lines": ...}, 400, "required", "#/lines"),
    (line(amount=...), 400, "required", "#/lines/0/amount"),
    (line(quantity=...), 400, "required", "#/lines/0/quantity"),
    ({"source": 7}, 400, "type", "#/source"),
    ({"source": None}, 400, "type", "#/source"),
    ({"source": ""}, 400, "length", "#/source"),
    ({"source": "x" * 41}, 400, "length", "#/source"),
    ({"source": "till:7"}, 400, "pattern", "#/source"),
    ({"source": "till 7"}, 400, "pattern", "#/source"),
    ({"receipt": 1001}, 400, "type", "#/receipt"),
    ({"receipt": True}, 400, "type", "#/receipt"),
    ({"receipt": ""}, 400, "length", "#/receipt"),
    ({"receipt": "x" * 101}, 400, "length", "#/receipt"),
    ({"receipt": " 1"}, 400, "pattern", "#/receipt"),
    ({"receipt": "1\n"}, 400, "pattern", "#/receipt"),
    ({"receipt": "a\tb"}, 400, "pattern", "#/receipt"),
    ({"receipt": "."}, 400, "pattern", "#/receipt"),
    ({"receipt": ".."}, 400, "pattern", "#/receipt"),
    ({"receipt": "a/../b"}, 400, "pattern", "#/receipt"),
    ({"receipt": "./a"}, 400, "pattern", "#/receipt"),
    ({"receipt": "a\u202eb"}, 400, "pattern", "#/receipt"),
    ({"receipt": "a\u200db"}, 400, "pattern", "#/receipt"),
    ({"source": "."}, 400, "pattern", "#/source"),
    ({"source": ".."}, 400, "pattern", "#/source"),
    ({"store": "Oslo\U000e00411"}, 400, "pattern", "#/store"),
    ({"receipt": "a\u0000b"}, 400, "character", "#/receipt"),
    ({"receipt": "a\ud800b"}, 400, "character", "#/receipt"),
    ({"receipt": "a\u2028b"}, 400, "pattern", "#/receipt"),
    ({"member": 345678901237}, 400, "type", "#/member"),
    ({"member": ["x"]}, 400, "type", "#/member"),
    ({"member": {"number": "x"}}, 400, "type", "#/member"),
    ({"member": NOT_KNOWN}, 404, "unknown-member", "#/member"),
    ({"member": "' OR 1=1 --"}, 404, "unknown-member", "#/member"),
    ({"at": "2026-03-02"}, 400, "instant", "#/at"),
    ({"at": "2026-03-02T11:00:00"}, 400, "instant", "#/at"),
    ({"at": "2026-02-30T11:00:00Z"}, 400, "instant", "#/at"),
    ({"at": "2026-03-02T25:00:00Z"}, 400, "instant", "#/at"),
    ({"at": "2026-03-02T11:00:00+99:99"}, 400, "instant", "#/at"),
    ({"at": "0001-01-01T00:00:00+14:00"}, 400, "instant", "#/at"),
    ({"at": "9999-12-31T23:59:59-14:00"}, 400, "instant", "#/at"),
    ({"at": "1812-06-24T00:00:00Z"}, 400, "instant", "#/at"),
    ({"at": "2199-01-01T00:00:00Z"}, 422, "in-the-future", "#/at"),
    ({"at": 1772445600}, 400, "type", "#/at"),
    ({"at": "٢٠٢٦-03-02T11:00:00Z"}, 400, "instant", "#/at"),
    ({"currency": "eur"}, 400, "pattern", "#/currency"),
    ({"currency": "EURO"}, 400, "length", "#/currency"),
    ({"currency": "NOK"}, 422, "wrong-currency", "#/currency"),
    ({"lines": []}, 400, "length", "#/lines"),
    ({"lines": [GOOD_LINE] * 1001}, 400, "length", "#/lines"),
    ({"lines": {}}, 400, "type", "#/lines"),
    ({"lines": [1]}, 400, "type", "#/lines/0"),
    ({"lines": [[]]}, 400, "type", "#/lines/0"),
    ({"lines": None}, 400, "type", "#/lines"),
    (line(amount=True), 400, "decimal", "#/lines/0/amount"),
    (line(amount=None), 400, "decimal", "#/lines/0/amount"),
    (line(amount=19.99), 400, "type", "#/lines/0/amount"),
    (line(amount=1e300), 400, "decimal", "#/lines/0/amount"),
    (line(amount="NaN"), 400, "decimal", "#/lines/0/amount"),
    (line(amount="Infinity"), 400, "decimal", "#/lines/0/amount"),
    (line(amount="1e3"), 400, "decimal", "#/lines/0/amount"),
    (line(amount="1_000"), 400, "decimal", "#/lines/0/amount"),
    (line(amount="+1"), 400, "decimal", "#/lines/0/amount"),
    (line(amount="-1"), 400, "decimal", "#/lines/0/amount"),
    (line(amount="-0.01"), 400, "decimal", "#/lines/0/amount"),
    (line(amount="1,50"), 400, "decimal", "#/lines/0/amount"),
    (line(amount=" 1"), 400, "decimal", "#/lines/0/amount"),
    (line(amount="1\n"), 400, "decimal", "#/lines/0/amount"),
    (line(amount="١"), 400, "decimal", "#/lines/0/amount"),
    (line(amount="."), 400, "decimal", "#/lines/0/amount"),
    (line(amount=""), 400, "decimal", "#/lines/0/amount"),
    (line(amount="1" * 13), 400, "decimal", "#/lines/0/amount"),
    (line(amount="9" * 1000), 400, "decimal", "#/lines/0/amount"),
    (line(amount="0.0001"), 400, "decimal", "#/lines/0/amount"),
    (line(amount="19.999"), 400, "malformed", "#/lines/0/amount"),
    (line(amount=10**12), 400, "decimal", "#/lines/0/amount"),
    (line(amount=2**63), 400, "decimal", "#/lines/0/amount"),
    (line(amount=10**100), 400, "decimal", "#/lines/0/amount"),
    (line(quantity=0), 400, "decimal", "#/lines/0/quantity"),
    (line(quantity=-1), 400, "decimal", "#/lines/0/quantity"),
    (line(quantity="0.0001"), 400, "decimal", "#/lines/0/quantity"),
    (line(quantity=True), 400, "decimal", "#/lines/0/quantity"),
    (line(tax="-1"), 400, "decimal", "#/lines/0/tax"),
    (line(tax="20.00"), 422, "basket-does-not-add-up", "#/lines/0/tax"),
    (line(sku=5), 400, "type", "#/lines/0/sku"),
    (line(sku="x" * 81), 400, "length", "#/lines/0/sku"),
    (line(kind="gift"), 400, "choice", "#/lines/0/kind"),
    (line(attributes=[]), 400, "type", "#/lines/0/attributes"),
    (line(attributes={"a": 1.5}), 400, "type", "#/lines/0/attributes/a"),
    (line(attributes={"a": {"b": 1}}), 400, "type", "#/lines/0/attributes/a"),
    (line(attributes={"a": [1]}), 400, "type", "#/lines/0/attributes/a"),
    (line(attributes={"a/b": None}), 400, "type", "#/lines/0/attributes/a~1b"),
    (line(attributes={"x" * 61: "y"}), 400, "length", "#/lines/0/attributes/" + "x" * 61),
    ({"attributes": {f"a{number}": 1 for number in range(51)}}, 400, "length", "#/attributes"),
    ({"attributes": {"a": 2**63}}, 400, "type", "#/attributes/a"),
    ({"payments": [{"method": "card", "amount": "1"}]}, 422, "basket-does-not-add-up", "#/payments"),
    ({"payments": [{"method": "", "amount": "19.99"}]}, 400, "length", "#/payments/0/method"),
    ({"payments": [{"amount": "19.99"}]}, 400, "required", "#/payments/0/method"),
    ({"channel": 1}, 400, "type", "#/channel"),
    ({"store": "x" * 61}, 400, "length", "#/store"),
]

BODIES: list[tuple[bytes, int, str]] = [
    (b"", 400, "invalid"),
    (b"{", 400, "malformed"),
    (b"[]", 400, "invalid"),
    (b"null", 400, "invalid"),
    (b'"text"', 400, "invalid"),
    (b"1", 400, "invalid"),
    (b'{"source": NaN}', 400, "malformed"),
    (b'{"source": "a", "source": "a"}', 400, "invalid"),
    (b'{"source": "\xff"}', 400, "malformed"),
    (b"[" * 100_000, 400, "malformed"),
    (b"{" + b'"a":{' * 50 + b"}" * 51, 400, "invalid"),
    (json.dumps(GOOD).encode("utf-16"), 400, "malformed"),
    (b"\xef\xbb\xbf{}", 400, "malformed"),
    (b" " * (2 * 1024 * 1024 + 1), 413, "too-large"),
]


def rows() -> dict[str, int]:
    """How many rows every table holds."""
    tables = [model._meta.db_table for model in apps.get_models()] + ["ledger_posting"]
    with connection.cursor() as cursor:
        count = {}
        for table in sorted(set(tables)):
            cursor.execute(f'SELECT count(*) FROM "{table}"')  # noqa: S608
            count[table] = cursor.fetchone()[0]
    del count["loyalty_idempotencyrecord"]  # a refusal of the program is kept, and moves nothing
    return count


def changed(good: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """`good` with `change`; an Ellipsis takes a field away, in a line too."""
    body = {name: value for name, value in (good | change).items() if value is not ...}
    if isinstance(body.get("lines"), list):
        body["lines"] = [
            {name: value for name, value in each.items() if value is not ...} if isinstance(each, dict) else each
            for each in body["lines"]
        ]
    return body


def ensure_problem(answer: Any, status: int) -> dict[str, Any]:
    problem = answer.json()
    assert answer.status_code == problem["status"] == status, problem
    assert answer["Content-Type"] == "application/problem+json"
    assert {"type", "title", "status", "detail", "instance", "code"} <= problem.keys()
    return problem


@pytest.mark.parametrize(("change", "status", "code", "pointer"), PURCHASES, ids=range(len(PURCHASES)))
def test_a_bad_purchase_is_refused_and_writes_nothing(till, ada, change, status, code, pointer):
    body = changed(GOOD | {"member": ada.number}, change)
    before = rows()
    for query in ("", "?dry_run=true"):
        problem = ensure_problem(till.post("/purchases" + query, body, key="k"), status)
        assert [(each["code"], each["pointer"]) for each in problem["errors"]] == [(code, pointer)]
    assert rows() == before


@pytest.mark.parametrize(("change", "status", "code", "pointer"), PURCHASES, ids=range(len(PURCHASES)))
def test_one_bad_purchase_among_good_ones(till, ada, change, status, code, pointer):
    """A wrong shape refuses the whole batch, with a pointer; what the program refuses, it refuses alone."""
    good, bad = GOOD | {"member": ada.number}, changed(GOOD | {"member": ada.number, "receipt": "1002"}, change)
    before = rows()
    answer = till.post("/purchases/batch", {"purchases": [good, bad]}, key="k")
    if answer.status_code == 400:
        [error] = answer.json()["errors"]
        assert (error["code"], error["pointer"]) == (code, pointer.replace("#/", "#/purchases/1/"))
        assert rows() == before
    else:
        assert answer.status_code == 200
        first, second = answer.json()["results"]
        assert (first["status"], second["status"]) == (201, status)
        assert second["problem"]["errors"][0]["pointer"] == pointer.replace("#/", "#/purchases/1/")
        assert rows()["loyalty_activity"] == before["loyalty_activity"] + 1


@pytest.mark.parametrize(("body", "status", "code"), BODIES, ids=range(len(BODIES)))
@pytest.mark.parametrize("path", ["/purchases", "/purchases/batch", "/activities", "/members", "/transfers"])
def test_a_bad_body_is_refused_and_writes_nothing(till, path, body, status, code):
    till.get("/members?card=x")  # notes the day of the key's first use
    before = rows()
    assert ensure_problem(till.post(path, body, key="k"), status)["code"] == code
    assert rows() == before


@pytest.mark.parametrize(
    ("change", "status", "code", "pointer"),
    [
        ({"type": "Review"}, 400, "pattern", "#/type"),
        ({"type": ""}, 400, "length", "#/type"),
        ({"type": "purchase"}, 400, "pattern", "#/type"),
        ({"type": "referral"}, 400, "pattern", "#/type"),
        ({"type": "share"}, 400, "pattern", "#/type"),
        ({"type": {}}, 400, "type", "#/type"),
        ({"source": "laurel"}, 400, "pattern", "#/source"),
        ({"id": 5}, 400, "type", "#/id"),
        ({"lines": []}, 400, "unknown-field", "#/lines"),
        ({"attributes": {"stars": 4.5}}, 400, "type", "#/attributes/stars"),
        ({"attributes": "x"}, 400, "type", "#/attributes"),
        ({"member": NOT_KNOWN}, 404, "unknown-member", "#/member"),
        ({"at": "2199-01-01T00:00:00Z"}, 422, "in-the-future", "#/at"),
    ],
)
def test_a_bad_activity_is_refused_and_writes_nothing(till, ada, change, status, code, pointer):
    body = changed(REVIEW | {"member": ada.number}, change)
    before = rows()
    problem = ensure_problem(till.post("/activities", body, key="k"), status)
    assert [(each["code"], each["pointer"]) for each in problem["errors"]] == [(code, pointer)]
    assert rows() == before


@pytest.mark.parametrize(
    ("body", "status", "code", "pointer"),
    [
        ({}, 400, "required", "#/external_id"),
        ({"external_id": ""}, 400, "length", "#/external_id"),
        ({"external_id": 7}, 400, "type", "#/external_id"),
        ({"external_id": "x" * 101}, 400, "length", "#/external_id"),
        ({"external_id": "x", "email": "nonsense"}, 400, "email", "#/email"),
        ({"external_id": "x", "email": "a@b.example\u0000"}, 400, "character", "#/email"),
        ({"external_id": "x\u200b"}, 400, "pattern", "#/external_id"),
        ({"external_id": "x", "name": "A\u202eda"}, 400, "pattern", "#/name"),
        ({"external_id": "x", "name": "A\u200cda"}, 400, "pattern", "#/name"),
        ({"external_id": "x", "email": "a@b\u200b.example"}, 400, "pattern", "#/email"),
        ({"external_id": "x", "attributes": {"city\u2066": "Oslo"}}, 400, "pattern", "#/attributes/city\u2066"),
        ({"external_id": "x", "email": None}, 400, "type", "#/email"),
        ({"external_id": "x", "birth_date": "17.5.1990"}, 400, "date", "#/birth_date"),
        ({"external_id": "x", "birth_date": "1990-02-30"}, 400, "date", "#/birth_date"),
        ({"external_id": "x", "birth_date": "0001-01-01"}, 400, "date", "#/birth_date"),
        ({"external_id": "x", "consents": {"marketing": "yes"}}, 400, "type", "#/consents/marketing"),
        ({"external_id": "x", "consents": ["marketing"]}, 400, "type", "#/consents"),
        ({"external_id": "x", "referred_by": "ZZZZZZZZ"}, 404, "unknown-member", "#/referred_by"),
        ({"external_id": "x", "number": "345678901237"}, 400, "unknown-field", "#/number"),
        ({"external_id": "x", "program": 1}, 400, "unknown-field", "#/program"),
    ],
)
def test_a_bad_member_is_refused_and_writes_nothing(till, body, status, code, pointer):
    till.get("/members?card=x")
    before = rows()
    problem = ensure_problem(till.post("/members", body), status)
    assert [(each["code"], each["pointer"]) for each in problem["errors"]] == [(code, pointer)]
    assert rows() == before


@pytest.mark.parametrize(
    ("path", "parameter", "code"),
    [
        ("/purchases?dry-run=true", "dry-run", "unknown-parameter"),
        ("/purchases?dry_run=yes", "dry_run", "type"),
        ("/purchases?dry_run=True", "dry_run", "type"),
        ("/purchases?dry_run=", "dry_run", "type"),
        ("/purchases?dry_run=true&dry_run=false", "dry_run", "duplicate-parameter"),
        ("/purchases?dry_run=true%00", "dry_run", "type"),
        ("/purchases?%00=1", "\N{REPLACEMENT CHARACTER}", "unknown-parameter"),
        ("/purchases/batch?dry_run=true", "dry_run", "unknown-parameter"),
        ("/members?format=json", "format", "unknown-parameter"),
    ],
)
def test_a_bad_parameter_is_refused_before_anything_is_done(till, ada, path, parameter, code):
    before = rows()
    problem = ensure_problem(till.post(path, GOOD | {"member": ada.number}, key="k"), 400)
    assert [(each["code"], each["parameter"]) for each in problem["errors"]] == [(code, parameter)]
    assert rows()["loyalty_activity"] == before["loyalty_activity"]


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "application/json; charset=latin-1",
        "application/jsonp",
        "x" * 300,
    ],
)
def test_other_kinds_of_content(till, ada, kind):
    sent = till.post("/purchases", json.dumps(GOOD | {"member": ada.number}).encode(), key="k", Content_Type=kind)
    assert ensure_problem(sent, 415)["code"] == "unsupported-media-type"


@pytest.mark.parametrize("charset", ["", "; charset=utf-8", ';charset="UTF-8"'])
def test_the_one_kind_of_content(till, ada, charset):
    body = json.dumps(GOOD | {"member": ada.number}).encode()
    sent = till.post("/purchases", body, key="k", Content_Type="application/json" + charset)
    assert sent.status_code == 201


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "ключ", "a\x7f"])
def test_a_bad_idempotency_key(till, ada, key):
    body = json.dumps(GOOD | {"member": ada.number}).encode()
    problem = ensure_problem(till.post("/purchases", body, Idempotency_Key=key), 400)
    assert problem["errors"][0]["header"] == "Idempotency-Key"


def test_a_body_without_its_length(till, ada):
    """WSGI would hand it over as empty."""
    wsgi = {"HTTP_AUTHORIZATION": f"Bearer {till.secret}", "HTTP_TRANSFER_ENCODING": "chunked"}
    answer = till.client.generic("POST", "/api/v1/purchases/till/1/confirm", content_type="application/json", **wsgi)
    assert ensure_problem(answer, 411)["code"] == "length-required"


def test_numbers_as_integers_and_strings_are_the_same_amount(till, ada):
    whole = till.post("/purchases", GOOD | {"member": ada.number} | line(amount=20, quantity="1.000"), key="a")
    assert whole.json()["awards"][0]["points"] == 20
    text = till.post("/purchases", GOOD | {"member": ada.number} | line(amount="20.00", quantity=1), key="b")
    assert (text.status_code, text.json()["replayed"]) == (201, True)


def test_several_faults_are_told_at_once(till, ada):
    bad = {"receipt": 1, "at": "now", "currency": ..., "lines": [GOOD_LINE | {"amount": "x"}]}
    body = changed(GOOD | {"member": ada.number}, bad)
    problem = ensure_problem(till.post("/purchases", body, key="k"), 400)
    assert {each["pointer"] for each in problem["errors"]} == {"#/receipt", "#/at", "#/currency", "#/lines/0/amount"}
