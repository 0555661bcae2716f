"""The statement: every row says what it was and why."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from loyalty.programs.queries.statement import movement_of, statement_of
from loyalty.programs.rules.occurrence import Line
from loyalty.programs.services.activities import record_purchase
from loyalty.programs.services.facts import PurchaseFacts
from loyalty.programs.services.points import adjust_points

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 2, 10, 30, tzinfo=UTC)


def test_a_purchase_says_where_and_how_it_was_counted(world):
    facts = PurchaseFacts(source="till", receipt="1", member=world.ada, at=AT, currency="EUR", store="Oslo S",
                          lines=(Line(amount=Decimal("29.33")),))  # fmt: skip
    record_purchase(world.aurora, facts, actor="api:1")
    (row,) = statement_of(world.ada).rows
    assert (row.title, row.why, row.points, row.source) == (
        "Purchase of 29.33\xa0€ at Oslo S",
        "1 point per 1.00\xa0€ on 29.33\xa0€: 29 points",
        29,
        "purchase:till:1",
    )
    print(movement_of(world.ada, row.id))


def test_an_adjustment_shows_the_note(world):
    wallet = world.aurora.wallets.get()
    adjust_points(
        world.ada, wallet, points=50, reason="complaint 77", note="Sorry for the cold coffee", key="a", actor="staff:1"
    )
    (row,) = statement_of(world.ada).rows
    assert (row.title, row.why, row.points) == ("Points added", "Sorry for the cold coffee", 50)
