"""Scenarios of tiers, told through the till and the jobs: S57, S60, S69; and the nights and years that are odd."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine

from loyalty.ledger import services as ledger
from loyalty.lib import clock
from loyalty.members.services.members import enrol_member
from loyalty.messaging.models import InboxEntry
from loyalty.outbox.services import relay
from loyalty.programs.models.moving import TransferPolicy
from loyalty.programs.models.tiers import Tier, TierSet
from loyalty.programs.queries.tiers import changes_of, tier_codes_of, tiers_of
from loyalty.programs.services.facts import ReturnFacts
from loyalty.programs.services.moving import send_points
from loyalty.programs.services.returns import record_return
from loyalty.programs.services.tiers import review_tiers
from tests.ledger.purse import violations
from tests.till import ACTOR, buy, live_by

pytestmark = pytest.mark.django_db
METALS = (("bronze", 0), ("silver", 10_000), ("gold", 20_000))
OSLO = ZoneInfo("Europe/Oslo")


@pytest.fixture(autouse=True)
def at(world):
    with time_machine.travel(datetime(2026, 7, 20, 12, tzinfo=UTC), tick=False) as traveller:
        yield traveller
    assert violations() == {}


def ladder_of(program, rungs=METALS, *, measure="spend", **settings) -> TierSet:
    wallet = program.wallets.get(code="points") if measure in ("points", "balance") else None
    row = TierSet.objects.create(
        program=program, code="status", name="Status", measure=measure, wallet=wallet, **settings
    )
    for code, threshold in rungs:
        Tier.objects.create(tier_set=row, code=code, name=code.title(), threshold=threshold)
    relay()
    review_tiers()
    return row


def shop(member, amount, receipt="1"):
    if Decimal(amount):
        buy(member, str(amount), receipt=receipt, at=clock.now())


def spend(member, points):
    """Given away: whatever moves points, the ladder follows in the same call."""
    wallet = member.program.wallets.get()
    TransferPolicy.objects.create(wallet=wallet, cooling_hours=0)
    friend = enrol_member(member.program, external_id="friend", actor=ACTOR)
    send_points(member, friend, wallet, points=points, id="gift", source="portal", actor=ACTOR)


def tier_of(member) -> str | None:
    return tier_codes_of([member])[member.pk]


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=OSLO).astimezone(UTC)


@pytest.mark.parametrize(
    ("spent", "order", "tier"),
    [
        (0, 6_000, "bronze"), (0, 15_000, "silver"), (0, 25_000, "gold"), (4_000, 500, "bronze"),
        (8_000, 3_000, "silver"), (18_000, 3_000, "gold"), (22_000, 5_000, "gold"), (0, 10_000, "silver"),
    ],
)  # fmt: skip
def test_s57_gold_from_20000_silver_from_10000_bronze_from_nothing(world, spent, order, tier):
    """[ERPNext test_tier_selection; issues 22167 and 24672: the order itself counts, and exactly enough is enough]"""
    ladder_of(world.aurora)
    shop(world.ada, spent, "before")
    shop(world.ada, order, "this")
    assert tier_of(world.ada) == tier


# S60 [Voucherify create-tier-structures]: 250 on 20 July, 200 spent on 25 July
def after_the_spending(world, at, **settings):
    ladder_of(world.aurora, (("bronze", 0), ("silver", 100), ("gold", 200)), measure="balance", **settings)
    at.move_to(local("2026-07-20T15:00"))
    shop(world.ada, 250)
    assert tier_of(world.ada) == "gold"
    at.move_to(local("2026-07-25T15:00"))
    spend(world.ada, 200)


def test_s60_spending_200_is_bronze_at_once(world, at):
    after_the_spending(world, at, downgrade="at_once")
    assert tier_of(world.ada) == "bronze"


@pytest.mark.parametrize(("rounded", "last"), [(False, "2026-08-19T23:59:59"), (True, "2026-08-31T23:59:59")])
def test_s60_one_months_grace_ends_with_19_august_and_rounded_with_31_august(world, at, rounded, last):
    after_the_spending(world, at, downgrade="at_once", grace_count=1, grace_unit="months", grace_to_month_end=rounded)
    for moment, tier in ((local(last), "gold"), (local(last).replace(microsecond=999_999), "gold")):
        at.move_to(moment)
        review_tiers()
        assert tier_of(world.ada) == tier
    at.move_to(datetime.fromtimestamp(local(last).timestamp() + 1, UTC))
    review_tiers()
    assert tier_of(world.ada) == "bronze"


def test_s60_one_step_is_silver(world, at):
    after_the_spending(world, at, downgrade="at_once", one_step_down=True)
    assert tier_of(world.ada) == "silver"


def test_s69_a_message_at_50_and_at_100_each_time_it_is_reached_and_only_the_highest(world, at):
    """0 → 50 one; 50 → 99 none; → 100 one; back to 0, → 100 one, of “100” alone. [Odoo loyalty test_loyalty_mail]"""
    ladder_of(world.aurora, (("fifty", 50), ("hundred", 100)), measure="points")

    def told(amount, receipt):
        before = InboxEntry.objects.count()
        buy(world.ada, amount, receipt=receipt, at=clock.now())
        relay()
        return [entry.subject for entry in InboxEntry.objects.order_by("pk")[before:]]

    assert told("50", "1") == ["Welcome to Fifty"]
    assert told("49", "2") == []
    assert told("1", "3") == ["Welcome to Hundred"]
    for receipt in "123":
        record_return(world.aurora, "till", receipt, ReturnFacts(id="all"), actor=ACTOR)
    relay()
    assert tier_of(world.ada) is None
    at.shift(60)
    assert told("100", "4") == ["Welcome to Hundred"]


@pytest.mark.parametrize("night", ["2026-03-29", "2026-10-25"])
def test_grace_ends_at_local_midnight_though_the_clock_changes_in_that_month(world, at, night):
    month = night[:8]
    ladder_of(
        world.aurora, (("bronze", 0), ("gold", 100)), measure="balance", downgrade="at_once", grace_count=1,
        grace_to_month_end=True,
    )  # fmt: skip
    at.move_to(local(f"{month}10T12:00"))
    shop(world.ada, 150)
    spend(world.ada, 100)
    end = local("2026-04-01") if month == "2026-03-" else local("2026-11-01")
    assert tiers_of(world.ada)[0].held.keeps_until == end
    at.move_to(datetime.fromtimestamp(end.timestamp() - 1, UTC))
    review_tiers()
    assert tier_of(world.ada) == "gold"
    at.move_to(end)
    review_tiers()
    assert tier_of(world.ada) == "bronze"


def test_an_anniversary_of_29_february_is_the_28th_in_common_years(world, at):
    ladder_of(world.aurora, window="anniversary", downgrade="at_once")
    at.move_to(local("2025-02-28T00:00"))
    leap = enrol_member(world.aurora, external_id="leap", name="Lea", actor=ACTOR, at=local("2024-02-29T12:00"))
    at.move_to(local("2026-02-27T23:00"))
    shop(leap, 10_000)
    assert (tier_of(leap), tiers_of(leap)[0].outlook.by) == ("silver", local("2026-02-28"))
    at.move_to(local("2026-02-28T00:00"))
    review_tiers()
    assert tier_of(leap) == "bronze"
    assert tiers_of(leap)[0].outlook.by == local("2027-02-28")
    at.move_to(local("2028-02-29T08:00"))
    assert tiers_of(leap)[0].outlook.by == local("2029-02-28")


def test_a_member_follows_several_ladders_at_once_and_a_return_takes_each_by_its_own_measure(world, at):
    ladder_of(world.aurora)
    visits = TierSet.objects.create(program=world.aurora, code="visits", name="Visits", measure="purchases", position=1)
    Tier.objects.create(tier_set=visits, code="friend", name="Friend", threshold=1)
    shop(world.ada, 25_000)
    assert [view.rung.code for view in tiers_of(world.ada)] == ["gold", "friend"]
    record_return(world.aurora, "till", "1", ReturnFacts(id="r"), actor=ACTOR)
    assert [view.rung.code if view.rung else None for view in tiers_of(world.ada)] == ["bronze", None]
    assert {change.why for change in changes_of(world.ada)} == {"reached", "returned"}


def test_a_late_receipt_counts_in_the_year_in_which_it_was_bought(world, at):
    """`event_at` decides, not the day on which we learned of it."""
    ladder_of(world.aurora, downgrade="at_once")
    buy(world.ada, "10000", receipt="old", at=local("2025-12-31T23:59"))
    assert tier_of(world.ada) == "bronze"
    buy(world.ada, "10000", receipt="new", at=local("2026-01-01T00:00"))
    assert tier_of(world.ada) == "silver"


def test_pending_points_count_when_they_were_earned_and_not_once_more_when_they_become_active(world, at):
    ladder_of(world.aurora, (("bronze", 0), ("gold", 100)), measure="points")
    live_by(world.aurora.wallets.get(), activation="after_days", activation_count=14)
    shop(world.ada, 60)
    at.move_to(local("2026-08-20T12:00"))
    ledger.activate_due(wallet_ids=[world.aurora.wallets.get().pk], at=clock.now(), actor=ACTOR)
    review_tiers()
    assert (tier_of(world.ada), tiers_of(world.ada)[0].outlook.count) == ("bronze", 60)
