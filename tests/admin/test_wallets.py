"""Wallet and expiry: previews before saving, numbers before a shorter life, the service for what has consequences."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from loyalty.lib import clock
from loyalty.programs.models.caps import Cap
from loyalty.programs.models.households import HouseholdPolicy
from loyalty.programs.models.moving import TransferPolicy
from loyalty.programs.models.reinstatement import ReinstatementPolicy
from loyalty.programs.models.tiers import TierSet
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


def test_what_only_counts_for_tiers_is_not_moved(world, wallet):
    wallet.is_spendable = False
    wallet.save()
    for policy in (
        TransferPolicy(wallet=wallet),
        HouseholdPolicy(program=world.aurora, wallet=wallet),
        ReinstatementPolicy(wallet=wallet, fee_points=1),
    ):
        with pytest.raises(ValidationError) as caught:
            policy.full_clean()
        assert "only counts for tiers" in caught.value.message_dict["wallet"][0]


def test_a_ladder_counts_the_points_of_a_wallet_that_says_so(world, wallet):
    ladder = TierSet(program=world.aurora, code="status", name="Status", measure="points", wallet=wallet)
    with pytest.raises(ValidationError) as caught:
        ladder.full_clean()
    assert "do not count for tiers" in caught.value.message_dict["wallet"][0]
    wallet.is_qualifying = True
    ladder.full_clean()


def test_what_other_settings_need_stays_on(staff, world, wallet):
    TransferPolicy.objects.create(wallet=wallet)
    TierSet.objects.create(program=world.aurora, code="status", name="Status", measure="points", wallet=wallet)
    form = filled(expiry_months="12", is_qualifying="on")
    del form["is_spendable"]
    address, browser = page_of("wallet_change", wallet.pk), staff("program_admin")
    assert "Switch that off first." in browser.post(address, form).content.decode()
    answer = browser.post(address, filled(expiry_months="12"))
    assert "“Status” counts the points of this wallet" in answer.content.decode()
    wallet.refresh_from_db()
    assert wallet.is_spendable


def test_a_limit_in_money_wants_points_that_are_worth_some(world, wallet):
    budget = Cap(program=world.aurora, scope="program", period="ever", measure="money", limit=100)
    with pytest.raises(ValidationError) as caught:
        budget.full_clean()
    assert "would never be reached" in caught.value.message_dict["measure"][0]
    wallet.point_value = Decimal("0.01")
    wallet.save()
    budget.full_clean()
