"""Members climb and come down through the services; thresholds, windows and promises are proved in rules/test_tiers."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from loyalty.ledger import services as ledger
from loyalty.members.services.members import enrol_member
from loyalty.outbox.models import Message
from loyalty.programs.errors.programs import ReasonMissing, UnknownTier
from loyalty.programs.models.tiers import LadderReview, Tier, TierChange, TierSet, TierStanding
from loyalty.programs.queries.configuration import configuration_of
from loyalty.programs.queries.tiers import changes_of, heads_of, tier_codes_of, tiers_of
from loyalty.programs.services import tiers as services
from loyalty.programs.services.tiers import follow, leave_to_count, put_on_tier, review_tiers
from tests.factories import ActivityFactory
from tests.factories_of_programs import ReturnFactory
from tests.world import ACTOR, World, earn

SUMMER = datetime(2026, 7, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def at():
    with time_machine.travel(SUMMER, tick=False) as traveller:
        yield traveller


def ladder_of(
    program, *, measure="spend", rungs=(("silver", 300), ("gold", 1000)), code="status", **settings
) -> TierSet:
    wallet = program.wallets.get(code="points") if measure in ("points", "balance") else None
    row = TierSet.objects.create(program=program, code=code, name="Status", measure=measure, wallet=wallet, **settings)
    for name, threshold in rungs:
        Tier.objects.create(tier_set=row, code=name, name=name.capitalize(), threshold=threshold)
    return row


def bought(member, total, *, day=SUMMER, **facts):
    return ActivityFactory(program=member.program, member=member, total=Decimal(total), event_at=day, **facts)


def follow_now(member, **facts):
    with transaction.atomic():
        return follow(configuration_of(member.program), {member.pk: member.joined_at}, actor=ACTOR, **facts)


def code_of(member) -> str | None:
    return tier_codes_of([member])[member.pk]


def test_a_program_without_ladders_pays_nothing(world: World):
    configuration = configuration_of(world.aurora)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert follow(configuration, {world.ada.pk: None}, actor=ACTOR) == []
    assert len(asked) == 0
    assert tiers_of(world.ada) == []
    assert tier_codes_of([world.ada]) == {}


def test_the_threshold_lifts_at_once_even_two_rungs_and_leaves_a_trace(world: World, settings):
    settings.OUTBOX_WIRING = "tests.wires"
    ladder_of(world.aurora)
    bought(world.ada, "299.99")
    assert follow_now(world.ada) == []
    assert code_of(world.ada) is None
    last = bought(world.ada, "700.01")
    follow_now(world.ada, activity_id=last.pk)
    assert code_of(world.ada) == "gold"
    change = TierChange.objects.get()
    assert (change.before, change.after.code, change.why, change.measured) == (None, "gold", "reached", 1000)
    assert (change.activity, change.actor, change.at) == (last, ACTOR, SUMMER)
    message = Message.objects.get(event="loyalty.programs.events.MemberTierChanged")
    assert message.payload == {
        "program_id": world.aurora.pk, "member_id": world.ada.pk, "tier_set": "status", "before": "", "after": "gold",
        "why": "reached", "at": SUMMER.isoformat(), "is_quiet": False,
    }  # fmt: skip


def test_one_statement_where_nothing_moves_and_two_more_where_something_does(world: World):
    ladder_of(world.aurora)
    configuration = configuration_of(world.aurora)
    for total, statements in ((100, 1), (200, 3), (10, 1)):
        bought(world.ada, total)
        with transaction.atomic(), CaptureQueriesContext(connection) as asked:
            follow(configuration, {world.ada.pk: world.ada.joined_at}, actor=ACTOR)
        assert len(asked) == statements


def test_only_what_is_in_the_window_counts(world: World):
    ladder_of(world.aurora, downgrade="at_once")
    bought(world.ada, 300, day=datetime(2025, 12, 31, 22, 59, tzinfo=UTC))
    follow_now(world.ada)
    assert code_of(world.ada) is None
    bought(world.ada, 300, day=datetime(2025, 12, 31, 23, tzinfo=UTC))  # New Year in Oslo
    follow_now(world.ada)
    assert code_of(world.ada) == "silver"


def test_what_was_returned_does_not_count_and_the_tier_goes_with_it(world: World):
    ladder_of(world.aurora, grace_count=3, grace_unit="months")
    first = bought(world.ada, 300)
    follow_now(world.ada)
    ReturnFactory(purchase=first, amount=Decimal("0.01"))
    follow_now(world.ada, returned=True)
    assert code_of(world.ada) is None
    assert [change.why for change in changes_of(world.ada)] == ["returned", "reached"]


def test_purchases_and_activities_are_counted_one_by_one(world: World):
    ladder_of(world.aurora, measure="purchases", rungs=[("regular", 2)], code="visits")
    ladder_of(world.aurora, measure="activities", rungs=[("critic", 2)], code="words", activity_types=["review"])
    first = bought(world.ada, 10)
    bought(world.ada, 0)
    for kind in ("review", "review", "visit"):
        bought(world.ada, 0, kind="activity", type=kind)
    follow_now(world.ada)
    assert [view.rung.name for view in tiers_of(world.ada)] == ["Regular", "Critic"]
    assert [view.outlook.count for view in tiers_of(world.ada)] == [2, 2]
    ReturnFactory(purchase=first, amount=first.total)
    assert tiers_of(world.ada)[0].outlook.count == 1


def test_points_are_what_was_earned_and_not_taken_back_whatever_was_spent(world: World):
    ladder_of(world.aurora, measure="points", rungs=[("silver", 300)])
    posted = earn(world.ada, 300, key="a")
    ledger.spend(posted.account_id, points=250, key="s", at=SUMMER, actor=ACTOR)
    follow_now(world.ada)
    assert code_of(world.ada) == "silver"
    ledger.reverse(posted.account_id, posting_key="a", points=100, key="r", at=SUMMER, actor=ACTOR, reason="")
    assert tiers_of(world.ada)[0].outlook.count == 200  # 50 taken, 50 gone already


def test_250_on_20_july_is_gold_and_spending_200_on_25_july_is_bronze_at_once(world: World, at):
    """S60, with what members hold as it is in the ledger."""
    rungs = [("bronze", 0), ("silver", 100), ("gold", 200)]
    ladder_of(world.aurora, measure="balance", rungs=rungs, downgrade="at_once")
    assert code_of(world.ada) == "bronze"
    posted = earn(world.ada, 250)
    follow_now(world.ada)
    assert code_of(world.ada) == "gold"
    at.move_to(datetime(2026, 7, 25, tzinfo=UTC))
    ledger.spend(posted.account_id, points=200, key="s", at=datetime(2026, 7, 25, tzinfo=UTC), actor=ACTOR)
    follow_now(world.ada)
    assert code_of(world.ada) == "bronze"
    assert [(each.before.code, each.after.code) for each in changes_of(world.ada)] == [
        ("gold", "bronze"), ("bronze", "gold"),
    ]  # fmt: skip


def test_the_year_after_the_next_takes_it_and_the_job_is_harmless_twice(world: World, at):
    ladder_of(world.aurora)
    bought(world.ada, 300)
    follow_now(world.ada)
    review_tiers()
    assert code_of(world.ada) == "silver"
    end = datetime(2027, 12, 31, 23, tzinfo=UTC)
    at.move_to(datetime(2027, 12, 31, 22, 59, 59, tzinfo=UTC))
    assert review_tiers() == services.Reviewed()
    at.move_to(end)
    assert review_tiers() == services.Reviewed(members=1, fallen=1)
    assert review_tiers() == services.Reviewed()
    assert code_of(world.ada) is None
    assert TierChange.objects.first().actor == "job:review_tiers"


def test_a_changed_ladder_moves_everyone_once_and_goes_on_where_it_was_cut_off(world: World, monkeypatch):
    row = ladder_of(world.aurora, downgrade="at_once")
    bought(world.ada, 250)
    bought(world.ben, 350)
    monkeypatch.setattr(services, "SLICE", 1)
    assert review_tiers() == services.Reviewed(members=2, risen=1)
    assert (code_of(world.ada), code_of(world.ben)) == (None, "silver")
    row.tiers.filter(code="silver").update(threshold=250)
    LadderReview.objects.update(is_done=False)  # of the ladder before: begins anew all the same
    assert review_tiers(program=world.aurora) == services.Reviewed(members=2, risen=1)
    assert changes_of(world.ada)[0].why == "ladder"
    review = LadderReview.objects.get()
    assert (review.is_done, review.risen, review.fallen) == (True, 1, 0)
    LadderReview.objects.update(is_done=False, done_through=world.ada.pk)
    assert review_tiers().members == 1
    assert review_tiers() == services.Reviewed()


def test_by_hand_not_lower_until_a_day(world: World, at):
    row = ladder_of(world.aurora, downgrade="at_once")
    gold = row.tiers.get(code="gold")
    until = datetime(2026, 9, 1, tzinfo=UTC)
    put_on_tier(world.ada, row.pk, gold.pk, floor_until=until, reason="A good customer elsewhere", actor="staff:1")
    change = TierChange.objects.get()
    assert (change.why, change.reason, change.actor) == ("by_hand", "A good customer elsewhere", "staff:1")
    bought(world.ada, 1)
    follow_now(world.ada)
    assert code_of(world.ada) == "gold"
    at.move_to(until)
    review_tiers()
    assert code_of(world.ada) is None


def test_locked_neither_rises_nor_falls_until_it_is_left_to_what_is_counted(world: World):
    row = ladder_of(world.aurora)
    silver = row.tiers.get(code="silver")
    put_on_tier(world.ada, row.pk, silver.pk, is_locked=True, reason="Staff", actor=ACTOR)
    bought(world.ada, 5000)
    follow_now(world.ada)
    assert code_of(world.ada) == "silver"
    leave_to_count(world.ada, row.pk, reason="Left us", actor=ACTOR)
    assert code_of(world.ada) == "gold"
    assert [each.reason for each in changes_of(world.ada)] == ["Left us", "Staff"]


def test_by_hand_wants_a_reason_and_a_rung_of_that_ladder(world: World):
    row, other = ladder_of(world.aurora), ladder_of(world.fjord)
    with pytest.raises(ReasonMissing):
        put_on_tier(world.ada, row.pk, None, reason=" ", actor=ACTOR)
    with pytest.raises(ReasonMissing):
        leave_to_count(world.ada, row.pk, reason="", actor=ACTOR)
    with pytest.raises(UnknownTier):
        put_on_tier(world.ada, row.pk, other.tiers.first().pk, reason="x", actor=ACTOR)
    with pytest.raises(UnknownTier):
        put_on_tier(world.ada, other.pk, other.tiers.first().pk, reason="x", actor=ACTOR)
    put_on_tier(world.ada, row.pk, None, is_locked=True, reason="Cheated", actor=ACTOR)
    bought(world.ada, 5000)
    follow_now(world.ada)
    assert code_of(world.ada) is None


def test_heads_are_counted_with_those_of_whom_nothing_is_written_down(world: World):
    ladder_of(world.aurora, rungs=[("bronze", 0), ("silver", 300)])
    bought(world.ada, 300)
    follow_now(world.ada)
    [ladder] = configuration_of(world.aurora).ladders
    assert [(each.rung.code, each.members) for each in heads_of(ladder, world.aurora)] == [("silver", 1), ("bronze", 1)]
    ladder_of(world.fjord)
    [ladder] = configuration_of(world.fjord).ladders
    found = [(each.rung.code if each.rung else None, each.members) for each in heads_of(ladder, world.fjord)]
    assert found == [("gold", 0), ("silver", 0), (None, 1)]


def test_a_years_window_may_begin_with_the_membership(world: World, at):
    ladder_of(world.aurora, window="anniversary", downgrade="at_once")
    dora = enrol_member(world.aurora, actor=ACTOR, name="Dora", at=datetime(2025, 9, 1, 12, tzinfo=UTC))
    bought(dora, 300, day=datetime(2025, 9, 1, 12, tzinfo=UTC))
    with transaction.atomic():
        follow(configuration_of(world.aurora), {dora.pk: None}, actor=ACTOR)
    assert code_of(dora) == "silver"
    at.move_to(datetime(2026, 8, 31, 22, tzinfo=UTC))
    review_tiers()
    assert code_of(dora) is None


def test_who_stands_somewhere_was_put_there_by_the_newest_change(world: World, at):
    row = ladder_of(world.aurora, downgrade="at_once", grace_count=2)
    first = bought(world.ada, 1000)
    follow_now(world.ada)
    ReturnFactory(purchase=first, amount=Decimal(600))
    follow_now(world.ada, returned=True)
    put_on_tier(world.ben, row.pk, row.tiers.get(code="gold").pk, reason="x", actor=ACTOR)
    at.move_to(datetime(2027, 1, 2, tzinfo=UTC))
    review_tiers()
    assert TierStanding.objects.count() == 2
    for standing in TierStanding.objects.all():
        last = TierChange.objects.filter(member=standing.member, tier_set=standing.tier_set).first()
        assert last.after == standing.tier
