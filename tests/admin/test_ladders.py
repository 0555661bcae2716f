"""Ladders in the back office: written as sentences, seen with heads, previewed before anybody falls, set by hand."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.urls import reverse

from loyalty.lib import clock
from loyalty.programs.models.tiers import Tier, TierChange, TierSet, TierStanding
from loyalty.programs.queries.configuration import configuration_of
from loyalty.programs.queries.ladder_preview import preview_ladder
from loyalty.programs.services.tiers import follow
from tests.factories import ActivityFactory, MemberFactory


def address(name: str, *args) -> str:
    return reverse(f"admin:loyalty_{name}", args=args)


@pytest.fixture
def ladder(world) -> TierSet:
    row = TierSet.objects.create(
        program=world.aurora, code="status", name="Status", measure="spend", downgrade="at_once"
    )
    Tier.objects.create(tier_set=row, code="silver", name="Silver", threshold=300)
    Tier.objects.create(tier_set=row, code="gold", name="Gold", threshold=1000, multiplier=Decimal("1.5"))
    ActivityFactory(member=world.ada, total=Decimal(400))
    with transaction.atomic():
        follow(configuration_of(world.aurora), {world.ada.pk: None}, actor="test")
    return row


def filled(row: TierSet | None, **thresholds) -> dict:
    tiers = list(row.tiers.all()) if row else []
    data = {
        "name": "Status", "code": "status", "position": 0, "measure": "spend", "wallet": "", "activity_types": "",
        "counted_in": "calendar_year", "window_months": 12, "downgrade": "at_once", "grace_count": 0,
        "grace_unit": "days",
        "tiers-TOTAL_FORMS": len(thresholds), "tiers-INITIAL_FORMS": len(tiers),
    }  # fmt: skip
    for number, (code, threshold) in enumerate(thresholds.items()):
        tier = next((each for each in tiers if each.code == code), None)
        data |= {
            f"tiers-{number}-{name}": value
            for name, value in {
                "id": tier.pk if tier else "", "tier_set": row.pk if row else "", "name": code.capitalize(),
                "code": code, "threshold": threshold, "color": "#8a8d91", "multiplier": 1, "discount_percent": 0,
                "expiry_extra_months": 0, "early_access_hours": 0, "perks": "",
            }.items()
        }  # fmt: skip
    return data


def test_a_ladder_is_made_and_stands_in_the_list_in_words(staff, world):
    browser = staff("campaign_manager")
    answer = browser.post(address("tierset_add"), filled(None, silver=300, gold=1000))
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    row = TierSet.objects.get(program=world.aurora)
    assert [(tier.code, tier.threshold) for tier in row.tiers.all()] == [("silver", 300), ("gold", 1000)]
    words = "Silver from 300 € in a calendar year; Gold from 1,000 € in a calendar year."
    assert words in browser.get(address("tierset_changelist")).content.decode().replace("\xa0", " ")
    assert row.history.first().history_change_reason


def test_the_page_shows_the_ladder_with_heads(staff, ladder):
    browser = staff("viewer")
    page = browser.get(address("tierset_change", ladder.pk)).content.decode()
    assert "The ladder today" in page
    assert "1 member" in page
    assert "1.5 × points on everything" in page


def test_a_threshold_is_previewed_and_nothing_is_saved(staff, ladder):
    browser = staff("campaign_manager")
    answer = browser.post(
        address("tierset_preview") + f"?ladder={ladder.pk}",
        filled(ladder, silver=500, gold=1000),
        headers={"HX-Request": "true"},
    )
    assert "1 member falls." in answer.content.decode()
    assert ladder.tiers.get(code="silver").threshold == 300
    nothing = browser.post(address("tierset_preview"), {"name": ""})
    assert "not complete" in nothing.content.decode()


@pytest.mark.parametrize("members", [1, 3])
def test_a_preview_asks_the_database_twice_for_any_few_members(world, ladder, members, django_assert_num_queries):
    (stored,) = configuration_of(world.aurora).ladders
    for _each in range(members):
        MemberFactory(program=world.aurora)
    with django_assert_num_queries(2):
        found = preview_ladder(world.aurora, stored, replace(stored, downgrade="never"))
    assert (found.members, found.risen, found.fallen) == (members + 2, 0, 0)


def test_who_would_fall_is_asked_about_first(staff, ladder):
    browser = staff("campaign_manager")
    asked = browser.post(address("tierset_change", ladder.pk), filled(ladder, silver=500, gold=1000))
    assert asked.status_code == 200
    assert "1 member falls." in asked.content.decode()
    assert ladder.tiers.get(code="silver").threshold == 300
    sure = filled(ladder, silver=500, gold=1000) | {"_confirmed": "1"}
    assert browser.post(address("tierset_change", ladder.pk), sure).status_code == 302
    assert ladder.tiers.get(code="silver").threshold == 500


def test_a_rung_on_which_somebody_stood_is_not_removed(staff, ladder):
    browser = staff("campaign_manager")
    gone = filled(ladder, silver=300, gold=1000) | {"tiers-0-DELETE": "on"}
    answer = browser.post(address("tierset_change", ladder.pk), gone | {"_confirmed": "1"})
    assert "protected related objects" in answer.content.decode()
    assert ladder.tiers.count() == 2


def test_points_need_their_wallet(staff, world):
    browser = staff("campaign_manager")
    answer = browser.post(address("tierset_add"), filled(None, silver=300) | {"measure": "points"})
    assert "Choose the wallet whose points count." in answer.content.decode()


def test_archived_and_taken_back(staff, ladder):
    browser = staff("program_admin")
    url = address("tierset_archive", ladder.pk)
    assert "Archive this ladder?" in browser.get(url).content.decode()
    browser.post(url)
    ladder.refresh_from_db()
    assert ladder.is_archived
    assert "Take this ladder back into use?" in browser.get(url).content.decode()
    browser.post(url)
    ladder.refresh_from_db()
    assert not ladder.is_archived


def test_set_by_hand_with_a_reason_and_left_to_the_count_again(staff, world, ladder):
    browser = staff("support")
    page = browser.get(address("member_change", world.ada.pk)).content.decode()
    assert "Set by hand" in page
    url = address("member_tier", world.ada.pk) + f"?ladder={ladder.pk}"
    gold = ladder.tiers.get(code="gold")
    assert browser.get(url).status_code == 200
    assert browser.post(url, {"tier": gold.pk, "reason": ""}).status_code == 422
    yesterday = (clock.now() - timedelta(days=2)).date().isoformat()
    assert browser.post(url, {"tier": gold.pk, "until": yesterday, "reason": "x"}).status_code == 422
    tomorrow = (clock.now() + timedelta(days=2)).date().isoformat()
    assert browser.post(url, {"tier": gold.pk, "until": tomorrow, "reason": "A friend"}).status_code == 302
    standing = TierStanding.objects.get(member=world.ada)
    assert (standing.tier, standing.floor) == (gold, gold)
    page = browser.get(address("member_change", world.ada.pk)).content.decode()
    assert "A friend" in page
    browser.post(url, {"tier": "count", "reason": "No longer"})
    assert TierChange.objects.first().after.code == "silver"
    browser.post(url, {"tier": "none", "is_locked": "on", "reason": "Cheated"})
    assert TierStanding.objects.get(member=world.ada).tier is None


@pytest.mark.parametrize(
    ("role", "may_see", "may_change", "may_set"),
    [
        ("viewer", True, False, False), ("support", True, False, True), ("campaign_manager", True, True, False),
        ("finance", True, False, False), ("program_admin", True, True, True),
    ],
)  # fmt: skip
def test_who_may_do_what(staff, world, ladder, role, may_see, may_change, may_set):
    browser = staff(role)
    assert (browser.get(address("tierset_changelist")).status_code == 200) == may_see
    assert (browser.get(address("tierset_add")).status_code == 200) == may_change
    changed = browser.post(address("tierset_change", ladder.pk), filled(ladder, silver=200, gold=1000))
    assert (changed.status_code == 302) == may_change
    url = address("member_tier", world.ada.pk) + f"?ladder={ladder.pk}"
    assert (browser.get(url).status_code == 200) == may_set


def test_staff_of_another_program_find_nothing(staff, world, ladder):
    browser = staff("program_admin", world.fjord)
    assert browser.get(address("tierset_change", ladder.pk)).status_code == 404
    assert browser.get(address("member_tier", world.ada.pk) + f"?ladder={ladder.pk}").status_code == 404
    own = staff("support").get(address("member_tier", world.ada.pk) + "?ladder=0")
    assert own.status_code == 404
