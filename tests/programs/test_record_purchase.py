"""A purchase through the service: judged, stored, awarded, once."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from loyalty.members.services.members import enrol_member
from loyalty.programs.rules.occurrence import Line
from loyalty.programs.services.activities import record_purchase
from loyalty.programs.services.facts import PurchaseFacts
from loyalty.programs.services.programs import create_program

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 2, 10, 30, tzinfo=UTC)


@pytest.fixture
def cafe():
    return create_program(
        code="cafe", name="Café", currency="EUR", time_zone="Europe/Oslo", points_per=Decimal(1), actor="test"
    )


@pytest.fixture
def ada(cafe):
    return enrol_member(cafe, external_id="ada", actor="test")


def bought(member, amount="19.99", *, receipt="1001", at=AT, **other):
    facts = {"source": "till", "receipt": receipt, "member": member, "at": at, "currency": "EUR",
             "lines": (Line(amount=Decimal(amount)),)}  # fmt: skip
    return PurchaseFacts(**facts | other)


def test_a_purchase_earns_by_the_live_rules(cafe, ada):
    recorded = record_purchase(cafe, bought(ada), actor="api:1")
    assert [(made.wallet_code, made.points, made.state) for made in recorded.awards] == [("points", 19, "active")]
    assert recorded.balances[0].active == 19
