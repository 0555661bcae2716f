"""Many purchases at once: the same answers as one by one, in a handful of statements."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from loyalty.members.errors import UnknownMember
from loyalty.outbox.models import Message
from loyalty.programs.errors.activities import ReceiptReused, WrongCurrency, WrongFacts
from loyalty.programs.models.activity import Activity
from loyalty.programs.models.program import Program
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.lots import lots_of
from loyalty.programs.services.batches import record_purchases
from tests.till import ACTOR, AT, active, buy, earned, line, live_by, purchase, rule

pytestmark = pytest.mark.django_db


def send(program, *purchases):
    return record_purchases(program, purchases, actor=ACTOR)


def test_each_is_answered_in_its_place(world):
    answers = send(
        world.aurora,
        purchase(world.ada, "10.50", receipt="1"),
        purchase(world.ben, "20", receipt="2"),
        purchase(world.ada, "30", "5", receipt="3"),
    )
    assert [earned(answer) for answer in answers] == [{"points": 10}, {"points": 20}, {"points": 35}]
    assert [answer.balances[0].active for answer in answers] == [45, 20, 45]
    assert [activity.external_id for activity in Activity.objects.order_by("pk")] == ["1", "2", "3"]


def test_nothing_to_record(world):
    assert send(world.aurora) == []


def test_a_refusal_stands_in_its_place_and_stops_no_other(world):
    buy(world.ada, "7", receipt="5")
    answers = send(
        world.aurora,
        purchase(world.ada, "10", receipt="1"),
        purchase(world.ada, "10", receipt="2", currency="USD"),
        purchase(world.cleo.number, "10", receipt="3"),
        purchase(world.ada, "-1", receipt="4"),
        purchase(world.ada, "8", receipt="5"),
        purchase(world.ada, "20", receipt="6"),
    )
    assert [type(answer) for answer in answers[1:5]] == [WrongCurrency, UnknownMember, WrongFacts, ReceiptReused]
    assert (earned(answers[0]), earned(answers[5]), active(world.ada)) == ({"points": 10}, {"points": 20}, 37)


def test_what_is_known_is_answered_as_the_first_time(world):
    first = buy(world.ada, "10", receipt="1")
    (again,) = send(world.aurora, purchase(world.ada, "10", receipt="1"))
    assert again == replace(first, replayed=True)


def test_a_receipt_twice_in_a_batch_counts_once(world):
    one = purchase(world.ada, "10", receipt="1")
    other = replace(one, store="elsewhere")
    first, again, changed = send(world.aurora, one, one, other)
    assert (first.replayed, again.replayed, again.awards) == (False, True, first.awards)
    assert isinstance(changed, ReceiptReused)
    assert active(world.ada) == 10


def test_only_one_of_them_is_the_first_purchase(world):
    rule(world.aurora, "Welcome", ("first_purchase", "equals", "yes"), effect="fixed", points=50)
    answers = send(world.aurora, *(purchase(world.ada, "10", receipt=str(number)) for number in range(3)))
    assert [earned(answer)["points"] for answer in answers] == [60, 10, 10]


def test_a_closed_program_refuses_each(world):
    Program.objects.filter(pk=world.aurora.pk).update(is_active=False)
    (answer,) = send(world.aurora, purchase(world.ada, "10"))
    assert answer.code == "program-closed"


def test_several_wallets_sliding_ones_among_them_come_out_as_one_by_one(world):
    live_by(world.aurora.wallets.get(), expiry="sliding", expiry_months=6)
    Wallet.objects.create(program=world.aurora, code="stars", name="Stars", activation="on_confirmation")
    rule(world.aurora, "Stars", wallet="stars", per_amount=10)
    facts = [
        purchase(world.ada, line("25", sku="a"), receipt="1", at=AT - timedelta(days=200)),
        purchase(world.ada, line("35", sku="b"), receipt="2", at=AT - timedelta(days=100)),
        purchase(world.ada, line("45", sku="c"), receipt="3", at=AT),
    ]
    send(world.aurora, *facts)
    for each in facts:
        buy(world.ben, *each.lines, receipt=f"b{each.receipt}", at=each.at)

    def ends(member):
        return sorted((lot.wallet.code, lot.granted, lot.expires_at, lot.state) for lot in lots_of(member))

    assert ends(world.ada) == ends(world.ben)


def test_the_statements_do_not_grow_with_the_batch(world, settings):
    settings.OUTBOX_WIRING = "tests.wires"
    buy(world.ada, "10", receipt="compiles the rules")
    counts = []
    for number in (1, 2):
        facts = [purchase(world.ada, "10", receipt=f"{number}-{each}") for each in range(number * 20)]
        with CaptureQueriesContext(connection) as captured:
            send(world.aurora, *facts)
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 8
    assert Message.objects.filter(event="loyalty.programs.events.ActivityRecorded").count() == 61
