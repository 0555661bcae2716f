"""Wallet and expiry: previews before saving, numbers before a shorter life, the service for what has consequences."""

from datetime import timedelta

import pytest
from django.utils import translation

from loyalty.lib import clock
from loyalty.programs.queries.activities import units_of
from loyalty.programs.rules.wording.amounts import points_of
from tests.admin.pages import page_of
from tests.admin.stock import model
from tests.world import earn

pytestmark = pytest.mark.django_db


def filled(**more):
    plain = {"name": "Points", "code": "points", "unit_one": "point", "unit_many": "points", "is_spendable": "on"}
    plain |= {
        "point_value": "0.01",
        "position": "0",
        "by_hand_limit": "10000",
        "expiry": "rolling",
        "expiry_months": "12",
    }
    plain |= {"expiry_rounding": "none", "expiry_min_months": "0", "activation": "immediate", "activation_count": "0"}
    return plain | {"cancel_after_days": "30", "_save": "1"} | more


@pytest.fixture
def wallet(world):
    return world.aurora.wallets.get(code="points")


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ({"expiry": "never"}, "never expire"),
        ({"expiry": "rolling", "expiry_months": "6"}, "6 months"),
        ({"expiry": "calendar", "expiry_dates": "12-31"}, "31"),
        ({"activation": "after_days", "activation_count": "14"}, "can be spent from"),
        ({"activation": "on_confirmation"}, "once confirmed"),
    ],
)
def test_the_preview_says_what_the_form_means(staff, world, policy, words):
    answer = staff("viewer").post(page_of("wallet_preview"), filled(code="new", **policy))
    assert words in answer.content.decode()


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ({"expiry": "calendar"}, "at least one date"),
        ({"expiry": "calendar", "expiry_dates": "13-40"}, "13-40"),
        ({"expiry": "rolling", "expiry_months": "0"}, "at least one month"),
        ({"expiry_months": "x"}, "whole number"),
        ({"name": ""}, "required"),
    ],
)
def test_the_preview_says_what_is_missing(staff, world, policy, words):
    answer = staff("viewer").post(page_of("wallet_preview"), filled(code="new", **policy))
    assert words in answer.content.decode()


def test_the_preview_says_whom_a_change_touches(staff, world, wallet):
    earn(world.ada, 100, expires_at=clock.now() + timedelta(days=300))
    url = page_of("wallet_preview", wallet=wallet.pk)
    answer = staff("program_admin").post(url, filled(expiry_months="3"))
    assert "100 points of 1 member get" in answer.content.decode()


def test_a_shorter_life_is_confirmed_with_its_numbers(staff, world, wallet):
    earn(world.ada, 100, expires_at=clock.now() + timedelta(days=300))
    browser = staff("program_admin")
    url = page_of("wallet_change", wallet.pk)
    asked = browser.post(url, filled(expiry_months="3"))
    assert (asked.context["change"].points, asked.context["change"].lots) == (100, 1)
    wallet.refresh_from_db()
    assert wallet.expiry_months == 12
    confirmed = browser.post(url, dict(asked.context["hidden"]))
    assert confirmed.status_code == 302
    wallet.refresh_from_db()
    assert wallet.expiry_months == 3
    lot = model("Lot").objects.get()
    assert lot.expires_at > clock.now() + timedelta(days=85)
    assert lot.expires_at < clock.now() + timedelta(days=100)


def test_who_changed_the_policy_stands_in_the_history(staff, world, wallet):
    browser = staff("program_admin")
    browser.post(page_of("wallet_change", wallet.pk), filled(expiry_months="24"))
    assert wallet.history.first().history_user == browser.user
    page = browser.get(page_of("wallet_history", wallet.pk)).content.decode()
    for words in ("Months", "12", "24", "program_admin"):
        assert words in page


def test_a_change_that_touches_nobody_is_saved_at_once(staff, world, wallet):
    answer = staff("program_admin").post(
        page_of("wallet_change", wallet.pk), filled(name="Stars", expiry_months="3", point_value="0.02")
    )
    assert answer.status_code == 302
    wallet.refresh_from_db()
    assert (wallet.name, wallet.expiry_months, str(wallet.point_value)) == ("Stars", 3, "0.020000")


def test_a_new_wallet_belongs_to_the_open_program(staff, world):
    staff("program_admin").post(page_of("wallet_add"), filled(code="stars", name="Stars"))
    assert world.aurora.wallets.filter(code="stars").exists()


def test_a_code_is_used_once_per_program(staff, world):
    answer = staff("program_admin").post(page_of("wallet_add"), filled(code="points"))
    assert "already exists" in answer.content.decode()


def test_archiving_and_taking_back(staff, world, wallet):
    browser = staff("program_admin")
    url = page_of("wallet_archive", wallet.pk)
    assert "Nothing earns in it" in browser.get(url).content.decode()
    browser.post(url, {"yes": "1"})
    wallet.refresh_from_db()
    assert wallet.is_archived
    assert "Take back into use" in browser.get(page_of("wallet_change", wallet.pk)).content.decode()
    browser.post(url, {"yes": "1"})
    wallet.refresh_from_db()
    assert not wallet.is_archived


def test_how_many_a_member_holds_is_set_and_taken_away_in_the_form(staff, world):
    browser, wallet = staff("program_admin"), world.aurora.wallets.get()
    for typed, kept in (("5000", 5000), ("", None)):
        assert browser.post(page_of("wallet_change", wallet.pk), filled(balance_cap=typed)).status_code == 302
        wallet.refresh_from_db()
        assert wallet.balance_cap == kept


def test_a_third_word_is_kept_where_a_brand_gives_one(staff, world, wallet):
    world.aurora.languages = ["pl", "en"]
    world.aurora.save()
    words = {"unit_one": "punkt", "unit_many": "punktów", "unit_few": "punkty"}
    answer = staff("program_admin").post(page_of("wallet_change", wallet.pk), filled(**words))
    assert answer.status_code == 302, answer.context["errors"]
    wallet.refresh_from_db()
    with translation.override("pl"):
        assert [points_of(number, units_of(wallet)) for number in (1, 2, 5)] == ["1 punkt", "2 punkty", "5 punktów"]
    changed = staff("viewer").get(page_of("wallet_changelist")).content.decode()
    assert "punkt, punktów, punkty" in changed
