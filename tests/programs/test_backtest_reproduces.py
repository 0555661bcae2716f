"""What is in force, replayed, gives what the ledger holds, whatever became of the points in between."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from loyalty.ledger import services as ledger
from loyalty.ledger.queries.lots import expired_lots
from loyalty.lib import clock
from loyalty.members.models import Segment
from loyalty.members.services.members import enrol_member, update_member
from loyalty.members.services.segments import put_on_segment
from loyalty.programs.models.conversions import ConversionRate
from loyalty.programs.models.program import Program
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.configuration import configuration_of
from loyalty.programs.services.confirmation import confirm_activity
from loyalty.programs.services.conversions import convert_points
from loyalty.programs.services.facts import ReturnFacts
from loyalty.programs.services.jobs import cancel_unconfirmed, expire_points
from loyalty.programs.services.points import adjust_points
from loyalty.programs.services.replaying import replay
from loyalty.programs.services.returns import record_return
from loyalty.programs.services.rules import save_rule
from loyalty.programs.services.tiers import review_tiers
from loyalty.programs.services.versions import change_publishing, publish_draft, roll_back
from tests.factories_of_programs import CampaignFactory, CapFactory, TierFactory, TierSetFactory
from tests.programs.test_backtests import tried
from tests.till import buy, do, live_by, rule
from tests.world import earn

pytestmark = pytest.mark.django_db


@pytest.fixture
def time(world):
    with time_machine.travel(datetime(2026, 1, 5, 9, tzinfo=UTC), tick=False) as time:
        yield time


@pytest.fixture
def eve(world, time):
    """A member of whom everything is known from the beginning."""
    return enrol_member(world.aurora, external_id="eve", email="eve@example.org", actor="test")


def reproduced(program) -> dict:
    """Nothing differs, activity by activity."""
    report = tried(program)
    assert all(wallet["before"] == wallet["after"] for wallet in report["wallets"]), report["wallets"]
    assert (report["others"], report["gain"], report["lose"], report["as_it_was"]) == (0, 0, 0, True)
    assert all(now == then for _code, now, then in report["climbs"])
    return report


class Days:
    """A member's life, one step a day."""

    def __init__(self, member, time) -> None:
        self.member, self.time, self.number = member, time, 0
        self.wallet = member.program.wallets.get(code="points")
        self.account = ledger.open_account(wallet_id=self.wallet.pk, subject=member.subject)

    def next(self) -> dict:
        self.time.shift(timedelta(days=1, minutes=1))
        self.number += 1
        return {"key": f"step-{self.number}", "at": clock.now(), "actor": "test"}

    def buy(self, amount: str, **facts) -> int:
        self.next()
        recorded = buy(self.member, amount, receipt=f"r{self.number}", at=clock.now(), **facts)
        return sum(award.points for award in recorded.awards)

    def back(self, receipt: str) -> None:
        self.next()
        record_return(self.member.program, "till", receipt, ReturnFacts(id=f"b{self.number}"), actor="test")


@pytest.mark.parametrize("policy", ["only_pending", "within_balance", "unlimited"])
def test_a_limit_on_what_is_held_knows_everything_that_came_and_went(world, eve, time, policy):
    """Spent, held, captured, expired, brought back, changed, sent, given by hand, taken back when it was gone."""
    program = world.aurora
    Program.objects.filter(pk=program.pk).update(debt_policy=policy)
    life = Days(eve, time)
    live_by(life.wallet, balance_cap=150)
    cash = Wallet.objects.create(program=program, code="cash", name="Cash")
    ConversionRate.objects.create(program=program, from_wallet=life.wallet, to_wallet=cash, give=10, get=1)
    ben = ledger.open_account(wallet_id=life.wallet.pk, subject=world.ben.subject)
    assert [life.buy("100"), life.buy("100")] == [100, 50]
    ledger.spend(life.account, points=60, **life.next())
    assert life.buy("100") == 60
    ledger.hold(life.account, points=50, until=clock.now() + timedelta(days=20), **life.next())
    assert life.buy("100") == 0  # what is held counts
    ledger.capture(life.account, hold_key="step-5", points=30, **life.next())
    assert life.buy("100") == 30
    earn(eve, 20, key="gift", at=clock.now(), expires_at=clock.now() + timedelta(days=2))
    assert life.buy("10") == 0
    time.shift(timedelta(days=3))
    expire_points()
    ledger.spend(life.account, points=20, **life.next())
    assert life.buy("100") == 20
    (lot,) = expired_lots(eve.subject, since=clock.now() - timedelta(days=30), at=clock.now())
    ledger.reinstate(life.account, lot_id=lot.id, expires_at=clock.now() + timedelta(days=90), **life.next())
    life.next()
    convert_points(eve, life.wallet, cash, points=50, id="c1", source="test", actor="test")
    assert life.buy("100") == 30
    ledger.transfer(life.account, ben, points=40, **life.next())
    life.next()
    adjust_points(eve, life.wallet, points=15, reason="Sorry", key="k", actor="staff:1")
    assert life.buy("100") == 25
    ledger.spend(life.account, points=140, **life.next())
    life.back("r1")
    after = [life.buy("100"), life.buy("100"), life.buy("100")]
    time.shift(timedelta(hours=1))
    reproduced(program)
    assert after == {"only_pending": [100, 40, 0], "within_balance": [100, 50, 0], "unlimited": [100, 100, 40]}[policy]


