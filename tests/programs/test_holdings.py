"""Ladders that measure what members hold follow whatever moves points, in the same call: nobody waits for a job."""

from datetime import timedelta

import pytest

from loyalty.ledger import services as ledger
from loyalty.lib import clock
from loyalty.programs.models.conversions import ConversionRate
from loyalty.programs.models.households import HouseholdPolicy
from loyalty.programs.models.moving import TransferPolicy
from loyalty.programs.models.reinstatement import ReinstatementPolicy
from loyalty.programs.models.tiers import Tier, TierChange, TierSet
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.households import membership_of
from loyalty.programs.queries.reinstatement import expired_of
from loyalty.programs.queries.tiers import tier_codes_of
from loyalty.programs.services.conversions import convert_points
from loyalty.programs.services.households import (
    contribute,
    contribute_due,
    dissolve_household,
    found_household,
    join_household,
    leave_household,
    take_points,
)
from loyalty.programs.services.jobs import activate_points, expire_points, release_holds
from loyalty.programs.services.moving import accept_transfer, decline_transfer, send_points
from loyalty.programs.services.reinstatement import bring_back
from loyalty.programs.services.tiers import review_tiers
from tests.till import ACTOR, active, buy, live_by
from tests.world import earn

pytestmark = pytest.mark.django_db


@pytest.fixture
def wallet(world) -> Wallet:
    return world.aurora.wallets.get()


def climb(wallet: Wallet) -> TierSet:
    """Gold is whoever holds 100."""
    ladder = TierSet.objects.create(
        program=wallet.program, code="status", name="Status", measure="balance", wallet=wallet, downgrade="at_once"
    )
    for code, threshold in (("base", 0), ("gold", 100)):
        Tier.objects.create(tier_set=ladder, code=code, name=code.title(), threshold=threshold)
    review_tiers()
    return ladder


@pytest.fixture(autouse=True)
def ladder(world, wallet) -> TierSet:
    return climb(wallet)


def tiers(*members) -> list[str | None]:
    codes = tier_codes_of(members)
    return [codes[member.pk] for member in members]


def rich(member, points: int = 150, **facts) -> None:
    earn(member, points, **facts)
    review_tiers()
    buy(member, "0.40", receipt=f"look-{member.pk}", at=clock.now())  # no point, but a look


def send(giver, to, wallet, points: int):
    return send_points(giver, to, wallet, points=points, id=str(points), source="portal", actor=ACTOR)


def test_a_transfer_takes_one_down_and_the_other_up(world, wallet):
    TransferPolicy.objects.create(wallet=wallet, cooling_hours=0)
    rich(world.ada)
    assert tiers(world.ada, world.ben) == ["gold", "base"]
    send(world.ada, world.ben, wallet, 150)
    assert tiers(world.ada, world.ben) == ["base", "gold"]
    assert sorted(TierChange.objects.order_by("-id").values_list("member", "why")[:2]) == [
        (world.ada.pk, "fell"), (world.ben.pk, "reached"),
    ]  # fmt: skip


def test_what_is_set_aside_for_somebody_is_not_held_and_counts_again_when_declined(world, wallet):
    TransferPolicy.objects.create(wallet=wallet, cooling_hours=0, asks_receiver=True)
    rich(world.ada)
    waiting = send(world.ada, world.ben, wallet, 60)
    assert tiers(world.ada, world.ben) == ["base", "base"]
    decline_transfer(waiting, actor=ACTOR)
    assert tiers(world.ada, world.ben) == ["gold", "base"]
    accept_transfer(send(world.ada, world.ben, wallet, 120), actor=ACTOR)
    assert tiers(world.ada, world.ben) == ["base", "gold"]


def test_a_conversion_moves_both_ladders(world, wallet):
    stars = Wallet.objects.create(program=world.aurora, code="stars", name="Stars")
    ConversionRate.objects.create(program=world.aurora, from_wallet=wallet, to_wallet=stars, give=1, get=1)
    ConversionRate.objects.create(program=world.aurora, from_wallet=stars, to_wallet=wallet, give=1, get=1)
    rich(world.ada)
    for source, target, tier in ((wallet, stars, "base"), (stars, wallet, "gold")):
        convert_points(world.ada, source, target, points=150, id=tier, source="portal", actor=ACTOR)
        assert tiers(world.ada) == [tier]


