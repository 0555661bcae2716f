"""Every activity remembers the version of the configuration that judged it; nobody has to publish anything for that."""

from datetime import timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from loyalty.lib import clock
from loyalty.programs.models.activity import Activity
from loyalty.programs.models.versions import ProgramVersion
from loyalty.programs.rules.occurrence import Line
from loyalty.programs.services.activities import record_activity, record_purchase
from loyalty.programs.services.batches import record_purchases
from loyalty.programs.services.facts import ActivityFacts, PurchaseFacts
from loyalty.programs.services.imports import import_purchases


def bought(member, receipt, amount="10.00"):
    return PurchaseFacts(
        source="till", receipt=receipt, member=member, at=clock.now() - timedelta(minutes=1),
        currency=member.program.currency, lines=(Line(Decimal(amount), Decimal(1)),),
    )  # fmt: skip


def numbers(program):
    rows = Activity.objects.filter(program=program).order_by("id")
    return [(activity.external_id, activity.version.number) for activity in rows.select_related("version")]


def test_the_first_purchase_under_a_configuration_records_it_and_later_ones_find_it(world):
    for receipt in ("1", "2"):
        record_purchase(world.aurora, bought(world.ada, receipt), actor="test")
    world.aurora.rules.update(points=2)
    record_purchase(world.aurora, bought(world.ada, "3"), actor="test")

    assert numbers(world.aurora) == [("1", 1), ("2", 1), ("3", 2)]
    first, second = ProgramVersion.objects.filter(program=world.aurora).order_by("number")
    assert [version.document["rules"][0]["points"] for version in (first, second)] == ["1", "2"]


def test_a_save_that_changes_nothing_is_no_new_version(world):
    record_purchase(world.aurora, bought(world.ada, "1"), actor="test")
    world.aurora.rules.get().save()
    record_purchase(world.aurora, bought(world.ada, "2"), actor="test")

    assert numbers(world.aurora) == [("1", 1), ("2", 1)]


def test_going_back_to_older_settings_is_a_version_of_its_own(world):
    for receipt, points in (("1", 1), ("2", 2), ("3", 1)):
        world.aurora.rules.update(points=points)
        record_purchase(world.aurora, bought(world.ada, receipt), actor="test")

    assert numbers(world.aurora) == [("1", 1), ("2", 2), ("3", 3)]


def test_batches_imports_and_other_activities_remember_it_too(world):
    record_purchases(world.aurora, [bought(world.ada, "1"), bought(world.ben, "2")], actor="test")
    rows = b"external_id,member,occurred_on,quantity,amount\n3,ada,2026-01-05,1,10.00\n"
    import_purchases(world.aurora, BytesIO(rows), actor="test")
    facts = ActivityFacts(source="shop", id="4", type="review", member=world.ada, at=clock.now())
    record_activity(world.aurora, facts, actor="test")

    assert numbers(world.aurora) == [("1", 1), ("2", 1), ("3", 1), ("4", 1)]


def test_a_dry_run_records_nothing(world):
    record_purchase(world.aurora, bought(world.ada, "1"), actor="test", dry_run=True)

    assert ProgramVersion.objects.count() == 0


def test_the_version_costs_no_statement_once_it_is_known(world):
    record_purchase(world.aurora, bought(world.ada, "1"), actor="test")
    with CaptureQueriesContext(
        connection,
    ) as second:
        record_purchase(world.aurora, bought(world.ada, "2"), actor="test")

    assert not [query for query in second if "advisory" in query["sql"]]


@pytest.mark.parametrize("reason", ["staff:7", ""])
def test_it_says_who_changed_the_configuration(world, reason):
    rule = world.aurora.rules.get()
    rule._change_reason = reason
    rule.save()
    record_purchase(world.aurora, bought(world.ada, "1"), actor="test")

    assert ProgramVersion.objects.get().published_by == (reason or "test")
