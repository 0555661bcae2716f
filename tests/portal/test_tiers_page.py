"""What members see of their tiers."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
import time_machine
from django.db import transaction
from django.urls import reverse

from loyalty.outbox.services import relay
from loyalty.programs.models.tiers import Tier, TierSet
from loyalty.programs.queries.configuration import configuration_of
from loyalty.programs.services.tiers import follow, review_tiers
from tests.portal.conftest import client_of

SUMMER = datetime(2026, 7, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def at():
    with time_machine.travel(SUMMER, tick=False) as traveller:
        yield traveller


@pytest.fixture
def ladder(world) -> TierSet:
    row = TierSet.objects.create(
        program=world.aurora, code="status", name="Status", measure="points",
        wallet=world.aurora.wallets.get(code="points"),
    )  # fmt: skip
    Tier.objects.create(tier_set=row, code="silver", name="Silver", threshold=300, discount_percent=6)
    Tier.objects.create(tier_set=row, code="gold", name="Gold", threshold=1000, perks="Champagne\nA late breakfast")
    return row


def climb(member, points: int) -> None:
    from tests.world import earn

    earn(member, points, key=f"t{points}", at=SUMMER)
    with transaction.atomic():
        follow(configuration_of(member.program), {member.pk: member.joined_at}, actor="test")


def text_of(answer) -> str:
    return answer.content.decode().replace("\xa0", " ")


def test_what_is_missing_by_when_and_what_keeps_it(world, ladder, at):
    climb(world.ada, 680)
    client = client_of(world.ada)
    home = text_of(client.get(reverse("loyalty:home", args=["aurora"])))
    assert "320 points to Gold by 31 December" in home
    assert "Silver is yours until 31 December 2027." in home
    assert 'class="card-tier">Silver<' in home
    assert 'value="68"' in home
    at.move_to(datetime(2027, 3, 1, 12, tzinfo=UTC))
    home = text_of(client_of(world.ada).get(reverse("loyalty:home", args=["aurora"])))
    assert "To keep Silver, 300 points more by 31 December." in home


def test_all_tiers_with_what_they_bring_and_how_one_came_here(world, ladder):
    climb(world.ada, 1000)
    page = text_of(client_of(world.ada).get(reverse("loyalty:tiers", args=["aurora"])))
    for words in (
        "You have reached the highest tier.", "Silver from 300 points in a calendar year", "6 % discount", "Champagne",
        "A late breakfast", "A tier is kept until the end of the next year.", "How you came here",
    ):  # fmt: skip
        assert words in page


def test_before_the_first_tier_and_without_ladders(world, ladder):
    page = text_of(
        client_of(world.ben).get(reverse("loyalty:tiers", args=["aurora"]), headers={"accept-language": "en"})
    )
    assert "300 poeng" in page or "300 points" in page
    assert client_of(world.cleo).get(reverse("loyalty:tiers", args=["fjord"])).status_code == 404


def test_no_ladder_costs_the_home_page_nothing(world):
    client = client_of(world.ada)
    url = reverse("loyalty:home", args=["aurora"])
    client.get(url)
    assert "tier-bar" not in text_of(client.get(url))


def test_tills_are_told_the_tier(world, ladder):
    from loyalty.members.api.outputs import present_members

    climb(world.ada, 300)
    assert [each["tier"] for each in present_members([world.ada, world.ben])] == ["silver", None]
    Tier.objects.create(tier_set=ladder, code="bronze", name="Bronze", threshold=Decimal(0))
    assert [each["tier"] for each in present_members([world.ada, world.ben, world.cleo])] == ["silver", "bronze", None]


def test_a_tier_just_reached_is_celebrated_once(world, ladder):
    climb(world.ada, 1000)
    relay()
    home, client = reverse("loyalty:home", args=["aurora"]), client_of(world.ada)
    assert 'id="joy-title">Welcome to Gold<' in text_of(client.get(home))
    again = text_of(client.get(home))
    assert "joy-title" not in again
    assert "Welcome to Gold" in again  # it is a new message still
    assert "joy-title" not in text_of(client_of(world.ben).get(home))


def test_a_tier_lost_meanwhile_is_not_celebrated(world, ladder, at):
    climb(world.ada, 1000)
    relay()
    at.move_to(datetime(2028, 1, 1, 12, tzinfo=UTC))
    review_tiers()
    relay()
    assert "joy-title" not in text_of(client_of(world.ada).get(reverse("loyalty:home", args=["aurora"])))
