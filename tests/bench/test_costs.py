"""What repeats exactly is held exactly: statements, queries and records in the write-ahead log.

A number that falls is welcome: write the new one down. One that rises needs a reason.
"""

import json
from itertools import islice

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from config.bench import home, ledger, meter, shop
from config.bench.http import BATCHES, PURCHASES, body_of
from config.bench.load import NUMBER
from config.bench.purchases import new_baskets, statements_of_purchase
from loyalty.members.services.keys import issue_api_key

pytestmark = pytest.mark.django_db
# Inside a test's own transaction, the product's would cost a savepoint more.
for_real = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _a_listening_outbox(settings):
    settings.OUTBOX_WIRING = "config.bench.wiring"


@pytest.fixture
def here() -> shop.Shop:
    return shop.open_shop(20)


@pytest.fixture
def till(here):
    """Asks the API and tells how many statements the answer took, begin and commit aside."""
    secret = issue_api_key(here.program, name="Till", scopes=["all"], actor="test").secret
    client = Client(headers={"Authorization": f"Bearer {secret}"})

    def ask(method: str, path: str, body: str = "", status: int = 200) -> int:
        key = {"Idempotency-Key": f"key-{next(numbers)}"} if body else {}
        with meter.counting() as sent:
            answer = client.generic(method, path, body, content_type="application/json", headers=key)
        assert answer.status_code == status, answer.content
        return len(sent)

    numbers = iter(range(1_000_000))
    return ask


def bodies(here: shop.Shop, count: int) -> list[dict]:
    found = [body_of(facts) for facts in islice(new_baskets(here), count)]
    return [{**body, "receipt": body["receipt"].replace(NUMBER, str(number))} for number, body in enumerate(found)]


def test_every_verb_of_the_ledger_is_one_statement():
    assert set(ledger.statements_of_verbs().values()) == {1}


@for_real
def test_a_purchase_is_two_statements(here):
    assert len(statements_of_purchase(here)) == 2


@for_real
def test_a_purchase_over_http(here, till):
    first, second = (json.dumps(body) for body in bodies(here, 2))
    till("POST", PURCHASES, first, 201)
    assert till("POST", PURCHASES, second, 201) == 6


@for_real
def test_a_batch_takes_as_many_statements_for_ten_as_for_a_hundred(here, till):
    purchases = bodies(here, 111)
    till("POST", BATCHES, json.dumps({"purchases": purchases[:1]}))
    ten = till("POST", BATCHES, json.dumps({"purchases": purchases[1:11]}))
    hundred = till("POST", BATCHES, json.dumps({"purchases": purchases[11:]}))
    assert hundred <= ten <= 12


def test_balances_over_http_are_two_statements(here, till):
    till("GET", f"/api/v1/members/{here.numbers[0]}/balances")
    assert till("GET", f"/api/v1/members/{here.numbers[1]}/balances") == 2


def test_the_home_of_the_portal(settings):
    settings.SESSION_COOKIE_SECURE = False
    assert home.queries_of(*home.member_at_home()) <= 12


@for_real
def test_an_award_and_a_spend_write_little(here):
    accounts = shop.open_accounts(here)
    award, spend, wide = ledger.log_of_award_and_spends(accounts, 100)
    assert award.records <= 11
    assert award.size <= 1_300
    assert spend.records <= 17
    assert spend.size <= 1_600
    assert wide.records <= 34


def test_statements_that_are_only_looked_at_are_not_sent(here):
    (account, *_) = shop.open_accounts(here)
    statement, parameters = meter.statement_of(lambda: ledger.give(account, "never"))
    assert statement.startswith("SELECT * FROM ledger_award(")
    assert parameters[0] == account
    with CaptureQueriesContext(connection) as sent:
        assert ledger.give(account, "never").replayed is False
    assert len(sent) == 1
