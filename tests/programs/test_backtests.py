"""A draft tried on what members really did; the published version gives exactly what the ledger holds."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
import time_machine
from django.db.models import Sum

from loyalty.ledger.models import Posting
from loyalty.lib import clock
from loyalty.members.services.members import enrol_member
from loyalty.programs.models.backtests import Backtest
from loyalty.programs.queries.configuration import configuration_of
from loyalty.programs.services import jobs
from loyalty.programs.services.backtests import ask_backtest, work_on_backtests
from loyalty.programs.services.batches import record_purchases
from loyalty.programs.services.confirmation import cancel_activity, confirm_activity
from loyalty.programs.services.facts import LineBack, ReturnFacts
from loyalty.programs.services.imports import import_purchases
from loyalty.programs.services.replaying import replay
from loyalty.programs.services.returns import record_return
from loyalty.programs.services.tiers import leave_to_count, put_on_tier, review_tiers
from tests.factories_of_programs import CampaignFactory, CapFactory, TierFactory, TierSetFactory
from tests.till import buy, do, line, live_by, purchase, rule

pytestmark = pytest.mark.django_db


def tried(program, months=24, **facts):
    test = ask_backtest(program, title="Draft", months=months, user=None, **facts)
    assert work_on_backtests() == 1
    test = Backtest.objects.get(pk=test.pk)
    assert test.state == "done", test.report
    return test.report


def generated(rows):
    """Purchases of a hundred customers, alike in every run."""
    out = ["external_id,member,occurred_on,quantity,amount,category"]
    out += [
        f"r{n},c{n * 7 % 100},2026-{n % 9 + 1:02}-{n % 28 + 1:02},{n % 3 + 1},{n * 37 % 9000 / 100:.2f},{'ab'[n % 2]}"
        for n in range(rows)
    ]
    return BytesIO("\n".join(out).encode())


def test_the_rules_in_force_give_what_the_ledger_holds(world):
    program = world.aurora
    wallet = program.wallets.get()
    double = program.rules.create(wallet=wallet, name="Twice b", effect="multiplier", factor=2)
    double.conditions.create(subject="category", value="b")
    welcome = program.rules.create(wallet=wallet, name="Welcome", effect="fixed", points=50)
    welcome.conditions.create(subject="first_purchase", value="yes")
    with time_machine.travel(datetime(2026, 11, 1, tzinfo=UTC), tick=False):
        import_purchases(program, generated(400), actor="test")
        for receipt in ("1", "2"):
            buy(world.ada, "19.99", receipt=receipt)
        report = tried(program)

    held = Posting.objects.filter(kind="award").aggregate(points=Sum("points"))["points"]
    assert report["wallets"] == [{"wallet": "points", "before": held, "after": held}]
    assert (report["activities"], report["others"], report["gain"], report["lose"]) == (402, 0, 0, 0)


def test_a_draft_says_who_gains_and_what_it_costs(world):
    buy(world.ada, "100", receipt="1")
    buy(world.ben, "10", receipt="2")
    world.aurora.wallets.update(point_value=Decimal("0.10"))
    world.aurora.rules.update(points=2)
    postings = Posting.objects.count()

    report = tried(world.aurora)

    assert report["wallets"] == [{"wallet": "points", "before": 110, "after": 220}]
    assert report["cost"] == {"before": "11.00", "after": "22.00"}
    assert report["liability"] == {"now": "11.00", "then": "22.00"}
    assert [(row["name"], row["change"]) for row in report["gainers"]] == [("Ada", "10.00"), ("Ben", "1.00")]
    assert (report["gain"], report["losers"]) == (2, [])
    assert (report["stress"]["smaller_points"], report["stress"]["smaller_baskets"]) == (176, "17.60")
    assert Posting.objects.count() == postings


def test_only_the_last_months_are_replayed(world):
    buy(world.ada, "100", receipt="1", at=datetime(2020, 1, 10, 12, tzinfo=UTC))
    buy(world.ada, "10", receipt="2", at=clock.now() - timedelta(hours=1))

    assert tried(world.aurora, months=6)["activities"] == 1


def ledger_holds():
    """What awards gave, less what returns took back."""
    moved = Posting.objects.filter(kind__in=("award", "reversal", "cancel")).exclude(contra="adjusted")
    return moved.aggregate(points=Sum("points"))["points"]


def test_a_year_with_everything_in_it_is_reproduced_to_the_point(world):
    """Tiers that raise, a campaign, caps, returns in steps, a batch, a file, a birthday; then nothing differs."""
    program = world.aurora
    everything(program)
    with time_machine.travel(datetime(2026, 1, 5, 9, tzinfo=UTC), tick=False) as time:
        members = [enrol_member(program, external_id=f"c{n}", name=f"C{n}", actor="test") for n in range(8)]
        for step in range(60):
            time.shift(timedelta(days=3, hours=1))
            member = members[step * 5 % 8]
            first = line(f"{step * 37 % 190 + 9.5}", category="ab"[step % 2])
            buy(member, first, line("12.40"), receipt=f"r{step}", at=clock.now())
            do(member, "review", id=f"v{step}", at=clock.now())
            if step % 6 == 5:
                back(program, f"r{step - 2}", lines=(LineBack(1, Decimal(1)),))
            if step % 9 == 8:
                time.shift(timedelta(minutes=1))
                back(program, f"r{step - 2}", id="rest")
            if step % 20 == 10:
                at = clock.now()
                facts = [purchase(each, "55.50", receipt=f"b{step}-{each.pk}", at=at) for each in members]
                record_purchases(program, facts, actor="test")
            if step == 40:
                put_on_tier(
                    members[0], program.tier_sets.get().pk, program.tier_sets.get().tiers.get(code="gold").pk,
                    reason="Sorry", actor="test",
                )  # fmt: skip
            review_tiers()
        time.shift(timedelta(days=90))
        review_tiers()
        import_purchases(program, generated(120), actor="test")
        buy(members[0], "80", receipt="last", at=clock.now())
        time.shift(timedelta(hours=1))
        report = tried(program)

    assert report["wallets"] == [{"wallet": "points", "before": ledger_holds(), "after": ledger_holds()}]
    assert (report["others"], report["gain"], report["lose"]) == (0, 0, 0)
    assert (report["activities"], report["returns"]) == (265, 16)
    assert report["trimmed"] == 17
    assert all(now == then for _code, now, then in report["climbs"])


def everything(program):
    wallet = program.wallets.get()
    ladder = TierSetFactory(program=program, window="rolling", window_months=3, downgrade="at_once")
    TierFactory(tier_set=ladder, threshold=300, code="gold", multiplier=2)
    TierFactory(tier_set=ladder, threshold=0, code="base")
    bounds = {"starts_at": datetime(2026, 3, 1, tzinfo=UTC), "ends_at": datetime(2026, 5, 1, tzinfo=UTC)}
    campaign = CampaignFactory(program=program, **bounds)
    rule(program, "Spring", ("category", "equals", "b"), campaign=campaign, effect="multiplier", factor=3)
    rule(program, "Welcome", ("first_purchase", "equals", "yes"), effect="fixed", points=50)
    rule(program, "Regular", ("purchases_in_days.30", "at_least", "2"), effect="fixed", points=7)
    rule(program, "Reviewer", ("activities_in_days.review 20", "gte", "1"), effect="fixed", points=3)
    review = rule(program, "Review", trigger="review", effect="fixed", points=5)
    CapFactory(program=program, rule=review, period="month", measure="times", limit=2)
    CapFactory(program=program, rule=None, period="week", measure="points", limit=400, wallet=wallet)


@pytest.fixture
def ladder(world):
    made = TierSetFactory(program=world.aurora, measure="spend", window="rolling", window_months=3, downgrade="at_once")
    TierFactory(tier_set=made, threshold=0, code="base")
    TierFactory(tier_set=made, threshold=300, code="gold", multiplier=2)
    return made


def reproduced(program):
    """Nothing differs between what is replayed and what the ledger holds."""
    report = tried(program)
    assert report["wallets"] == [{"wallet": "points", "before": ledger_holds(), "after": ledger_holds()}]
    assert (report["others"], report["gain"], report["lose"]) == (0, 0, 0)
    assert all(now == then for _code, now, then in report["climbs"])
    return report


def test_floors_that_end_and_locks_are_reproduced(world, ladder):
    """Ada stands on gold until a day, Ben is locked below it whatever he buys, and set free in the end."""
    program, gold, base = world.aurora, ladder.tiers.get(code="gold").pk, ladder.tiers.get(code="base").pk
    why = {"reason": "By hand", "actor": "test"}
    with time_machine.travel(datetime(2026, 1, 5, 9, tzinfo=UTC), tick=False) as time:
        put_on_tier(world.ada, ladder.pk, gold, floor_until=clock.now() + timedelta(days=30), **why)
        put_on_tier(world.ben, ladder.pk, base, is_locked=True, **why)
        for step in range(6):
            time.shift(timedelta(days=10))
            review_tiers()
            buy(world.ada, "10", receipt=f"a{step}", at=clock.now())
            buy(world.ben, "100", receipt=f"b{step}", at=clock.now())
        time.shift(timedelta(days=1))
        leave_to_count(world.ben, ladder.pk, **why)
        time.shift(timedelta(days=1))
        buy(world.ben, "1", receipt="free", at=clock.now())
        time.shift(timedelta(hours=1))
        reproduced(program)
    assert ledger_holds() == 6 * 10 + 2 * 10 + 600 + 2


def test_points_that_nobody_confirmed_are_not_counted(world):
    """By the nightly job or by the shop: neither uses up a cap any more."""
    program = world.aurora
    live_by(program.wallets.get(), activation="on_confirmation", cancel_after_days=10)
    CapFactory(program=program, rule=None, period="month", measure="points", limit=200, wallet=program.wallets.get())
    with time_machine.travel(datetime(2026, 6, 1, 9, tzinfo=UTC), tick=False) as time:
        for receipt, member in (("kept", world.ada), ("late", world.ada), ("off", world.ben)):
            buy(member, "100", receipt=receipt, at=clock.now())
        confirm_activity(program, source="till", external_id="kept", actor="test")
        time.shift(timedelta(minutes=1))
        cancel_activity(program, source="till", external_id="off", actor="test", reason="Not paid")
        back(program, "kept")
        time.shift(timedelta(days=11))
        jobs.cancel_unconfirmed()
        time.shift(timedelta(minutes=1))
        for member in (world.ada, world.ben):
            buy(member, "200", receipt=f"more {member.number}", at=clock.now())
        time.shift(timedelta(hours=1))
        report = reproduced(program)
    assert (ledger_holds(), report["trimmed"]) == (400, 0)


def back(program, receipt, *, id="1", lines=()):
    record_return(program, "till", receipt, ReturnFacts(id=id, lines=lines), actor="test")


DATA = [up / "shared" / "data" / "cdnow_sample.csv" for up in Path(__file__).resolve().parents]
CDNOW = next((path for path in DATA if path.exists()), None)


@pytest.mark.skipif(CDNOW is None, reason="the research data is not on this machine")
def test_a_music_shop_is_reproduced_to_the_point(world):
    program = world.aurora
    rule(program, "Welcome", ("first_purchase", "equals", "yes"), effect="fixed", points=50)
    with CDNOW.open("rb") as stream:
        import_purchases(program, stream, actor="test")
    configuration, until = configuration_of(program), clock.now()

    found = replay(configuration, since=datetime(1997, 1, 1, tzinfo=UTC), until=until)

    assert (found.activities, found.others) == (6919, 0)
    assert dict(found.before) == dict(found.after) == {"points": ledger_holds()}


def test_worst_cases_are_held_against_the_budget(world):
    """100 and 10 earn 110 points of 10 cents: 11.00 owed. Doubled 22.00; of smaller baskets 2 x (80 + 8) = 17.60."""
    buy(world.ada, "100", receipt="1")
    buy(world.ben, "10", receipt="2")
    world.aurora.wallets.update(point_value=Decimal("0.10"))
    world.aurora.rules.update(points=2)

    stress = tried(world.aurora, budget=Decimal(20))["stress"]

    assert stress == {
        "all_redeem": "22.00", "all_redeem_left": "-2.00", "budget": "20.00", "covered": 90,
        "smaller_points": 176, "smaller_baskets": "17.60", "smaller_liability": "17.60", "smaller_left": "2.40",
    }  # fmt: skip


def test_a_draft_with_a_ladder_moves_members_and_pays_them_more(world):
    for month in range(1, 5):
        buy(world.ada, "100", receipt=f"{month}", at=datetime(2026, month, 10, 12, tzinfo=UTC))
    gold = TierFactory(tier_set__program=world.aurora, threshold=200, code="gold", multiplier=2)
    TierFactory(tier_set=gold.tier_set, threshold=0, code="base")

    report = tried(world.aurora)

    assert report["wallets"] == [{"wallet": "points", "before": 400, "after": 600}], "the last two count twice"
    assert report["climbs"] == [["base", 1, 0], ["gold", 0, 1]]


def test_what_a_limit_of_all_times_had_counted_before_is_known(world):
    cap = CapFactory(program=world.aurora, rule=None, period="ever", measure="points", limit=150)
    with time_machine.travel(datetime(2020, 1, 10, tzinfo=UTC), tick=False):
        buy(world.ada, "100", receipt="1", at=clock.now())
    buy(world.ada, "100", receipt="2", at=clock.now() - timedelta(hours=1))

    report = tried(world.aurora, months=6)

    assert (cap.limit, report["activities"], report["trimmed"]) == (150, 1, 1)
    assert report["wallets"] == [{"wallet": "points", "before": 50, "after": 50}]
