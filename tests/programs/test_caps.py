"""Caps and budgets: what is trimmed, what is refused, what counts; the same at the till, in a batch and in a file."""

import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from loyalty.members.models import Member
from loyalty.members.services.crowds import enrol_many
from loyalty.programs.models.activity import Activity
from loyalty.programs.models.campaigns import AudienceCondition, Campaign
from loyalty.programs.models.caps import Cap, CapUse
from loyalty.programs.models.households import Household, HouseholdMember
from loyalty.programs.queries.activities import why_of
from loyalty.programs.services.activities import record_purchase
from loyalty.programs.services.batches import record_purchases
from loyalty.programs.services.imports import import_purchases
from loyalty.programs.services.uses import give_back_uses
from tests.factories_of_programs import HouseholdFactory, HouseholdMemberFactory
from tests.programs.files import rows
from tests.till import ACTOR, AT, active, buy, do, earned, purchase, rule

pytestmark = pytest.mark.django_db


def cap(program, limit, **facts) -> Cap:
    return Cap.objects.create(program=program, limit=limit, **facts)


def points(*recorded) -> list[int]:
    return [earned(each).get("points", 0) for each in recorded]


def test_a_period_cap_gives_what_is_left_and_says_so(world):
    cap(world.aurora, 100, name="A hundred a day")
    first = buy(world.ada, "60", receipt="1")
    second = buy(world.ada, "60", receipt="2")
    third = buy(world.ada, "60", receipt="3")
    assert points(first, second, third) == [60, 40, 0]
    told = why_of(Activity.objects.get(pk=second.activity_id))[-1]
    assert (told.rule, told.points, told.why) == (
        "A hundred a day", -20, "Trimmed to 40 points: at most 100 points a day",
    )  # fmt: skip
    assert why_of(Activity.objects.get(pk=third.activity_id))[-1].why == "Gives nothing: at most 100 points a day"
    assert CapUse.objects.values_list("times", "points").get() == (2, 100)


def test_a_transaction_cap_may_refuse_the_whole_award(world):
    cap(world.aurora, 100, period="transaction", mode="reject")
    assert points(buy(world.ada, "100", receipt="1"), buy(world.ada, "101", receipt="2")) == [100, 0]
    assert CapUse.objects.count() == 0


def test_the_tightest_of_several_decides_and_all_count_what_was_given(world):
    cap(world.aurora, 500)
    cap(world.aurora, 30, period="transaction")
    cap(world.aurora, 50, scope="store", period="month")
    at_oslo = [buy(world.ada, "40", receipt=str(number), store="oslo") for number in range(3)]
    assert points(*at_oslo) == [30, 20, 0]
    assert sorted(CapUse.objects.values_list("points", flat=True)) == [50, 50]
    assert points(buy(world.ada, "40", receipt="without a store")) == [30]


def test_days_are_the_programs_own_over_both_changes_of_the_clock(world):
    """Oslo: 29 March 2026 has 23 hours, 25 October 25."""
    cap(world.aurora, 1, measure="times")
    instants = [
        datetime(2026, 3, 28, 22, 59, tzinfo=UTC), datetime(2026, 3, 28, 23, 0, tzinfo=UTC),
        datetime(2026, 3, 29, 21, 59, tzinfo=UTC), datetime(2026, 3, 29, 22, 0, tzinfo=UTC),
        datetime(2026, 10, 24, 22, 0, tzinfo=UTC), datetime(2026, 10, 25, 22, 59, tzinfo=UTC),
        datetime(2026, 10, 25, 23, 0, tzinfo=UTC),
    ]  # fmt: skip
    facts = [purchase(world.ada, "5", receipt=str(number), at=at) for number, at in enumerate(instants)]
    with time_machine.travel(datetime(2026, 11, 1, tzinfo=UTC), tick=False):
        recorded = record_purchases(world.aurora, facts, actor=ACTOR)
    assert points(*recorded) == [5, 5, 0, 5, 5, 0, 5]


def test_a_pause_between_two(world):
    cap(world.aurora, 1, period="cooldown", minutes=30)
    told = [buy(world.ada, "5", receipt=str(m), at=AT + timedelta(minutes=m)) for m in (0, 29, 30, 59, 60)]
    assert points(*told) == [5, 0, 5, 0, 5]


def test_a_pause_holds_in_whatever_order_tills_deliver(world):
    cap(world.aurora, 1, period="cooldown", minutes=60)
    minutes = (120, 0, 10, 240, 200, 300, 61)
    facts = [purchase(world.ada, "5", receipt=f"one {m}", at=AT + timedelta(minutes=m)) for m in minutes]
    assert points(*[record_purchase(world.aurora, each, actor=ACTOR) for each in facts]) == [5, 5, 0, 5, 0, 5, 0]
    # a batch is judged in the order in which it happened: 0, 61, 200 and 300
    facts = [purchase(world.ben, "5", receipt=f"all {m}", at=AT + timedelta(minutes=m)) for m in minutes]
    assert points(*record_purchases(world.aurora, facts, actor=ACTOR)) == [0, 5, 0, 0, 5, 5, 5]