def test_points_spent_on_what_comes_back_are_held_again(world, eve, time):
    life = Days(eve, time)
    live_by(life.wallet, balance_cap=150)
    life.buy("100")
    facts = life.next()
    receipt = f"paid-{life.number}"
    buy(eve, "50", receipt=receipt, at=clock.now())
    ledger.spend(life.account, points=80, source=f"purchase:till:{receipt}", **facts)
    life.back(receipt)
    assert life.buy("100") == 50
    time.shift(timedelta(hours=1))
    reproduced(world.aurora)


def test_points_of_other_apps_count_for_ladders(world, eve, time):
    """A quest's points lift as soon as something is counted, not before."""
    ladder = TierSetFactory(program=world.aurora, measure="points", wallet=world.aurora.wallets.get())
    TierFactory(tier_set=ladder, threshold=0, code="base")
    TierFactory(tier_set=ladder, threshold=100, code="gold", multiplier=2)
    life = Days(eve, time)
    earn(eve, 90, key="quest:1", at=clock.now())
    assert [life.buy("10"), life.buy("10")] == [10, 20]
    time.shift(timedelta(hours=1))
    reproduced(world.aurora)


def test_a_tier_that_goes_with_what_nobody_confirmed(world, eve, time):
    program = world.aurora
    live_by(program.wallets.get(), activation="on_confirmation", cancel_after_days=10)
    ladder = TierSetFactory(program=program, measure="points", wallet=program.wallets.get(), downgrade="at_once")
    TierFactory(tier_set=ladder, threshold=0, code="base")
    TierFactory(tier_set=ladder, threshold=100, code="gold", multiplier=2)
    life = Days(eve, time)
    assert [life.buy("60"), life.buy("60"), life.buy("10")] == [60, 60, 20]
    confirm_activity(program, source="till", external_id="r1", actor="test")
    time.shift(timedelta(days=12))
    assert cancel_unconfirmed().points == 80
    assert life.buy("10") == 10
    time.shift(timedelta(hours=1))
    reproduced(program)


def test_lists_and_attributes_are_those_of_the_time(world, eve, time):
    """A list that was imported later, an attribute that was changed there and back: nothing of it counts before."""
    program = world.aurora
    rule(program, "Press", ("list", "equals", "press"), effect="fixed", points=7)
    rule(program, "Gold", ("member_attribute.card", "equals", "gold"), effect="fixed", points=5)
    life = Days(eve, time)
    press = Segment.objects.create(program=program, code="press", name="Press")
    told = [life.buy("10")]
    life.next()
    update_member(eve, actor="test", attributes={"card": "gold"})
    told.append(life.buy("10"))
    life.next()
    put_on_segment(press, ["eve"], actor="test")
    told.append(life.buy("10"))
    life.next()
    update_member(eve, actor="test", attributes={"card": "plain"})
    told.append(life.buy("10"))
    time.shift(timedelta(hours=1))
    assert told == [10, 15, 22, 17]
    reproduced(program)
    as_now = replay(configuration_of(program), since=clock.now() - timedelta(days=30), until=clock.now())
    assert as_now.after["points"] == 4 * 17, "a draft is tried with what is known now: its lists may be new with it"


def test_a_draft_says_that_it_is_tried_with_what_is_known_now(world, eve, time):
    change_publishing(world.aurora, "draft", actor="staff:1")
    life = Days(eve, time)
    life.buy("10")
    assert tried(world.aurora)["as_it_was"] is True
    row = world.aurora.rules.get()
    row.points = 2
    save_rule(row, actor="staff:1")
    assert tried(world.aurora)["as_it_was"] is False


# --- What members did in the last days --------------------------------------------------------------------------------


def test_deeds_of_the_last_days_live_by_the_version_in_force_and_are_replayed(world, eve, time):
    """Edited, it waits for its publication; taken back, it pays no more; each version reproduces what it judged."""
    program = change_publishing(world.aurora, "draft", actor="staff:1")
    life = Days(eve, time)
    do(eve, "review", id="v1", at=clock.now())
    rule(program, "Reviewer", ("activities_in_days.review 30", "gte", "1"), effect="fixed", points=9)
    assert life.buy("10") == 10
    first = publish_draft(program, actor="staff:1")
    assert life.buy("10") == 19
    program.rules.get(name="Reviewer").conditions.update(name="review 1")
    assert life.buy("10") == 19
    time.shift(timedelta(days=40))
    assert life.buy("10") == 10
    time.shift(timedelta(hours=1))
    report = tried(program, version=first)
    assert (report["others"], report["as_it_was"]) == (1, True)  # the purchase that an earlier version judged
    publish_draft(program, actor="staff:1")
    do(eve, "review", id="v2", at=clock.now())
    life.next()
    assert life.buy("10") == 10  # two days ago
    roll_back(first, actor="staff:1")
    assert life.buy("10") == 19


def test_an_audience_that_did_something_lately_is_reproduced_with_caps_and_tiers(world, eve, time):
    program = world.aurora
    campaign = CampaignFactory(program=program, starts_at=None, ends_at=None)
    campaign.audience.create(subject="activities_in_days", name="review 5", operator="gte", value="2")
    CapFactory(program=program, campaign=campaign, period="week", measure="points", limit=25, wallet=None, rule=None)
    rule(program, "Keen", campaign=campaign, effect="fixed", points=10)
    life = Days(eve, time)
    told = []
    for step in range(8):
        if step in (0, 1, 3, 6):
            do(eve, "review", id=f"v{step}", at=clock.now())
        told.append(life.buy("10"))
    review_tiers()
    time.shift(timedelta(hours=1))
    assert sorted(set(told)) == [10, 15, 20]
    reproduced(program)
