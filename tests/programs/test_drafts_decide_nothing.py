"""What reads settings for members reads what is published: how a draft is edited changes nothing and is told nobody."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from loyalty.insights.queries.figures import figures_of
from loyalty.ledger.queries.lots import lots_of
from loyalty.lib import clock
from loyalty.members.models import Member
from loyalty.messaging import services as messaging
from loyalty.messaging.models import InboxEntry
from loyalty.programs.errors.moving import TransfersOff
from loyalty.programs.errors.points import BeyondLimit
from loyalty.programs.models.moving import TransferPolicy
from loyalty.programs.models.tiers import Tier, TierSet
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.balances import balances_of
from loyalty.programs.queries.moving import stands_on, transfers_of
from loyalty.programs.queries.programs import wallets_of
from loyalty.programs.queries.statement import statement_of
from loyalty.programs.services.moving import send_points
from loyalty.programs.services.points import adjust_points
from loyalty.programs.services.tiers import review_tiers
from loyalty.programs.services.versions import change_publishing, publish_draft
from tests.till import buy, live_by
from tests.world import earn

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(world):
    """Aurora asks for publication from now on; answers with what edits the draft of its wallet."""

    def edit(**changes) -> Wallet:
        if change_publishing(world.aurora, "draft", actor="staff:1"):
            return live_by(world.aurora.wallets.get(code="points"), **changes)

    return edit


def fresh(member: Member) -> Member:
    """As whoever comes next reads the member."""
    return Member.objects.select_related("program").get(pk=member.pk)


def by_hand(member: Member, wallet: Wallet, points: int = 20) -> None:
    adjust_points(fresh(member), wallet, points=points, reason="Sorry", key=str(points), actor="staff:1")


def ends_of(member: Member) -> list:
    return [lot.expires_at for lot in lots_of(member.subject, clock.now())]


def test_points_by_hand_live_by_the_policy_in_force(world, draft):
    by_hand(world.ben, world.aurora.wallets.get())
    wallet = draft(expiry="rolling", expiry_months=1)
    by_hand(world.ada, wallet)
    assert ends_of(world.ada) == ends_of(world.ben)
    publish_draft(world.aurora, actor="staff:1")
    by_hand(world.ada, wallet, 21)
    assert min(ends_of(world.ada)) < min(ends_of(world.ben))


def test_so_does_the_limit_of_one_act(world, draft):
    wallet = draft(by_hand_limit=100_000)
    with pytest.raises(BeyondLimit, match="at most 10,000 points"):
        by_hand(world.ada, wallet, 10_001)


@pytest.fixture
def base(world) -> Tier:
    """Who stands nowhere yet stands on it."""
    ladder = TierSet.objects.create(program=world.aurora, code="status", name="Status", measure="spend")
    Tier.objects.create(tier_set=ladder, code="gold", name="Gold", threshold=100)
    return Tier.objects.create(tier_set=ladder, code="base", name="Base", threshold=0)


def test_who_may_send_stands_on_a_tier_in_force(world, base, draft):
    earn(world.ada, 100)
    TransferPolicy.objects.create(wallet=world.aurora.wallets.get(), cooling_hours=0, tiers=["base"])
    wallet = draft(balance_cap=None)
    base.threshold = 10
    base.save()

    def send(id: str):
        return send_points(fresh(world.ada), world.ben, wallet, points=10, id=id, source="portal", actor="test").state

    assert (stands_on(fresh(world.ada), ["base"]), send("1")) == (True, "done")
    publish_draft(world.aurora, actor="staff:1")
    assert stands_on(fresh(world.ada), ["base"]) is False
    with pytest.raises(TransfersOff):
        send("2")


def test_a_tier_that_was_renamed_in_the_draft_is_still_the_tier(world, base, draft):
    review_tiers()
    buy(world.ada, "100")
    draft()
    gold = Tier.objects.get(code="gold")
    gold.code = "golden"
    gold.save()
    assert [stands_on(fresh(world.ada), [code]) for code in ("gold", "golden", "base")] == [True, False, False]


def test_who_sends_a_wallet_that_is_archived_in_the_draft_still_may(world, draft):
    earn(world.ada, 100)
    TransferPolicy.objects.create(wallet=world.aurora.wallets.get(), cooling_hours=0)
    wallet = draft(is_archived=True)
    made = send_points(fresh(world.ada), world.ben, wallet, points=10, id="1", source="portal", actor="test")
    assert (made.state, [each.code for each in wallets_of(world.aurora)]) == ("done", ["points"])


def test_a_wallet_that_is_brought_back_in_the_draft_is_not_there_yet(world, draft):
    world.aurora.wallets.create(code="stars", name="Stars", is_archived=True)
    draft()
    for wallet in (world.aurora.wallets.get(code="stars"), Wallet(program=world.aurora, code="new", name="New")):
        live_by(wallet, is_archived=False)
    assert [each.code for each in wallets_of(world.aurora)] == ["points"]
    assert [each.wallet.code for each in balances_of(fresh(world.ada))] == ["points"]
    publish_draft(world.aurora, actor="staff:1")
    assert {each.code for each in wallets_of(world.aurora)} == {"points", "stars", "new"}


def test_nobody_reads_names_of_a_draft(world, draft):
    earn(world.ada, 100)
    TransferPolicy.objects.create(wallet=world.aurora.wallets.get(), cooling_hours=0)
    wallet = draft(unit_one="star", unit_many="stars")
    world.aurora.refresh_from_db()
    world.aurora.name = "Aurora Sky"
    world.aurora.save()
    made = send_points(fresh(world.ada), world.ben, wallet, points=10, id="1", source="portal", actor="test")
    messaging.tell_of_transfer(made.pk)
    soon = clock.now() + timedelta(days=7)
    messaging.warn_of_expiry(
        member_id=world.ada.pk, wallet_id=wallet.pk, points=10, expires_at=soon, until=soon, days=7
    )
    messaging.tell_of_review(
        member_id=world.ada.pk, key="r", item="", refusal="", may_write_anew=False, earned={wallet.pk: 5}
    )
    read = " ".join(f"{entry.subject} {entry.body}" for entry in InboxEntry.objects.all())
    assert ("stars" in read, "Sky" in read, InboxEntry.objects.count()) == (False, False, 3)
    assert {row.wallet.unit_many for row in statement_of(fresh(world.ada)).rows} == {"points"}
    assert [each.wallet.unit_many for each in transfers_of(fresh(world.ada))] == ["points"]


def test_days_are_those_of_the_zone_in_force(world, draft):
    earn(world.ada, 100)
    TransferPolicy.objects.create(wallet=world.aurora.wallets.get(), cooling_hours=0)
    wallet = draft()
    world.aurora.refresh_from_db()
    world.aurora.time_zone = "Pacific/Auckland"
    world.aurora.save()
    with time_machine.travel(datetime(2026, 12, 10, 12, tzinfo=UTC), tick=False):  # the 11th in Auckland
        made = send_points(fresh(world.ada), world.ben, wallet, points=10, id="1", source="portal", actor="test")
    assert made.made_on.isoformat() == "2026-12-10"


def test_what_is_owed_is_counted_with_the_value_in_force(world, draft):
    live_by(world.aurora.wallets.get(), point_value=Decimal("0.01"))
    earn(world.ada, 1000)
    draft(point_value=Decimal(5))
    (figures,) = figures_of(world.aurora, at=clock.now()).wallets
    assert figures.value == Decimal("10.00")