def test_a_pause_forgets_the_oldest_and_then_pays_nothing_older(world):
    cap(world.aurora, 1, period="cooldown", minutes=1)
    for number in range(52):
        buy(world.ada, "5", receipt=f"n{number}", at=AT - timedelta(hours=number))
    assert points(buy(world.ada, "5", receipt="old", at=AT - timedelta(hours=99))) == [0]
    assert len(CapUse.objects.get().recent) == 50


def test_a_budget_of_money_counts_the_value_of_points(world):
    world.aurora.wallets.update(point_value=Decimal("0.01"))
    world.aurora.save()
    cap(world.aurora, Decimal("1.55"), scope="program", period="ever", measure="money")
    assert points(buy(world.ada, "100", receipt="1"), buy(world.ben, "100", receipt="2")) == [100, 55]
    assert CapUse.objects.get().money == Decimal("1.55")


def test_a_payment_card_is_known_by_its_token(world):
    cap(world.aurora, 10, scope="card")
    card = {"attributes": {"card": "tok_1"}}
    told = [buy(world.ada, "8", receipt="1", **card), buy(world.ben, "8", receipt="2", **card)]
    assert points(*told, buy(world.ben, "8", receipt="3")) == [8, 2, 8]


def together(program, *members, at=AT - timedelta(days=400)) -> Household:
    home = HouseholdFactory(wallet=program.wallets.get())
    for member in members:
        HouseholdMemberFactory(household=home, member=member, role="spender", joined_at=at)
    return home


def test_a_household_counts_as_one_while_they_are_together(world):
    cap(world.aurora, 10, scope="household", period="ever")
    together(world.aurora, world.ada, world.ben, at=AT)
    early = buy(world.ada, "8", receipt="before they were", at=AT - timedelta(seconds=1))
    told = [buy(world.ada, "8", receipt="1"), buy(world.ben, "8", receipt="2")]
    assert points(early, *told) == [8, 8, 2]
    assert sorted(CapUse.objects.values_list("points", flat=True)) == [8, 10]
    HouseholdMember.objects.filter(member=world.ben).update(left_at=AT + timedelta(hours=1))
    assert points(buy(world.ben, "8", receipt="3", at=AT + timedelta(hours=2))) == [8]


def test_a_store_has_a_limit_of_its_own(world):
    cap(world.aurora, 10, scope="store")
    people = world.ada, world.ben
    told = [buy(who, "8", receipt=f"{who.name} {store}", store=store) for who in people for store in "ab"]
    assert points(*told) == [8, 8, 2, 2]


def test_so_many_times_a_day_and_no_more(world):
    cap(world.aurora, 2, measure="times", scope="card")
    card = {"attributes": {"card": "tok_1"}}
    told = [buy(who, "8", receipt=f"{n}{who.name}", **card) for n in range(2) for who in (world.ada, world.ben)]
    assert points(*told) == [8, 8, 0, 0]
    told_member = why_of(Activity.objects.get(pk=told[3].activity_id))[-1].why
    assert told_member == "Gives nothing: at most 2 times a day for each payment card"


def test_a_member_holds_at_most(world):
    world.aurora.wallets.update(balance_cap=100)
    world.aurora.save()
    assert points(buy(world.ben, "70", receipt="1"), buy(world.ben, "70", receipt="2")) == [70, 30]
    assert active(world.ben) == 100
    facts = [purchase(world.cleo, "70", receipt=str(number), currency="NOK") for number in range(3)]
    world.fjord.wallets.update(balance_cap=100)
    world.fjord.save()
    currency = world.fjord.currency
    facts = [purchase(world.cleo, "70", receipt=str(number), currency=currency) for number in range(3)]
    assert points(*record_purchases(world.fjord, facts, actor=ACTOR)) == [70, 30, 0]


def test_a_refused_rule_leaves_nothing_to_multiply(world):
    base = world.aurora.rules.get()
    rule(world.aurora, "Double", effect="multiplier", factor=2)
    Cap.objects.create(program=world.aurora, rule=base, limit=40, period="day")
    assert points(buy(world.ada, "100", receipt="1"), buy(world.ada, "100", receipt="2")) == [80, 0]


