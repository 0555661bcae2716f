"""Watch rules: what is noticed waits for the staff, the same at the till, in a batch and in a file; and how it ends."""

import io
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from loyalty.ledger import services as ledger
from loyalty.lib import clock
from loyalty.programs.errors.activities import NothingPending
from loyalty.programs.errors.cases import CaseDecided
from loyalty.programs.errors.programs import ReasonMissing
from loyalty.programs.models.activity import Activity
from loyalty.programs.models.caps import Cap, CapUse
from loyalty.programs.models.velocity import HeldAward, ReviewCase, VelocityRule
from loyalty.programs.queries.activities import why_of
from loyalty.programs.queries.cases import (
    cashiers_of,
    concerned_by,
    numbers_of,
    purchases_of,
    words_of_case,
    words_of_watch,
)  # fmt: skip
from loyalty.programs.queries.statement import statement_of
from loyalty.programs.rules.wording.velocity import fact_of
from loyalty.programs.services.activities import record_purchase
from loyalty.programs.services.batches import record_purchases
from loyalty.programs.services.cases import give_released, refuse_cases, release_cases
from loyalty.programs.services.confirmation import cancel_activity, confirm_activity
from loyalty.programs.services.facts import ReturnFacts
from loyalty.programs.services.imports import import_purchases
from loyalty.programs.services.returns import record_return
from tests.ledger.purse import violations
from tests.programs.files import rows
from tests.programs.test_caps import points
from tests.till import ACTOR, AT, active, buy, live_by, pending, purchase

pytestmark = pytest.mark.django_db
STAFF = "staff:1"


def watch(program, pattern, most, minutes=60, **facts) -> VelocityRule:
    return VelocityRule.objects.create(
        program=program, pattern=pattern, most=most, minutes=minutes, name=f"Watch {pattern}", **facts
    )


def states(*recorded) -> list[str]:
    return [each.awards[0].state for each in recorded]


def at(minutes: int, seconds: int = 0):
    return AT + timedelta(minutes=minutes, seconds=seconds)


def test_the_same_card_too_often_on_one_till_waits(world):
    watch(world.aurora, "card_at_till", 2)
    card = {"attributes": {"card": "tok_1"}}
    told = [buy(world.ada, "10", receipt=str(number), at=at(number), **card) for number in range(3)]
    other_till = buy(world.ada, "10", receipt="x", at=at(3), source="till-2", **card)
    other_card = buy(world.ada, "10", receipt="y", at=at(3), attributes={"card": "tok_2"})
    assert states(*told, other_till, other_card) == ["active", "active", "pending", "active", "active"]
    case = ReviewCase.objects.get()
    assert words_of_case(case) == (
        "3 purchases with the card tok_1 on the till till within 60 minutes; up to 2 is usual"
    )
    assert (case.state, case.highest, case.member) == ("open", 3, None)
    assert (active(world.ada), pending(world.ada)) == (40, 10)


def test_a_window_slides_and_is_half_open(world):
    watch(world.aurora, "purchases", 2)
    told = [buy(world.ada, "1", receipt=str(m), at=at(m)) for m in (0, 30, 60, 89, 119, 120)]
    assert states(*told) == ["active", "active", "active", "pending", "pending", "pending"]


def test_the_order_in_which_tills_deliver_decides_nothing_about_how_many_go_through(world):
    watch(world.aurora, "purchases", 2)
    told = [buy(world.ada, "1", receipt=str(m), at=at(m)) for m in (50, 25, 0, 61)]
    assert states(*told) == ["active", "active", "pending", "pending"]


def test_many_members_on_one_device_count_once_each(world):
    watch(world.aurora, "device", 1, 1440)
    phone = {"attributes": {"device": "d-1"}}
    told = [
        buy(world.ada, "5", receipt="1", **phone), buy(world.ada, "5", receipt="2", **phone),
        buy(world.ben, "5", receipt="3", **phone), buy(world.ada, "5", receipt="4", **phone),
        buy(world.ben, "5", receipt="5", at=at(1440), **phone),
    ]  # fmt: skip
    assert states(*told) == ["active", "active", "pending", "pending", "active"]
    assert words_of_case(ReviewCase.objects.get()) == "2 members on the device d-1 within 24 hours; up to 1 is usual"


