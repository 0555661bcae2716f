"""How the portal writes numbers and days."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone, translation

from loyalty.lib import clock
from loyalty.templatetags import portal

NOW = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)  # already the 22nd in Oslo


@pytest.fixture(autouse=True)
def _in_oslo(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)
    with timezone.override("Europe/Oslo"), translation.override("en"):
        yield


@pytest.mark.parametrize(("number", "text"), [(0, "0"), (29, "29"), (1234567, "1,234,567"), (-350, "−350")])
def test_points(number, text):
    assert portal.points(number) == text


@pytest.mark.parametrize(("number", "text"), [(29, "+29"), (-29, "−29"), (0, "0"), (1234, "+1,234")])
def test_signed(number, text):
    assert portal.signed(number) == text


@pytest.mark.parametrize(
    ("back", "text"),
    [
        (timedelta(0), "Today"),
        (timedelta(hours=1), "Yesterday"),
        (timedelta(days=33), "20 Oct"),
        (timedelta(days=400), "18 Oct 2025"),
    ],
)
def test_days_at_the_end_of_a_row_are_short_and_local(back, text):
    assert portal.day(NOW - back) == text


@pytest.mark.parametrize(
    ("language", "this_year", "next_year"),
    [
        ("en", "31 December", "31 December 2027"),
        ("nb", "31. desember", "31. desember 2027"),
        ("pl", "31 grudnia", "31 grudnia 2027"),
        ("ru", "31 декабря", "31 декабря 2027 года"),
    ],
)
def test_days_in_a_sentence_are_as_people_say_them(language, this_year, next_year):
    with translation.override(language):
        assert portal.on_day(date(2026, 12, 31)) == this_year
        assert portal.on_day(date(2027, 12, 31)) == next_year
        assert portal.day(datetime(2026, 10, 5, tzinfo=UTC)).islower() is (language != "en")


def test_points_that_end_at_midnight_are_used_on_the_day_before():
    assert portal.last_day(datetime(2026, 12, 31, 23, tzinfo=UTC)) == "31 December"
    assert portal.last_day(datetime(2026, 12, 31, 12, tzinfo=UTC)) == "31 December"


@pytest.mark.parametrize(("number", "text"), [("618293015953", "6182 9301 5953"), ("12345", "1234 5"), ("", "")])
def test_numbers_stand_in_groups_of_four(number, text):
    assert portal.spaced(number) == text


@pytest.mark.parametrize(("quantity", "text"), [("2.000", "2"), ("1.500", "1.5"), ("1200", "1,200")])
def test_quantities_have_no_idle_zeros(quantity, text):
    assert portal.amount(Decimal(quantity)) == text


@pytest.mark.parametrize(("name", "first"), [("Ada Lovelace", "Ada"), ("Ada", "Ada"), ("", "")])
def test_people_are_greeted_by_their_first_name(name, first):
    assert portal.given(name) == first


def test_icons_are_decoration():
    assert portal.icon("home") == (
        '<svg class="icon " aria-hidden="true" focusable="false"><use href="/static/icons.svg#home"></use></svg>'
    )