def test_a_campaign_has_its_time_its_audience_and_its_budget(world):
    campaign = Campaign.objects.create(
        program=world.aurora, code="spring", name="Spring", starts_at=AT, ends_at=AT + timedelta(days=1)
    )
    AudienceCondition.objects.create(campaign=campaign, subject="member_attribute", name="city", value="Oslo")
    rule(world.aurora, "Bonus", effect="fixed", points=50, campaign=campaign)
    Cap.objects.create(program=world.aurora, campaign=campaign, limit=70, scope="program", period="ever")
    world.ada.attributes = {"city": "Oslo"}
    world.ada.save()
    early = buy(world.ada, "1", receipt="early", at=AT - timedelta(microseconds=1))
    first, second = (buy(world.ada, "1", receipt=str(number), at=AT) for number in range(2))
    late = buy(world.ada, "1", receipt="late", at=AT + timedelta(days=1))
    stranger = buy(world.ben, "1", receipt="ben", at=AT)
    assert points(early, first, second, late, stranger) == [1, 51, 21, 1, 1]
    reasons = [why_of(Activity.objects.get(pk=each.activity_id))[-1].why for each in (early, late, stranger)]
    assert reasons[0].startswith("Not applied: the campaign “Spring” starts on")
    assert reasons[1].startswith("Not applied: the campaign “Spring” ended on")
    assert reasons[2] == "Not applied: the campaign “Spring” is not for everybody: only if your city is Oslo"


def test_a_dry_run_counts_nothing(world):
    cap(world.aurora, 100)
    facts = purchase(world.ada, "60")
    told = [record_purchase(world.aurora, facts, actor=ACTOR, dry_run=True) for _each in range(3)]
    assert points(*told) == [60, 60, 60]
    assert CapUse.objects.count() == 0


def test_what_is_given_back_can_be_earned_again(world):
    cap(world.aurora, 100, measure="points")
    first = buy(world.ada, "90", receipt="1")
    (award,) = Activity.objects.get(pk=first.activity_id).awards
    give_back_uses(award, points=30, is_all=False)
    assert CapUse.objects.values_list("times", "points").get() == (1, 60)
    give_back_uses(award, points=60, is_all=True)
    assert CapUse.objects.values_list("times", "points").get() == (0, 0)


def test_caps_cost_one_statement(world):
    buy(world.ada, "1", receipt="compiles the rules")
    with CaptureQueriesContext(connection) as plain:
        buy(world.ada, "1", receipt="plain")
    for number in range(10):
        rule(world.aurora, f"Rule {number}", effect="fixed", points=1)
        cap(world.aurora, 500 + number, scope=("member", "program", "store")[number % 3], period="month")
    buy(world.ada, "1", receipt="compiles them anew", store="oslo")
    with CaptureQueriesContext(connection) as capped:
        buy(world.ada, "1", receipt="capped", store="oslo")
    assert len(capped) == len(plain) + 1


FILE = [
    ("r1", "g1", "2026-03-01T12:00:00Z", 60), ("r2", "g2", "2026-03-01T11:00:00Z", 60),
    ("r3", "g1", "2026-03-01T13:00:00Z", 60), ("r4", "g3", "2026-03-02T12:00:00Z", 60),
    ("r5", "g2", "2026-03-03T12:00:00Z", 60), ("r6", "g1", "2026-03-20T12:00:00Z", 60),
]  # fmt: skip


def three_ways(program) -> dict[str, dict[str, int]]:
    """What the same purchases earn one by one in the order of time, as one batch, and as a file."""

    def by_receipt() -> dict[str, int]:
        found = Activity.objects.filter(program=program, kind="purchase").values_list("external_id", "awards")
        return {receipt: sum(award["points"] for award in awards) for receipt, awards in found}

    def afresh() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SAVEPOINT afresh")

    def back() -> dict[str, int]:
        found = by_receipt()
        with connection.cursor() as cursor:
            cursor.execute("ROLLBACK TO SAVEPOINT afresh")
        return found

    enrol_many(program, ["g1", "g2", "g3"], actor=ACTOR)
    people = {each.external_id: each for each in Member.objects.filter(program=program)}
    facts = [
        purchase(people[who], str(amount), receipt=receipt, source="import", at=datetime.fromisoformat(at))
        for receipt, who, at, amount in FILE
    ]
    outcome = {}
    afresh()
    for each in sorted(facts, key=lambda each: each.at):
        record_purchase(program, each, actor=ACTOR)
    outcome["single"] = back()
    afresh()
    record_purchases(program, facts, actor=ACTOR)
    outcome["batch"] = back()
    afresh()
    content = rows(*[f"{receipt},{who},{at},1,{amount}" for receipt, who, at, amount in FILE]).encode()
    dry = import_purchases(program, io.BytesIO(content), actor=ACTOR, dry_run=True)
    report = import_purchases(program, io.BytesIO(content), actor=ACTOR)
    outcome["file"] = back()
    assert (report.errors, report.imported, dry.points_awarded) == (0, len(FILE), report.points_awarded)
    assert report.points_awarded == sum(outcome["file"].values())
    return outcome