def test_a_cashier_who_gives_one_member_points_too_often_stands_in_the_list(world):
    watch(world.aurora, "cashier", 1)
    till = {"attributes": {"cashier": "C7"}}
    told = [buy(who, "5", receipt=f"{n}-{who.pk}", **till) for n in range(2) for who in (world.ada, world.ben)]
    assert states(*told) == ["active", "active", "pending", "pending"]
    assert sorted(ReviewCase.objects.values_list("member__name", "cashier")) == [("Ada", "C7"), ("Ben", "C7")]
    assert [(c.name, c.purchases, c.members, c.open, c.refused) for c in cashiers_of(world.aurora)] == [
        ("C7", 2, 2, 2, 0)
    ]


def test_without_rules_nothing_is_asked_and_with_some_one_statement(world):
    buy(world.ada, "1", receipt="compiles the rules")
    with CaptureQueriesContext(connection) as plain:
        buy(world.ada, "1", receipt="plain", at=at(1))
    for pattern in ("card_at_till", "device", "purchases", "cashier", "refunds"):
        watch(world.aurora, pattern, 50)
    attributes = {"card": "a", "device": "b", "cashier": "c"}
    buy(world.ada, "1", receipt="compiles them anew", attributes=attributes)
    with CaptureQueriesContext(connection) as watched:
        buy(world.ada, "1", receipt="watched", attributes=attributes)
    assert len(watched) == len(plain) + 1


def test_a_dry_run_says_what_would_wait_and_stores_nothing(world):
    watch(world.aurora, "purchases", 1)
    buy(world.ada, "5", receipt="1")
    told = record_purchase(world.aurora, purchase(world.ada, "5", receipt="2"), actor=ACTOR, dry_run=True)
    assert (states(told), ReviewCase.objects.count()) == (["pending"], 0)


def test_the_explanation_tells_the_flag_and_its_outcome_each_in_its_voice(world):
    rule = watch(world.aurora, "purchases", 1)
    buy(world.ada, "5", receipt="1")
    activity = Activity.objects.get(pk=buy(world.ada, "5", receipt="2").activity_id)
    staff = why_of(activity, voice="staff")[-1]
    assert (staff.rule, staff.why) == (
        rule.name, "To be reviewed: 2 purchases of this member within 60 minutes; up to 1 is usual",
    )  # fmt: skip
    member = why_of(activity)[-1]
    assert (member.rule, member.why) == (
        "Being checked", "These points wait until we have had a look at the purchase",
    )  # fmt: skip
    release_cases(ReviewCase.objects.all(), reason="Her sister was with her", actor=STAFF)
    assert why_of(activity, voice="staff")[-1].why.endswith("by staff:1: Her sister was with her")
    assert why_of(activity)[-1].why == "All is well with these points"


def test_what_is_released_is_active_and_the_same_is_not_noticed_again(world):
    watch(world.aurora, "purchases", 1)
    told = [buy(world.ada, "5", receipt=str(number), at=at(number)) for number in range(3)]
    assert states(*told) == ["active", "pending", "pending"]
    case = ReviewCase.objects.get()
    assert numbers_of([case], world.aurora).points == ("10 points",)
    concerned = purchases_of(case, concerned_by(case))
    assert [(each.count, each.state) for each in concerned] == [(3, "waiting"), (2, "waiting"), (0, "")]
    decided = release_cases([case], reason="A party", actor=STAFF)
    assert (decided.cases, decided.purchases, decided.points) == (1, 2, 10)
    assert (active(world.ada), pending(world.ada)) == (15, 0)
    again = [buy(world.ada, "5", receipt=f"again {number}", at=at(100 + number)) for number in range(4)]
    assert states(*again) == ["active", "active", "active", "pending"]
    assert ReviewCase.objects.filter(state="open").get().highest == 4
    assert violations() == {}


def test_more_can_be_called_usual(world):
    watch(world.aurora, "purchases", 1)
    for number in range(2):
        buy(world.ada, "5", receipt=str(number))
    release_cases(ReviewCase.objects.all(), reason="She runs a kiosk", actor=STAFF, allowed=10)
    assert states(*(buy(world.ada, "5", receipt=f"again {number}") for number in range(9))) == [
        *["active"] * 8, "pending",
    ]  # fmt: skip


