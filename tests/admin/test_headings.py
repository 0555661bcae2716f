"""What stands above pages and in their columns: plain names, and days that nobody reads as another."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.contrib import admin
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.text import capfirst

from loyalty.ledger.models import Lot
from tests.admin.pages import page_of, screen_of

pytestmark = pytest.mark.django_db
MOMENT = datetime(2026, 11, 22, 2, 6, tzinfo=UTC)


def title_of(answer) -> str:
    return re.sub(r"\s+", " ", re.search(r"<title>(.*?)</title>", answer.content.decode(), re.S)[1]).strip()


def test_every_list_is_headed_by_what_is_in_it(boss, world):
    told, meant = {}, {}
    for model in admin.site._registry:
        meant[model] = f"{capfirst(model._meta.verbose_name_plural)} | Laurel"
        told[model] = title_of(boss.get(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")))
    assert told == meant


def test_the_list_of_members_is_called_members(staff, world):
    answer = staff("viewer").get(page_of("member_changelist"))
    assert title_of(answer) == "Members | Laurel"
    assert "Select member" not in answer.content.decode()


@pytest.mark.parametrize("role", ["viewer", "program_admin"])
def test_a_form_is_headed_by_what_it_is_of(staff, world, role):
    wallet = world.aurora.wallets.get(code="points")
    assert title_of(staff(role).get(page_of("wallet_change", wallet.pk))) == f"{wallet} | Wallet | Laurel"


def test_a_members_page_says_their_name_once(staff, world):
    assert title_of(staff("viewer").get(page_of("member_change", world.ada.pk))) == "Ada | Laurel"


@pytest.mark.parametrize(
    ("language", "day", "moment"),
    [
        ("en", "22 Nov 2026", "22 Nov 2026, 02:06"),
        ("nb", "22. november 2026", "22. november 2026, 02:06"),
        ("pl", "22 listopada 2026", "22 listopada 2026, 02:06"),
        ("ru", "22 ноября 2026", "22 ноября 2026, 02:06"),
    ],
)
def test_days_and_times_are_unmistakable_in_every_language(language, day, moment):
    with translation.override(language):
        assert (date_format(MOMENT, "DATE_FORMAT"), date_format(MOMENT, "DATETIME_FORMAT")) == (day, moment)
        assert date_format(MOMENT, "SHORT_DATETIME_FORMAT") == moment


def test_points_that_expire_stand_with_their_last_day(world):
    lot = Lot(expires_at=datetime(2027, 9, 30, 22, tzinfo=UTC))  # midnight in Oslo, with which 1 October begins
    assert screen_of("lot").list_display[0] == "last_day"
    with timezone.override(ZoneInfo("Europe/Oslo")):
        assert screen_of("lot").last_day(lot) == "30 Sep 2027"
