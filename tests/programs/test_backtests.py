"""A draft tried on what members really did; the published version gives exactly what the ledger holds."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO

import pytest
import time_machine
from django.db.models import Sum

from loyalty.ledger.models import Posting
from loyalty.lib import clock
from loyalty.programs.models.backtests import Backtest
from loyalty.programs.services.backtests import ask_backtest, work_on_backtests
from loyalty.programs.services.imports import import_purchases
from tests.till import buy

pytestmark = pytest.mark.django_db


def tried(program, months=24):
    test = ask_backtest(program, title="Draft", months=months, user=None)
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