def test_what_the_shop_cancelled_while_it_waited_is_given_back_to_caps_once(world):
    """The staff refuse what is gone already: the cap has counted it off by then."""
    live_by(world.aurora.wallets.get(), activation="on_confirmation")
    watch(world.aurora, "purchases", 1)
    budget = Cap.objects.create(program=world.aurora, scope="program", period="ever", limit=100)
    for number in range(2):
        buy(world.ada, "5", receipt=str(number), at=at(number))
    cancel_activity(world.aurora, source="till", external_id="1", actor=ACTOR, reason="Stock ran out")
    assert CapUse.objects.get(cap=budget).points == 5
    refuse_cases(ReviewCase.objects.all(), reason="The receipts are made up", actor=STAFF)
    assert (CapUse.objects.get(cap=budget).points, pending(world.ada)) == (5, 5)
    assert violations() == {}


def test_what_is_refused_is_taken_away_and_told_without_accusing(world):
    watch(world.aurora, "purchases", 1)
    budget = Cap.objects.create(program=world.aurora, scope="program", period="ever", limit=100)
    told = [buy(world.ada, "5", receipt=str(number), at=at(number)) for number in range(2)]
    refuse_cases(ReviewCase.objects.all(), reason="The receipts are made up", actor=STAFF)
    assert (active(world.ada), pending(world.ada)) == (5, 0)
    assert CapUse.objects.get(cap=budget).points == 5
    row = statement_of(world.ada).rows[0]
    assert (row.title, row.points) == ("Not confirmed", -5)
    assert row.why.endswith("We could not confirm these points; please ask us about it.")
    activity = Activity.objects.get(pk=told[1].activity_id)
    assert why_of(activity)[-1].why == "We could not confirm these points. Please ask us about it"
    assert "made up" not in " ".join(line.why for line in why_of(activity))
    assert violations() == {}


def test_a_purchase_of_two_cases_waits_for_both(world):
    watch(world.aurora, "purchases", 1)
    watch(world.aurora, "cashier", 1)
    for number in range(2):
        buy(world.ada, "5", receipt=str(number), attributes={"cashier": "C7"})
    first, second = ReviewCase.objects.order_by("pk")
    assert release_cases([first], reason="fine", actor=STAFF).points == 0
    assert pending(world.ada) == 5
    assert release_cases([second], reason="fine", actor=STAFF).points == 5
    assert active(world.ada) == 10


def test_a_decision_needs_a_reason_and_is_made_once(world):
    watch(world.aurora, "purchases", 1)
    for number in range(2):
        buy(world.ada, "5", receipt=str(number))
    case = ReviewCase.objects.get()
    with pytest.raises(ReasonMissing):
        refuse_cases([case], reason=" ", actor=STAFF)
    release_cases([case], reason="fine", actor=STAFF)
    with pytest.raises(CaseDecided):
        refuse_cases([case], reason="not fine", actor=STAFF)


def test_a_wallet_s_own_waiting_time_goes_on_after_the_release(world):
    live_by(world.aurora.wallets.get(), activation="after_days", activation_count=14)
    watch(world.aurora, "purchases", 1)
    with time_machine.travel(AT + timedelta(hours=1), tick=False) as now:
        for number in range(2):
            buy(world.ada, "5", receipt=str(number))
        assert release_cases(ReviewCase.objects.all(), reason="fine", actor=STAFF).points == 0
        assert (pending(world.ada), give_released()) == (10, 0)
        now.move_to(AT + timedelta(days=14))
        assert (give_released(), give_released()) == (1, 0)
        assert active(world.ada) == 5  # the other one waits for the usual job
    assert violations() == {}


def test_what_the_shop_confirms_meanwhile_is_given_when_it_is_released(world):
    live_by(world.aurora.wallets.get(), activation="on_confirmation")
    watch(world.aurora, "purchases", 1)
    for number in range(3):
        buy(world.ada, "5", receipt=str(number))
    settled = [confirm_activity(world.aurora, source="till", external_id="1", actor=ACTOR) for _twice in range(2)]
    assert [(each.points, each.replayed) for each in settled] == [(0, False), (0, True)]
    assert (active(world.ada), pending(world.ada)) == (0, 15)
    assert release_cases(ReviewCase.objects.all(), reason="fine", actor=STAFF).points == 5
    assert confirm_activity(world.aurora, source="till", external_id="2", actor=ACTOR).points == 5
    assert (active(world.ada), pending(world.ada)) == (10, 5)
    assert violations() == {}


