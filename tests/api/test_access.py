"""Who may do what: every operation × every kind of key. An operation that is not in the table fails."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from loyalty.lib import clock
from loyalty.lib.rest.views import Unknown
from loyalty.members import rules
from loyalty.members.services.keys import issue_api_key, revoke_api_key
from loyalty.members.services.members import enrol_member
from loyalty.programs.models.conversions import ConversionRate
from loyalty.programs.models.moving import TransferPolicy
from loyalty.programs.models.reinstatement import ReinstatementPolicy
from loyalty.programs.models.wallet import Wallet
from tests.api.conftest import Till, till_of
from tests.api.test_bad_input import GOOD, REVIEW, ensure_problem
from tests.world import earn

pytestmark = pytest.mark.django_db

LOST = (clock.now() - timedelta(days=2)).replace(microsecond=0).isoformat()
OPEN = {"api-schema", "api-docs"}
BACK = {"return": "r1", "all": True}
SENT = {"id": "g1", "from": "", "to": "ben@example.com", "wallet": "points", "points": 10}
BACK_AGAIN = {"id": "b1", "wallet": "stars", "expired_at": LOST}
CHANGED = {"id": "c1", "from": "points", "to": "stars", "points": 10}
# operation → scope, address, body, status with the scope
TABLE: dict[tuple[str, str], tuple[str, str, dict[str, Any] | None, int]] = {
    ("api-members", "GET"): ("members:read", "/members?external_id=ada", None, 200),
    ("api-members", "POST"): ("members:write", "/members", {"external_id": "new"}, 201),
    ("api-member", "GET"): ("members:read", "/members/{member}", None, 200),
    ("api-member", "PATCH"): ("members:write", "/members/{member}", {"name": "A"}, 200),
    ("api-balances", "GET"): ("members:read", "/members/{member}/balances", None, 200),
    ("api-statement", "GET"): ("members:read", "/members/{member}/statement", None, 200),
    ("api-tiers", "GET"): ("members:read", "/members/{member}/tiers", None, 200),
    ("api-purchases", "POST"): ("purchases:write", "/purchases", GOOD, 201),
    ("api-purchase-batch", "POST"): ("purchases:write", "/purchases/batch", {"purchases": [GOOD]}, 200),
    ("api-purchase-confirm", "POST"): ("purchases:write", "/purchases/till/waits/confirm", None, 200),
    ("api-purchase-cancel", "POST"): ("purchases:write", "/purchases/till/waits/cancel", None, 200),
    ("api-purchase-returns", "GET"): ("purchases:write", "/purchases/till/waits/returns", None, 200),
    ("api-purchase-returns", "POST"): ("purchases:write", "/purchases/till/waits/returns", BACK, 201),
    ("api-activities", "POST"): ("activities:write", "/activities", REVIEW, 201),
    ("api-activity-confirm", "POST"): ("activities:write", "/activities/shop/waits/confirm", None, 200),
    ("api-activity-cancel", "POST"): ("activities:write", "/activities/shop/waits/cancel", None, 200),
    ("api-transfers", "POST"): ("transfers:write", "/transfers", SENT, 201),
    ("api-conversions", "POST"): ("transfers:write", "/members/{member}/conversions", CHANGED, 201),
    ("api-expired", "GET"): ("members:read", "/members/{member}/expired", None, 200),
    ("api-reinstatements", "POST"): ("transfers:write", "/members/{member}/reinstatements", BACK_AGAIN, 201),
    ("api-reinstatement", "GET"): ("members:read", "/members/{member}/reinstatements/owed", None, 200),
    ("api-reinstatement-pay", "POST"): (
        "transfers:write",
        "/members/{member}/reinstatements/owed/pay",
        {"reference": "R"},
        200,
    ),
    ("api-reinstatement-cancel", "POST"): (
        "transfers:write",
        "/members/{member}/reinstatements/owed/cancel",
        None,
        200,
    ),
    ("api-transfer-accept", "POST"): ("transfers:write", "/transfers/waits/accept", None, 200),
    ("api-transfer-decline", "POST"): ("transfers:write", "/transfers/waits/decline", None, 200),
}


def operations() -> set[tuple[str, str]]:
    """Every operation that has an address under /api/."""
    found = set()

    def walk(patterns: list[Any], prefix: str) -> None:
        for each in patterns:
            path = prefix + str(each.pattern)
            if isinstance(each, URLResolver):
                walk(each.url_patterns, path)
            elif isinstance(each, URLPattern) and path.startswith("api/"):
                view = each.callback.cls
                found.update((each.name, method.upper()) for method in view.http_method_names if hasattr(view, method))

    walk(get_resolver().url_patterns, "")
    return {(name, method) for name, method in found if name not in OPEN}


def test_every_operation_is_in_the_table():
    assert operations() == set(TABLE)


@pytest.fixture
def waiting(cafe, ada, till):
    """A purchase and a review whose points wait for a confirmation, and points on their way to somebody else."""
    cafe.wallets.update(activation="on_confirmation")
    cafe.rules.create(wallet=cafe.wallets.get(), trigger="review", effect="fixed", points=5, name="Reviews")
    bought = till.post("/purchases", GOOD | {"member": ada.number, "receipt": "waits"}, key="waits")
    reviewed = till.post("/activities", REVIEW | {"member": ada.number, "id": "waits"}, key="waits-too")
    assert [bought.json()["awards"][0]["state"], reviewed.json()["awards"][0]["state"]] == ["pending", "pending"]
    TransferPolicy.objects.create(wallet=cafe.wallets.get(), cooling_hours=0, asks_receiver=True)
    stars = Wallet.objects.create(program=cafe, code="stars", name="Stars")
    ConversionRate.objects.create(
        program=cafe, from_wallet=cafe.wallets.get(code="points"), to_wallet=stars, give=1, get=1
    )
    enrol_member(cafe, external_id="ben", email="ben@example.com", actor="test")
    earn(ada, 100)
    sent = till.post("/transfers", SENT | {"from": ada.number, "id": "waits"}, key="waits-three")
    assert sent.json()["state"] == "waiting"
    lost, earlier = datetime.fromisoformat(LOST), datetime.fromisoformat(LOST) - timedelta(days=1)
    ReinstatementPolicy.objects.create(program=cafe, wallet=stars, price="money", fee_money=5)
    for end in (lost, earlier):
        earn(ada, 50, key=str(end), wallet=stars, at=end - timedelta(days=9), expires_at=end)
    asked = {"id": "owed", "wallet": "stars", "expired_at": earlier.isoformat()}
    owed = till.post(f"/members/{ada.number}/reinstatements", asked, key="waits-four")
    assert owed.json()["state"] == "open"


def ask(till: Till, operation: tuple[str, str], member: Any) -> Any:
    _scope, path, body, _status = TABLE[operation]
    if body and ("source" in body or "purchases" in body):
        own = {"member": member.number}
        body = {"purchases": [body["purchases"][0] | own]} if "purchases" in body else body | own
    if body and body.get("from") == "":
        body = body | {"from": member.number}
    key = "access" if operation[1] == "POST" else ""
    return till.ask(operation[1], path.format(member=member.number), body, key=key)


@pytest.mark.usefixtures("waiting")
@pytest.mark.parametrize("operation", TABLE, ids=" ".join)
class TestEveryOperation:
    def test_with_its_scope_alone(self, cafe, ada, operation):
        scope, _path, _body, status = TABLE[operation]
        assert ask(till_of(cafe, scope), operation, ada).status_code == status

    def test_with_every_other_scope(self, cafe, ada, operation):
        scope = TABLE[operation][0]
        others = [each for each in rules.SCOPES if each != scope]
        assert ensure_problem(ask(till_of(cafe, *others), operation, ada), 403)["code"] == "missing-scope"

    def test_without_a_key(self, till, ada, operation):
        answer = ask(Till("", till.client), operation, ada)
        assert ensure_problem(answer, 401)["code"] == "unauthenticated"
        assert answer["WWW-Authenticate"] == 'Bearer realm="laurel"'

    def test_with_a_revoked_key(self, cafe, till, ada, operation):
        issued = issue_api_key(cafe, name="Lost", scopes=["all"], actor="test")
        revoke_api_key(issued.api_key, actor="test")
        answer = ask(Till(issued.secret, till.client), operation, ada)
        assert ensure_problem(answer, 401)["code"] == "unauthenticated"
        assert answer["WWW-Authenticate"] == 'Bearer realm="laurel", error="invalid_token"'

    def test_with_a_key_of_another_program(self, fjord, ada, operation):
        """What belongs to someone else does not exist: in the address, and in the body."""
        answer = ask(till_of(fjord), operation, ada)
        if operation == ("api-members", "GET"):
            assert answer.json()["results"] == []
        elif operation == ("api-purchase-batch", "POST"):
            assert answer.json()["results"][0]["status"] == 404
        elif operation != ("api-members", "POST"):
            ensure_problem(answer, 404)


@pytest.mark.parametrize(
    "header", ["Basic dXNlcjpwYXNz", "Bearer", "Bearer ", "Bearer wrong", "Bearer lrl_0000000000_x", "Token x",
               "Bearer lrl_0000000000_" + "0" * 40, "Bearer " + "x" * 5000, "Bearer \x00", "Bearer ключ"],
)  # fmt: skip
def test_wrong_keys(till, header):
    assert ensure_problem(till.get("/members?card=x", Authorization=header), 401)["code"] == "unauthenticated"


def test_the_scheme_is_any_case(till):
    assert till.get("/members?card=x", Authorization=f"bearer {till.secret}").status_code == 200


def test_the_day_of_use_is_noted(till, cafe):
    till.get("/members?card=x")
    assert cafe.api_keys.get().last_used_on is not None


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/purchases", "POST"),
        ("GET", "/purchases", "POST"),
        ("PUT", "/members", "GET, HEAD, POST"),
        ("OPTIONS", "/members", "GET, HEAD, POST"),
        ("TRACE", "/members", "GET, HEAD, POST"),
        ("DELETE", "/members/1", "GET, HEAD, PATCH"),
        ("POST", "/schema", "GET, HEAD"),
        ("QUERY", "/activities", "POST"),
    ],
)
def test_other_methods(till, method, path, allowed):
    for someone in (till, Till("", till.client)):
        answer = someone.ask(method, path)
        assert ensure_problem(answer, 405)["code"] == "method-not-allowed"
        assert answer["Allow"] == allowed


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("path", ["", "/", "/nothing", "/members/1/2/3", "/members/", "/../v2", "/purchases/%00"])
def test_no_such_address(till, method, path):
    assert ensure_problem(till.ask(method, path), 404)["code"] == "not-found"


def test_the_whole_tree_speaks_of_problems(client):
    for path in ("/api", "/api/", "/api/v2/members", "/api/v1"):
        answer = client.get(path, follow=True)
        assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json"), path


def test_head_is_get_without_a_body(till, ada):
    answer = till.ask("HEAD", f"/members/{ada.number}")
    assert (answer.status_code, answer.content) == (200, b"")


def test_a_host_that_is_not_ours(till):
    assert ensure_problem(till.get("/members?card=x", Host="evil.example"), 400)["code"] == "malformed"


def test_unknown_covers_every_method():
    assert set(Unknown.http_method_names) >= {"get", "post", "put", "patch", "delete", "options", "trace"}
