"""A purchase through the service: judged by the live rules, stored as it happened, awarded, once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from loyalty.lib import clock
from loyalty.members.errors import MemberNotActive, ProgramClosed, UnknownMember
from loyalty.members.models import Member
from loyalty.outbox.models import Message
from loyalty.programs.errors.activities import (
    BasketDoesNotAddUp,
    HappensInFuture,
    ReceiptReused,
    TooManyPoints,
    WrongCurrency,
    WrongFacts,
)
from loyalty.programs.errors.programs import UnknownProgram
from loyalty.programs.models.activity import Activity, ActivityLine
from loyalty.programs.models.program import Program
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.activities import why_of
from loyalty.programs.queries.configuration import configuration_of
from loyalty.programs.services.activities import record_purchase
from loyalty.programs.services.facts import Payment
from tests.till import ACTOR, AT, active, buy, earned, line, live_by, pending, purchase, rule, without_rules

pytestmark = pytest.mark.django_db


def test_a_purchase_earns_by_the_live_rules(world):
    recorded = buy(world.ada, "19.99")
    assert earned(recorded) == {"points": 19}
    assert (recorded.ref, recorded.replayed, recorded.awards[0].state) == ("till:1001", False, "active")
    assert [(step.rule_name, step.matched, step.points) for step in recorded.explanation] == [("Purchases", True, 19)]
    assert active(world.ada) == recorded.balances[0].active == 19


def test_it_is_stored_as_it_happened(world):
    beans = {"quantity": 2, "sku": "b-250", "category": "beans", "attributes": {"roast": "dark"}}
    lines = [line("12.50", tax="2.50", discount="1.00", **beans), line("4.90", kind="shipping")]
    buy(world.ada, *lines, channel="web", store="Oslo S", payments=(Payment("card", Decimal("17.40")),),
        attributes={"table": 7})  # fmt: skip
    activity = Activity.objects.get()
    assert (activity.program, activity.member, activity.type) == (world.aurora, world.ada, "purchase")
    assert (activity.event_at, activity.total, activity.currency) == (AT, Decimal("17.40"), "EUR")
    assert (activity.channel, activity.store, activity.attributes) == ("web", "Oslo S", {"table": 7})
    assert activity.payments == [{"method": "card", "amount": "17.4"}]
    assert activity.actor == ACTOR
    first, second = activity.lines.order_by("position")
    assert (first.position, first.quantity, first.sku, first.category) == (1, 2, "b-250", "beans")
    assert (first.amount, first.tax, first.discount) == (Decimal("12.50"), Decimal("2.50"), Decimal("1.00"))
    assert first.attributes == {"roast": "dark"}
    assert (second.position, second.kind, second.amount) == (2, "shipping", Decimal("4.90"))


def test_the_explanation_stays_with_the_purchase(world):
    buy(world.ada, "19.99")
    world.aurora.rules.update(name="Renamed since")
    (told,) = why_of(Activity.objects.get())
    assert (told.rule, told.wallet, told.matched, told.points) == ("Purchases", "points", True, 19)
    assert "19 points" in told.why


def test_nothing_earned_is_stored_all_the_same(world):
    recorded = buy(world.ada, "0.50")
    assert (recorded.awards, active(world.ada)) == ((), 0)
    assert Activity.objects.get().awards == []


# --- Once ----------------------------------------------------------------------------------------------------------


def test_the_same_receipt_answers_as_the_first_time(world):
    first = buy(world.ada, "19.99")
    rule(world.aurora, "Double", effect="multiplier", factor=2)
    again = buy(world.ada, "19.990")
    assert again.replayed
    assert again == replace(first, replayed=True)
    assert active(world.ada) == 19
    assert Activity.objects.count() == 1


@pytest.mark.parametrize(
    "other",
    [
        {"store": "Bergen"},
        {"channel": "web"},
        {"at": AT + timedelta(seconds=1)},
        {"attributes": {"table": 7}},
        {"payments": (Payment("card", Decimal("19.99")),)},
    ],
    ids=lambda other: next(iter(other)),
)
def test_the_same_receipt_with_other_content_is_refused(world, other):
    buy(world.ada, "19.99")
    with pytest.raises(ReceiptReused):
        buy(world.ada, "19.99", **other)
    assert active(world.ada) == 19


@pytest.mark.parametrize(
    "lines",
    [(line("20.00"),), (line("10.00"), line("9.99")), (line("19.99", sku="x"),), (line("19.99", quantity=2),)],
    ids=["amount", "split", "sku", "quantity"],
)
def test_the_same_receipt_with_other_lines_is_refused(world, lines):
    buy(world.ada, "19.99")
    with pytest.raises(ReceiptReused):
        buy(world.ada, *lines)


def test_the_same_receipt_of_another_member_is_refused(world):
    buy(world.ada, "19.99")
    with pytest.raises(ReceiptReused):
        buy(world.ben, "19.99")
    assert (active(world.ada), active(world.ben)) == (19, 0)


def test_receipts_are_told_apart_by_source_and_program(world):
    buy(world.ada, "10", receipt="1", source="till-1")
    buy(world.ada, "20", receipt="1", source="till-2")
    buy(world.cleo, "30", receipt="1", source="till-1", currency="NOK")
    assert (active(world.ada), active(world.cleo)) == (30, 30)


def test_a_receipt_is_answered_after_the_program_closed_and_the_member_was_blocked(world):
    first = buy(world.ada, "19.99")
    Program.objects.filter(pk=world.aurora.pk).update(is_active=False)
    Member.objects.filter(pk=world.ada.pk).update(status="blocked")
    assert buy(world.ada, "19.99") == replace(first, replayed=True)


# --- Who may -------------------------------------------------------------------------------------------------------


def test_a_closed_program_records_nothing(world):
    Program.objects.filter(pk=world.aurora.pk).update(is_active=False)
    with pytest.raises(ProgramClosed, match="closed"):
        buy(world.ada, "19.99")
    assert not Activity.objects.exists()


@pytest.mark.parametrize("status", ["blocked", "left"])
def test_a_member_who_is_blocked_or_has_left_earns_nothing(world, status):
    Member.objects.filter(pk=world.ada.pk).update(status=status)
    with pytest.raises(MemberNotActive):
        buy(world.ada, "19.99")
    assert not Activity.objects.exists()


def test_a_member_is_found_by_number_however_it_is_spaced(world):
    number = world.ada.number
    spaced = " ".join(number[at : at + 4] for at in range(0, len(number), 4))
    record_purchase(world.aurora, purchase(spaced, "19.99"), actor=ACTOR)
    assert active(world.ada) == 19


@pytest.mark.parametrize("who", ["cleo", "nobody"])
def test_members_of_other_programs_do_not_exist_here(world, who):
    number = world.cleo.number if who == "cleo" else "000000000000"
    with pytest.raises(UnknownMember):
        record_purchase(world.aurora, purchase(number, "19.99"), actor=ACTOR)


def test_a_program_that_is_gone(world):
    with pytest.raises(UnknownProgram):
        record_purchase(Program(pk=0), purchase(world.ada, "1"), actor=ACTOR)
    with pytest.raises(UnknownProgram):
        configuration_of(Program(pk=0))


# --- Sense and nonsense --------------------------------------------------------------------------------------------


def test_another_currency_is_refused_in_words(world):
    with pytest.raises(WrongCurrency, match="another currency") as refused:
        buy(world.ada, "19.99", currency="USD")
    assert (refused.value.field, refused.value.details) == ("currency", {"expected": "EUR"})


def test_tills_may_run_ahead_by_minutes_not_by_hours(world):
    buy(world.ada, "1", at=clock.now() + timedelta(minutes=9))
    with pytest.raises(HappensInFuture):
        buy(world.ada, "1", receipt="2", at=clock.now() + timedelta(minutes=11))


def test_old_receipts_are_taken_and_their_points_may_have_expired(world):
    recorded = buy(world.ada, "100", at=datetime(1997, 1, 15, 12, tzinfo=UTC))
    assert recorded.awards[0].expires_at == datetime(1998, 1, 15, 23, tzinfo=UTC)
    assert active(world.ada) == 0


def test_a_payment_is_no_discount_and_adds_up_to_the_lines(world):
    card_and_gift = (Payment("gift card", Decimal(50)), Payment("card", Decimal(50)))
    assert earned(buy(world.ada, "100", payments=card_and_gift)) == {"points": 100}
    with_change = (Payment("cash", Decimal(200)), Payment("change", Decimal(-100)))
    assert earned(buy(world.ada, "100", payments=with_change, receipt="2")) == {"points": 100}
    with pytest.raises(BasketDoesNotAddUp, match=r"The lines come to 100, the payments to 90\.") as refused:
        buy(world.ada, "100", payments=(Payment("card", Decimal(90)),), receipt="3")
    assert refused.value.field == "payments"


def test_tax_is_part_of_the_amount(world):
    with pytest.raises(BasketDoesNotAddUp) as refused:
        buy(world.ada, line("10", tax="10.01"))
    assert refused.value.field == "lines/0/tax"


WRONG = {
    "no lines": ({"lines": ()}, "lines"),
    "too many lines": ({"lines": (line("1"),) * 1001}, "lines"),
    "negative amount": ({"lines": (line("-1"),)}, "lines/0/amount"),
    "fractions of a cent": ({"lines": (line("1"), line("1.005"))}, "lines/1/amount"),
    "absurd amount": ({"lines": (line("1000000000000"),)}, "lines/0/amount"),
    "absurd total": ({"lines": (line("999999999999"),) * 2}, "lines"),
    "no quantity": ({"lines": (line("1", quantity=0),)}, "lines/0/quantity"),
    "fine quantity": ({"lines": (line("1", quantity="0.0001"),)}, "lines/0/quantity"),
    "absurd quantity": ({"lines": (line("1", quantity="100000000000"),)}, "lines/0/quantity"),
    "negative tax": ({"lines": (line("1", tax="-1"),)}, "lines/0/tax"),
    "fine discount": ({"lines": (line("1", discount="0.00001"),)}, "lines/0/discount"),
    "long sku": ({"lines": (line("1", sku="x" * 81),)}, "lines/0/sku"),
    "long category": ({"lines": (line("1", category="x" * 81),)}, "lines/0/category"),
    "line attributes": ({"lines": (line("1", attributes={"x": object()}),)}, "lines/0/attributes"),
    "source with a colon": ({"source": "till:1"}, "source"),
    "empty source": ({"source": ""}, "source"),
    "empty receipt": ({"receipt": ""}, "receipt"),
    "blank receipt": ({"receipt": "  "}, "receipt"),
    "padded receipt": ({"receipt": "1 "}, "receipt"),
    "long receipt": ({"receipt": "1" * 101}, "receipt"),
    "one step": ({"receipt": "."}, "receipt"),
    "a step back": ({"receipt": ".."}, "receipt"),
    "a step on the way": ({"receipt": "shelf/../1"}, "receipt"),
    "a step at the end": ({"receipt": "1/."}, "receipt"),
    "NUL": ({"receipt": "1\x00"}, "receipt"),
    "turned text": ({"store": "Oslo\u202e1"}, "store"),
    "unseen characters": ({"receipt": "1\u200b"}, "receipt"),
    "half a character": ({"store": "\ud800"}, "store"),
    "line break": ({"channel": "a\nb"}, "channel"),
    "long channel": ({"channel": "x" * 41}, "channel"),
    "long store": ({"store": "x" * 61}, "store"),
    "naive time": ({"at": AT.replace(tzinfo=None)}, "at"),
    "before time": ({"at": datetime(1, 1, 1, tzinfo=UTC)}, "at"),
    "NaN attribute": ({"attributes": {"x": float("nan")}}, "attributes"),
    "NUL attribute": ({"attributes": {"x": "\x00"}}, "attributes"),
    "surrogate attribute": ({"attributes": {"x": "\udfff"}}, "attributes"),
    "endless attributes": ({"attributes": {"x": "y" * 20_001}}, "attributes"),
    "nameless payment": ({"payments": (Payment("", Decimal("19.99")),)}, "payments/0/method"),
    "fine payment": ({"payments": (Payment("card", Decimal("19.999")),)}, "payments/0/amount"),
}


@pytest.mark.parametrize(("facts", "field"), WRONG.values(), ids=WRONG.keys())
def test_nonsense_is_refused_with_its_place_and_stores_nothing(world, facts, field):
    with pytest.raises(WrongFacts) as refused:
        record_purchase(world.aurora, replace(purchase(world.ada, "19.99"), **facts), actor=ACTOR)
    assert refused.value.field == field
    assert not Activity.objects.exists()


def test_currencies_have_their_own_coins(world):
    Program.objects.filter(pk=world.aurora.pk).update(currency="JPY")
    assert earned(buy(world.ada, "500", currency="JPY")) == {"points": 500}
    with pytest.raises(WrongFacts, match="JPY amounts have at most 0 decimals"):
        buy(world.ada, "500.5", currency="JPY", receipt="2")


def test_more_points_than_a_wallet_can_hold(world):
    rule(world.aurora, "Absurd", points=10**7, per_amount=Decimal("0.01"))
    rule(world.aurora, "More absurd", effect="multiplier", factor=1000)
    with pytest.raises(TooManyPoints):
        buy(world.ada, "999999999999")
    assert not Activity.objects.exists()


# --- Dry run -------------------------------------------------------------------------------------------------------


def test_a_dry_run_judges_fully_and_stores_nothing(world):
    facts = purchase(world.ada, "19.99")
    with CaptureQueriesContext(connection) as captured:
        dry = record_purchase(world.aurora, facts, actor=ACTOR, dry_run=True)
    assert (dry.activity_id, earned(dry), len(dry.explanation)) == (None, {"points": 19}, 1)
    assert not [query for query in captured if query["sql"].startswith(("INSERT", "UPDATE"))]
    assert not Activity.objects.exists()
    assert (dry.balances[0].active, active(world.ada)) == (0, 0)
    record_purchase(world.aurora, facts, actor=ACTOR)
    assert record_purchase(world.aurora, facts, actor=ACTOR, dry_run=True).replayed


def test_a_dry_run_refuses_what_the_real_one_does(world):
    with pytest.raises(WrongCurrency):
        record_purchase(world.aurora, purchase(world.ada, "1", currency="USD"), actor=ACTOR, dry_run=True)


# --- Rules and policies --------------------------------------------------------------------------------------------


def test_the_first_purchase_is_the_first_that_we_learn_of(world):
    rule(world.aurora, "Welcome", ("first_purchase", "equals", "yes"), effect="fixed", points=50)
    assert earned(buy(world.ada, "10")) == {"points": 60}
    assert earned(buy(world.ada, "10", receipt="2", at=AT - timedelta(days=9))) == {"points": 10}
    assert earned(buy(world.ben, "10", receipt="3")) == {"points": 60}


def test_rules_ask_for_the_members_attributes(world):
    rule(world.aurora, "Gold", ("member_attribute.tier", "equals", "gold"), effect="multiplier", factor=2)
    assert earned(buy(world.ada, "10")) == {"points": 20}
    assert earned(buy(world.ben, "10", receipt="2")) == {"points": 10}


def test_hours_are_those_of_the_programs_zone(world):
    rule(world.aurora, "Late morning", ("time_of_day", "between", "11:00-12:00"), effect="multiplier", factor=2)
    assert earned(buy(world.ada, "10", at=datetime(2026, 3, 2, 10, 30, tzinfo=UTC))) == {"points": 20}
    assert earned(buy(world.ada, "10", receipt="2", at=datetime(2026, 3, 2, 11, 30, tzinfo=UTC))) == {"points": 10}


def test_a_shadow_rule_is_logged_and_pays_nothing(world):
    rule(world.aurora, "Idea", effect="multiplier", factor=2, is_shadow=True)
    recorded = buy(world.ada, "10")
    assert earned(recorded) == {"points": 10}
    assert [(step.rule_name, step.is_shadow) for step in recorded.explanation] == [("Purchases", False), ("Idea", True)]
    assert [told.rule for told in why_of(Activity.objects.get())] == ["Purchases"]
    assert [told.rule for told in why_of(Activity.objects.get(), voice="staff")] == ["Purchases", "Idea"]


def test_several_wallets_earn_from_one_purchase(world):
    Wallet.objects.create(program=world.aurora, code="stars", name="Stars", position=1)
    rule(world.aurora, "Stars", wallet="stars", points=1, per_amount=10)
    assert earned(buy(world.ada, "25")) == {"points": 25, "stars": 2}
    assert (active(world.ada), active(world.ada, "stars")) == (25, 2)


def test_archived_wallets_earn_nothing(world):
    live_by(world.aurora.wallets.get(), is_archived=True)
    assert earned(buy(world.ada, "25")) == {}
    assert configuration_of(world.aurora).rules == ()


def test_points_wait_for_their_day(world):
    live_by(world.aurora.wallets.get(), activation="after_days", activation_count=14)
    with time_machine.travel(AT, tick=False):
        (made,) = buy(world.ada, "25").awards
        assert (made.state, made.activates_at) == ("pending", AT + timedelta(days=14))
        assert (active(world.ada), pending(world.ada)) == (0, 25)


def test_points_whose_waiting_time_is_over_when_we_learn_of_them_are_active(world):
    live_by(world.aurora.wallets.get(), activation="after_days", activation_count=14)
    with time_machine.travel(AT + timedelta(days=15), tick=False):
        (made,) = buy(world.ada, "25").awards
        assert (made.state, made.activates_at, active(world.ada)) == ("active", None, 25)


def test_a_purchase_keeps_older_points_of_a_sliding_wallet_alive(world):
    live_by(world.aurora.wallets.get(), expiry="sliding", expiry_months=6)
    with time_machine.travel(datetime(2026, 1, 10, 12, tzinfo=UTC)) as moving:
        buy(world.ada, "10", at=clock.now())
        moving.move_to(datetime(2026, 5, 10, 12, tzinfo=UTC))
        buy(world.ada, "5", receipt="2", at=clock.now())
        moving.move_to(datetime(2026, 11, 10, 22, tzinfo=UTC))
        assert active(world.ada) == 15
        moving.move_to(datetime(2026, 11, 10, 23, tzinfo=UTC))
        assert active(world.ada) == 0


def test_only_chosen_activities_keep_points_alive(world):
    live_by(world.aurora.wallets.get(), expiry="sliding", expiry_months=6, sliding_activities=["review"])
    with time_machine.travel(datetime(2026, 1, 10, 12, tzinfo=UTC)) as moving:
        buy(world.ada, "10", at=clock.now())
        moving.move_to(datetime(2026, 5, 10, 12, tzinfo=UTC))
        buy(world.ada, "5", receipt="2", at=clock.now())
        moving.move_to(datetime(2026, 7, 11, 12, tzinfo=UTC))
        assert active(world.ada) == 5


# --- The compiled configuration ------------------------------------------------------------------------------------


def test_whoever_saves_a_rule_the_next_purchase_goes_by_it(world):
    base = world.aurora.rules.get()
    assert earned(buy(world.ada, "10", receipt="1")) == {"points": 10}
    base.points = 2
    base.save()
    assert earned(buy(world.ada, "10", receipt="2")) == {"points": 20}
    world.aurora.rules.update(points=3)
    assert earned(buy(world.ada, "10", receipt="3")) == {"points": 30}
    condition = base.conditions.create(subject="channel", value="web")
    assert earned(buy(world.ada, "10", receipt="4")) == {}
    condition.delete()
    assert earned(buy(world.ada, "10", receipt="5")) == {"points": 30}
    Wallet.objects.filter(program=world.aurora).update(expiry="never")
    assert buy(world.ada, "10", receipt="6").awards[0].expires_at is None
    base.delete()
    assert earned(buy(world.ada, "10", receipt="7")) == {}


def test_a_change_that_was_rolled_back_leaves_nothing_behind(world):
    assert earned(buy(world.ada, "10", receipt="1")) == {"points": 10}
    with transaction.atomic():
        world.aurora.rules.update(points=9)
        assert earned(buy(world.ada, "10", receipt="2")) == {"points": 90}
        transaction.set_rollback(True)
    world.aurora.rules.update(points=2)
    assert earned(buy(world.ada, "10", receipt="2")) == {"points": 20}


def test_the_rules_are_compiled_once(world):
    buy(world.ada, "10", receipt="1")
    assert configuration_of(world.aurora) is configuration_of(world.aurora)
    world.aurora.save()
    again = configuration_of(world.aurora)
    assert again is configuration_of(world.aurora)


def test_a_rule_that_makes_no_sense_is_left_out_and_told(world, caplog):
    rule(world.aurora, "Broken", ("time_of_day", "between", "soon"), points=100)
    assert earned(buy(world.ada, "10")) == {"points": 10}
    assert [broken.rule.name for broken in configuration_of(world.aurora).broken] == ["Broken"]
    assert "left out" in caplog.text


# --- What it costs, and whom it tells ------------------------------------------------------------------------------


def five_rules(program):
    rule(program, "Triple on beans", ("category", "equals", "beans"), points=3, basis="lines", priority=10)
    rule(program, "Early birds", ("time_of_day", "between", "07:00-09:00"), effect="multiplier", factor=2)
    rule(program, "No gift cards", ("category", "equals", "gift cards"), points=0, basis="lines", priority=20)
    rule(program, "Welcome", ("first_purchase", "equals", "yes"), effect="fixed", points=50)


@pytest.mark.django_db(transaction=True)
def test_a_purchase_with_five_rules_takes_at_most_eight_statements(world, settings):
    settings.OUTBOX_WIRING = "tests.wires"
    five_rules(world.aurora)
    basket = [line("12.50", category="beans"), line("7.49", category="cake"), line("20", category="gift cards")]
    buy(world.ada, *basket, receipt="1")
    with CaptureQueriesContext(connection) as captured:
        recorded = buy(world.ada, *basket, receipt="2")
    assert earned(recorded) == {"points": 44}
    assert len(recorded.explanation) == 5
    assert len(captured) <= 8, [query["sql"][:80] for query in captured]


def test_listeners_are_told_in_the_same_transaction(world, settings):
    settings.OUTBOX_WIRING = "tests.wires"
    recorded = buy(world.ada, "19.99")
    buy(world.ada, "19.99")
    wallet = world.aurora.wallets.get()
    (message,) = Message.objects.filter(event="loyalty.programs.events.ActivityRecorded")
    assert message.payload == {
        "program_id": world.aurora.pk, "member_id": world.ada.pk, "activity_id": recorded.activity_id,
        "kind": "purchase", "type": "purchase", "source": "till", "external_id": "1001", "event_at": AT.isoformat(),
        "awards": [{"wallet_id": wallet.pk, "wallet": "points", "points": 19, "state": "active"}],
    }  # fmt: skip


def test_lines_are_counted_from_one_and_gone_with_nothing(world):
    without_rules(world.aurora)
    buy(world.ada, "1", "2", "3")
    assert list(ActivityLine.objects.values_list("position", flat=True).order_by("position")) == [1, 2, 3]


def test_what_was_planned_for_small_tables_does_not_read_large_ones_whole(world):
    """PostgreSQL learns the size of a table now and then only, and a session keeps the plan that it made then."""
    scanned = "SELECT coalesce(sum(seq_tup_read), 0) FROM pg_stat_xact_user_tables WHERE relname = 'loyalty_activity'"
    buy(world.ada, "10", receipt="one")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE loyalty_activity")
        for number in range(20):
            buy(world.ada, "10", receipt=f"{number}")
        cursor.execute(scanned)
        [(before,)] = cursor.fetchall()
        for number in range(20, 40):
            buy(world.ada, "10", receipt=f"{number}")
        cursor.execute(scanned)
        assert cursor.fetchall() == [(before,)]