def test_households_take_and_give(world, wallet):
    HouseholdPolicy.objects.create(program=world.aurora, wallet=wallet, percent=100)
    household = found_household(world.ada, name="Larsen", actor=ACTOR)
    join_household(world.ben, code=household.code, actor=ACTOR)
    rich(world.ada, 250)
    assert (contribute(world.ada.pk), tiers(world.ada, world.ben)) == (250, ["base", "base"])
    take_points(membership_of(world.ben), points=100, key="1", actor=ACTOR)
    assert tiers(world.ada, world.ben) == ["base", "gold"]
    leave_household(membership_of(world.ada), actor=ACTOR)
    assert (active(world.ada), tiers(world.ada)) == (150, ["gold"])


def test_the_end_of_a_household_lifts_everybody(world, wallet):
    HouseholdPolicy.objects.create(program=world.aurora, wallet=wallet, percent=100)
    household = found_household(world.ada, name="Larsen", actor=ACTOR)
    join_household(world.ben, code=household.code, actor=ACTOR)
    rich(world.ada)
    rich(world.ben)
    contribute_due()
    assert tiers(world.ada, world.ben) == ["base", "base"]
    dissolve_household(household, actor=ACTOR)
    assert tiers(world.ada, world.ben) == ["gold", "gold"]


def test_expired_points_are_not_held_and_count_again_once_they_are_back(world, wallet):
    ReinstatementPolicy.objects.create(wallet=wallet, program=world.aurora, price="free", window_days=30, lasts_days=30)
    start = clock.now()
    rich(world.ada, expires_at=start + timedelta(hours=1))
    rich(world.ben)
    late = start + timedelta(hours=2)
    assert expire_points(at=late).points == 150
    assert tiers(world.ada, world.ben) == ["base", "gold"]
    (part,) = expired_of(world.ada, at=late)
    bring_back(world.ada, wallet, part.expired_at, id="1", source="portal", at=late, actor=ACTOR)
    assert tiers(world.ada) == ["gold"]


def test_pending_points_lift_when_they_become_active(world, wallet):
    live_by(wallet, activation="after_days", activation_count=14)
    buy(world.ada, "150", at=clock.now())
    assert tiers(world.ada) == ["base"]
    assert activate_points(at=clock.now() + timedelta(days=20)).points == 150
    assert tiers(world.ada) == ["gold"]


def test_a_hold_that_ends_by_itself_lifts_again(world, wallet):
    rich(world.ada)
    account, start = ledger.open_account(wallet_id=wallet.pk, subject=world.ada.subject), clock.now()
    ledger.hold(account, points=100, key="bid", at=start, until=start + timedelta(hours=1), actor=ACTOR)
    review_tiers(at=start + timedelta(days=1))
    assert tiers(world.ada) == ["base"]
    assert release_holds(at=start + timedelta(days=1)).lots == 1
    assert tiers(world.ada) == ["gold"]


def test_a_sweep_asks_as_much_for_many_members_as_for_one(world, wallet, django_assert_max_num_queries):
    """All accounts of a slice are locked, moved and judged at once; other wallets are swept as ever."""
    start = clock.now()
    other = Wallet.objects.create(program=world.aurora, code="stars", name="Stars")
    for member in (world.ada, world.ben):
        rich(member, expires_at=start + timedelta(hours=1))
        earn(member, 7, key="star", wallet=other, expires_at=start + timedelta(hours=1))
    review_tiers()
    with django_assert_max_num_queries(32):
        swept = expire_points(at=start + timedelta(hours=2))
    assert (swept.points, tiers(world.ada, world.ben)) == (314, ["base", "base"])


def test_other_ladders_are_left_alone(world, wallet, ladder):
    """What is earned, spent or done is followed by whoever records it."""
    ladder.measure, ladder.window = "points", "lifetime"
    ladder.save()
    TransferPolicy.objects.create(wallet=wallet, cooling_hours=0)
    rich(world.ada)
    send(world.ada, world.ben, wallet, 150)
    assert tiers(world.ada, world.ben) == ["gold", "base"]
