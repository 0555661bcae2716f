"""Aurora and Fjord with their people: Ada shops at Aurora, Cleo at Fjord, Ben is new, a till enrolled Dot."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client

from loyalty.lib import clock
from loyalty.members.models import Member
from loyalty.members.services.members import enrol_member
from loyalty.programs.models.program import Program
from loyalty.programs.rules.occurrence import Line
from loyalty.programs.services.activities import record_purchase
from loyalty.programs.services.facts import PurchaseFacts
from tests.world import join, open_program

HTMX = {"HX-Request": "true"}
TERMS = "I agree to Aurora."


@pytest.fixture(autouse=True)
def _no_limits(settings):
    """Many people sign in from one address here."""
    settings.ACCOUNT_RATE_LIMITS = False
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}


def open_aurora() -> Program:
    program = open_program("aurora", "Aurora", currency="EUR", languages=["en", "nb", "pl"])
    program.brand_color = "#5b2c1d"
    program.save()
    return program


def buy(member: Member, receipt: str, amount: str, days_ago: float = 0, store: str = "Oslo 1") -> None:
    """A purchase of one line, so many days ago."""
    facts = PurchaseFacts(
        source="till",
        receipt=receipt,
        member=member,
        at=clock.now() - timedelta(days=days_ago, minutes=1),
        currency=member.program.currency,
        store=store,
        lines=(Line(amount=Decimal(amount), quantity=Decimal(1), sku="coffee", category="drinks"),),
    )
    record_purchase(member.program, facts, actor="test")


@pytest.fixture
def aurora(db) -> Program:
    return open_aurora()


@pytest.fixture
def fjord(db) -> Program:
    return open_program("fjord", "Fjord", currency="NOK", languages=["nb", "en"])


@pytest.fixture
def ada(aurora) -> Member:
    return join(aurora, "Ada", language="en")


@pytest.fixture
def cleo(fjord) -> Member:
    return join(fjord, "Cleo", language="en")


@pytest.fixture
def dot(aurora) -> Member:
    """Enrolled at the till, with points; has never been online."""
    member = enrol_member(aurora, actor="till", external_id="dot", email="dot@example.org", name="Dot")
    buy(member, "d1", "30.00", 3)
    return member


def client_of(member: Member) -> Client:
    client = Client()
    client.force_login(member.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    session = client.session
    session["brand"] = member.program.code  # as after any first page
    session.save()
    return client


@pytest.fixture
def as_ada(ada) -> Client:
    return client_of(ada)


@pytest.fixture
def as_cleo(cleo) -> Client:
    return client_of(cleo)
