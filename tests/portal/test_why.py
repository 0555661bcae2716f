"""Why not? Members see what earned nothing and what every rule had to say; nobody sees another's."""

from decimal import Decimal

import pytest
from django.urls import reverse

from loyalty.programs.models.activity import Activity
from loyalty.programs.services.facts import LineBack, ReturnFacts
from loyalty.programs.services.returns import record_return
from tests.portal.conftest import client_of
from tests.till import ACTOR, buy, line, rule, without_rules

pytestmark = pytest.mark.django_db


def page_of(name, *args):
    return reverse(f"loyalty:{name}", args=["aurora", *args])


def test_what_earned_nothing_says_why(world):
    rule(without_rules(world.aurora), "Beans only", ("category", "equals", "beans"), basis="lines")
    buy(world.ada, line("10", category="cake"), store="Oslo 1")
    browser, activity = client_of(world.ada), Activity.objects.get()
    assert page_of("unrewarded") in browser.get(page_of("statement")).content.decode()
    listed = browser.get(page_of("unrewarded")).content.decode()
    assert "Oslo 1" in listed
    assert page_of("why", activity.pk) in listed
    told = browser.get(page_of("why", activity.pk)).content.decode()
    for words in ("This earned nothing.", "Beans only", "Not applied"):
        assert words in told


def test_nothing_is_missing(world):
    buy(world.ada, "10")
    assert "has earned something" in client_of(world.ada).get(page_of("unrewarded")).content.decode()


def test_what_came_back_stands_there(world):
    buy(world.ada, line("30", quantity=3, category="espresso"))
    facts = ReturnFacts(id="r1", lines=(LineBack(1, Decimal(2)),))
    record_return(world.aurora, "till", "1001", facts, actor=ACTOR)
    browser = client_of(world.ada)
    assert "Returned 2 of 3 espresso" in browser.get(page_of("statement")).content.decode()
    assert "Returned 2 of 3 espresso" in browser.get(page_of("why", Activity.objects.get().pk)).content.decode()


def test_somebody_elses_is_not_there(world):
    buy(world.ben, "10")
    assert client_of(world.ada).get(page_of("why", Activity.objects.get().pk)).status_code == 404
    assert client_of(world.ada).get(page_of("unrewarded") + "?cursor=x").status_code == 404
    assert client_of(world.cleo).get(page_of("unrewarded")).status_code == 404
