"""A key may make so many requests a minute, over all processes; without the cache nobody is stopped."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import uuid4

import pytest
import time_machine
from django.db import connections
from django.test import Client

from loyalty.members.api import rates
from tests.api.conftest import Till, till_of
from tests.api.test_bad_input import ensure_problem

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 10, 0, 20, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _own_counters(settings):
    """In the real cache, under a name of this test's own: other tests count there at the same time."""
    settings.CACHES = {"default": settings.CACHES["default"] | {"KEY_PREFIX": uuid4().hex}}
    rates._allowances.clear()
    yield
    rates._allowances.clear()


def statuses(till, count: int) -> Counter:
    return Counter(till.get("/members?card=x").status_code for _each in range(count))


def test_beyond_the_rate(till, settings):
    settings.API_RATE = 5
    with time_machine.travel(NOW, tick=False):
        assert statuses(till, 8) == {200: 5, 429: 3}
        refused = till.get("/members?card=x")
    assert ensure_problem(refused, 429)["code"] == "too-many-requests"
    assert refused["Retry-After"] == "40"


def test_a_new_minute(till, settings):
    settings.API_RATE = 2
    with time_machine.travel(NOW, tick=False) as clock:
        assert statuses(till, 3) == {200: 2, 429: 1}
        clock.shift(40)
        assert statuses(till, 3) == {200: 2, 429: 1}


def test_each_key_has_its_own_rate(till, cafe, settings):
    settings.API_RATE = 2
    with time_machine.travel(NOW, tick=False):
        assert statuses(till, 3) == {200: 2, 429: 1}
        assert statuses(till_of(cafe), 3) == {200: 2, 429: 1}


@pytest.mark.parametrize("rate", [1, 199, 200, 401, 999])
def test_portions_of_several_processes_never_exceed_the_rate(settings, rate):
    """Three processes draw in turn until there is nothing left: together they got exactly the rate."""
    settings.API_RATE = rate
    drawn = [rates._draw("rates-of-three-processes") for _each in range(3 * rates.PORTIONS + 9)]
    assert sum(drawn) == rate
    assert drawn[-3:] == [0, 0, 0]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_parallel_requests_do_not_slip_through(till, settings):
    settings.API_RATE = 7

    def ask(_number: int) -> int:
        try:
            return Till(till.secret, Client()).get("/members?card=x").status_code
        finally:
            connections.close_all()

    with time_machine.travel(NOW, tick=False), ThreadPoolExecutor(20) as pool:
        assert Counter(pool.map(ask, range(40))) == {200: 7, 429: 33}


def test_a_refused_scope_is_not_counted_and_a_wrong_key_neither(cafe, till, settings):
    settings.API_RATE = 1
    narrow = till_of(cafe, "members:write")
    with time_machine.travel(NOW, tick=False):
        assert statuses(narrow, 3) == {403: 3}
        assert statuses(Till("wrong", till.client), 3) == {401: 3}


def test_while_the_cache_is_away(till, settings, caplog):
    settings.API_RATE = 1
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "unix:///nowhere/valkey.sock",
        }
    }
    with caplog.at_level("WARNING", "loyalty.members.api.rates"):
        assert statuses(till, 3) == {200: 3}
    assert "The cache is away" in caplog.text