def test_single_batch_and_file_agree_on_caps(world):
    cap(world.aurora, 100, period="day")
    cap(world.aurora, 250, scope="program", period="ever")
    outcome = three_ways(world.aurora)
    assert outcome["single"] == {"r2": 60, "r1": 60, "r3": 40, "r4": 60, "r5": 30, "r6": 0}
    assert outcome["batch"] == outcome["file"] == outcome["single"]


def test_single_batch_and_file_agree_on_households(world):
    cap(world.aurora, 150, scope="household", period="ever")
    enrol_many(world.aurora, ["g1", "g2"], actor=ACTOR)
    together(world.aurora, *Member.objects.filter(program=world.aurora, external_id__in=["g1", "g2"]))
    outcome = three_ways(world.aurora)
    assert outcome["single"] == {"r2": 60, "r1": 60, "r3": 30, "r4": 60, "r5": 0, "r6": 0}
    assert outcome["batch"] == outcome["file"] == outcome["single"]


def test_single_batch_and_file_agree_on_what_is_known_about_a_member(world):
    rule(world.aurora, "Come back", ("days_since_purchase", "gte", "10"), effect="fixed", points=5)
    rule(world.aurora, "Regular", ("purchases_in_days.30", "gte", "2"), effect="fixed", points=7)
    rule(world.aurora, "Big", ("spend_in_days.3", "gte", "60"), effect="fixed", points=100)
    outcome = three_ways(world.aurora)
    assert outcome["single"] == {"r2": 60, "r1": 60, "r3": 160, "r4": 60, "r5": 160, "r6": 72}
    assert outcome["batch"] == outcome["file"] == outcome["single"]


def test_single_batch_and_file_agree_on_what_a_member_did_lately(world):
    """What happened at the very instant does not count, nor what is longer ago, nor another type."""
    rule(world.aurora, "Reviewer", ("activities_in_days.review 2", "gte", "2"), effect="fixed", points=7)
    rule(world.aurora, "Silent", ("activities_in_days.review, 30", "equals", "0"), effect="fixed", points=100)
    enrol_many(world.aurora, ["g1"], actor=ACTOR)
    member = Member.objects.get(program=world.aurora, external_id="g1")
    for number, (type, day, hour) in enumerate([("review", 1, 13), ("review", 1, 12), ("visit", 1, 10)]):
        do(member, type, id=str(number), at=datetime(2026, 3, day, hour, tzinfo=UTC))
    outcome = three_ways(world.aurora)
    assert outcome["single"] == {"r2": 160, "r1": 160, "r3": 60, "r4": 160, "r5": 160, "r6": 60}
    do(member, "review", id="more", at=datetime(2026, 3, 19, 12, tzinfo=UTC))
    do(member, "review", id="even more", at=datetime(2026, 3, 18, 12, tzinfo=UTC))
    outcome = three_ways(world.aurora)
    assert outcome["single"] == {"r2": 160, "r1": 160, "r3": 60, "r4": 160, "r5": 160, "r6": 67}
    assert outcome["batch"] == outcome["file"] == outcome["single"]


def test_single_batch_and_file_agree_on_what_a_member_may_hold(world):
    world.aurora.wallets.update(balance_cap=100)
    world.aurora.save()
    outcome = three_ways(world.aurora)
    assert outcome["single"] == {"r2": 60, "r1": 60, "r3": 40, "r4": 60, "r5": 40, "r6": 0}
    assert outcome["batch"] == outcome["file"] == outcome["single"]


def test_age_birthday_lists_and_days_as_a_member(world):
    from loyalty.members.models import Segment
    from loyalty.members.services.segments import put_on_segment, take_off_segment

    press = Segment.objects.create(program=world.aurora, code="press", name="Press")
    listed = put_on_segment(press, [world.ada.number, "nobody", world.ada.number], actor=ACTOR)
    assert (listed.changed, listed.alike, listed.unknown, listed.examples) == (1, 0, 1, ("nobody",))
    world.ada.birth_date = date(2000, 2, 29)
    world.ada.save()
    rule(world.aurora, "Birthday", ("birthday", "lte", "2"), effect="fixed", points=1000)
    rule(world.aurora, "Adult", ("age", "gte", "26"), effect="fixed", points=200)
    rule(world.aurora, "Press", ("list", "equals", "press"), effect="fixed", points=30)
    at = [datetime(2026, 2, day, 12, tzinfo=UTC) for day in (25, 26, 28)]
    assert points(*(buy(world.ada, "1", receipt=str(day.day), at=day) for day in at)) == [31, 1031, 1231]
    assert take_off_segment(press, [world.ada.number], actor=ACTOR).changed == 1
    assert points(buy(world.ada, "1", receipt="off", at=at[0]), buy(world.ben, "1", receipt="ben")) == [1, 1]