def test_a_shop_cannot_confirm_what_waits_for_the_staff_alone(world):
    watch(world.aurora, "purchases", 1)
    for number in range(2):
        buy(world.ada, "5", receipt=str(number))
    with pytest.raises(NothingPending):
        confirm_activity(world.aurora, source="till", external_id="1", actor=ACTOR)
    assert pending(world.ada) == 5


def test_goods_that_come_back_meanwhile_take_their_points_with_them(world):
    watch(world.aurora, "purchases", 1)
    for number in range(2):
        buy(world.ada, "5", receipt=str(number))
    record_return(world.aurora, "till", "1", ReturnFacts(id="R1"), actor=ACTOR)
    assert pending(world.ada) == 0
    assert release_cases(ReviewCase.objects.all(), reason="fine", actor=STAFF).points == 0
    assert HeldAward.objects.get().state == "given"
    assert violations() == {}


def test_returns_after_the_points_were_spent_make_a_case_and_what_comes_next_waits(world):
    watch(world.aurora, "refunds", 1, 43_200)
    now = clock.now()
    for number in range(3):
        buy(world.ada, "10", receipt=str(number), at=now)
        if number:
            account = ledger.open_account(wallet_id=world.aurora.wallets.get().pk, subject=world.ada.subject)
            ledger.spend(account, points=active(world.ada), key=f"spend:{number}", at=now, actor=ACTOR)
            record_return(world.aurora, "till", str(number), ReturnFacts(id="R"), actor=ACTOR)
    case = ReviewCase.objects.get()
    assert (case.member, case.highest, words_of_case(case)) == (
        world.ada, 2, "2 returns of this member after the points were spent within 30 days; up to 1 is usual",
    )  # fmt: skip
    assert states(buy(world.ada, "10", receipt="next", at=clock.now())) == ["pending"]
    assert ReviewCase.objects.get() == case
    assert release_cases([case], reason="Sizes run small", actor=STAFF).points == 10
    assert states(buy(world.ada, "10", receipt="after", at=clock.now())) == ["active"]


def test_single_batch_and_file_agree(world):
    watch(world.aurora, "purchases", 2)
    facts = [purchase(world.ada, "5", receipt=f"r{number}", source="import", at=at(number)) for number in range(4)]

    def outcome() -> list[str]:
        found = Activity.objects.order_by("external_id").values_list("awards", flat=True)
        states = [award["state"] for awards in found for award in awards]
        assert [case.highest for case in ReviewCase.objects.all()] == [4]
        assert ReviewCase.objects.get().flags.count() == HeldAward.objects.count() == 2
        with connection.cursor() as cursor:
            cursor.execute("ROLLBACK TO SAVEPOINT afresh")
        return states

    found = []
    for way in ("single", "batch", "file"):
        with connection.cursor() as cursor:
            cursor.execute("SAVEPOINT afresh")
        if way == "single":
            for each in facts:
                record_purchase(world.aurora, each, actor=ACTOR)
        elif way == "batch":
            record_purchases(world.aurora, facts[::-1], actor=ACTOR)
        else:
            content = rows(*[f"{each.receipt},ada,{each.at.isoformat()},1,5" for each in facts]).encode()
            assert import_purchases(world.aurora, io.BytesIO(content), actor=ACTOR).errors == 0
        found.append(outcome())
    assert found == [["active", "active", "pending", "pending"]] * 3


def test_rules_in_words(world):
    rules = [
        watch(world.aurora, "card_at_till", 5, 60), watch(world.aurora, "device", 3, 1440),
        watch(world.aurora, "purchases", 1, 90), watch(world.aurora, "cashier", 2, 120),
        watch(world.aurora, "refunds", 0, 10080),
    ]  # fmt: skip
    assert [words_of_watch(rule) for rule in rules] == [
        "More than 5 purchases with the same card on one till within 60 minutes.",
        "More than 3 members on one device within 24 hours.",
        "More than 1 purchase of one member within 90 minutes.",
        "More than 2 purchases rung up by one cashier for one member within 2 hours.",
        "More than 0 returns of one member after the points were spent within 7 days.",
    ]


def test_a_flagged_purchase_counts_like_any_other_for_points_of_all_ways(world):
    """A batch and a till in one window."""
    watch(world.aurora, "purchases", 3)
    told = record_purchases(
        world.aurora, [purchase(world.ada, "1", receipt=f"b{n}", at=at(n)) for n in range(2)], actor=ACTOR
    )
    told += [buy(world.ada, "1", receipt=f"t{n}", at=at(10 + n)) for n in range(2)]
    assert (states(*told), points(*told)) == (["active", "active", "active", "pending"], [1, 1, 1, 1])
    assert Decimal(pending(world.ada)) == 1


# --- What a case is about -----------------------------------------------------------------------------------------


def concerned(case) -> list[str]:
    return [activity.external_id for activity in concerned_by(case)]


@pytest.mark.parametrize(
    ("pattern", "attributes"),
    [
        ("card_at_till", {"card": "tok_1"}),
        ("card_at_till", {"card": 4711}),
        ("card_at_till", {"card": "t" * 90}),
        ("device", {"device": "phone-1"}),
        ("cashier", {"cashier": "C7"}),
        ("purchases", {}),
    ],
)
def test_a_case_tells_all_that_was_counted_also_what_was_usual(world, pattern, attributes):
    """And nothing of another place, or of the same place at another time."""
    watch(world.aurora, pattern, 1)
    second = world.ben if pattern in ("card_at_till", "device") else world.ada
    buy(world.ada, "5", receipt="long before", at=at(-200), attributes=attributes)
    buy(world.ada, "5", receipt="usual", at=at(0), attributes=attributes)
    buy(second, "5", receipt="noticed", at=at(10), attributes=attributes)
    buy(world.ada, "5", receipt="long after", at=at(200), attributes=attributes)
    other = {name: f"another {value}" for name, value in attributes.items()}
    buy(world.ada if other else world.ben, "5", receipt="another place", at=at(5), attributes=other)
    (case,) = ReviewCase.objects.all()
    assert concerned(case) == ["noticed", "usual"]


def test_a_case_of_returns_tells_what_came_back_and_what_waits_since(world):
    watch(world.aurora, "refunds", 0)
    with time_machine.travel(at(0), tick=False):
        buy(world.ada, "50", receipt="kept")
        first = buy(world.ada, "50", receipt="back")
    account = ledger.open_account(wallet_id=world.aurora.wallets.get().pk, subject=world.ada.subject)
    ledger.spend(account, points=100, key="s", at=at(1), actor="test")
    with time_machine.travel(at(5), tick=False):
        record_return(world.aurora, "till", "back", ReturnFacts(id="r1"), actor=ACTOR)
    assert first.awards[0].points == 50
    with time_machine.travel(at(10), tick=False):
        buy(world.ada, "20", receipt="since", at=at(10))
    (case,) = ReviewCase.objects.all()
    with time_machine.travel(at(11), tick=False):
        assert concerned(case) == ["since", "back"]


def test_more_than_the_rule_looks_at_is_said(world):
    """Five hundred on either side are counted: what is beyond is “more than”."""
    facts = {"pattern": "purchases", "most": 5, "minutes": 60}
    told = {count: fact_of(facts | {"count": count}) for count in (500, 501)}
    assert told == {
        500: "500 purchases of this member within 60 minutes; up to 5 is usual",
        501: "More than 500 purchases of this member within 60 minutes; up to 5 is usual",
    }
    watch(world.aurora, "purchases", 5)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO loyalty_activity (program_id, member_id, kind, type, source, external_id, digest, event_at,"
            " currency, total, channel, store, attributes, payments, awards, explanation, actor, created_at)"
            " SELECT %s, %s, 'purchase', 'purchase', 'till', 'n' || n, '', %s, 'EUR', 1, '', '', '{}', '[]', '[]',"
            " '[]', 'test', now() FROM generate_series(1, 700) n",
            [world.aurora.pk, world.ada.pk, AT],
        )
    buy(world.ada, "5", receipt="one more", at=at(1))
    (case,) = ReviewCase.objects.all()
    assert words_of_case(case).startswith("More than 500 purchases of this member")
    assert concerned_by(case).count() == 701
