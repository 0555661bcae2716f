"""Aurora and Fjord with their people: Ada shops at Aurora, Cleo at Fjord, Ben is new, a till enrolled Dot."""

from datetime import timedelta
from decimal import Decimal

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from loyalty.lib import clock
from loyalty.members.models import Member, User
from loyalty.members.services.consents import put_consent_text
from loyalty.members.services.members import enrol_member, join_program
from loyalty.programs.models.program import Program
from loyalty.programs.rules.occurrence import Line
from loyalty.programs.services.activities import record_purchase
from loyalty.programs.services.facts import PurchaseFacts
from loyalty.programs.services.programs import create_program

PASSWORD = "correct horse battery"
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _no_limits(settings):
    """Many people sign in from one address here."""
    settings.ACCOUNT_RATE_LIMITS = False
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}


def open_program(code: str, name: str, currency: str, colour: str) -> Program:
    program = create_program(
        code=code,
        name=name,
        currency=currency,
        time_zone="Europe/Oslo",
        points_per=Decimal(1),
        expires_months=12,
        actor="test",
    )
    program.languages, program.brand_color = ["en", "nb", "pl"], colour
    program.save()
    put_consent_text(program, purpose="terms", text="I agree to how the program works.", is_required=True, actor="test")
    put_consent_text(program, purpose="marketing", text="Send me offers by e-mail.", actor="test")
    return program


def new_user(email: str, name: str = "", password: str | None = PASSWORD) -> User:
    user = User.objects.create_user(email, password, name=name)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def join(program: Program, email: str, name: str) -> Member:
    user = User.objects.filter(email=email).first() or new_user(email, name)
    return join_program(program, user, consents={"terms": True, "marketing": False}, actor="test", language="en")


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
    return open_program("aurora", "Aurora Coffee", "EUR", "#5b2c1d")


@pytest.fixture
def fjord(db) -> Program:
    return open_program("fjord", "Fjord", "NOK", "#17375e")


@pytest.fixture
def ada(aurora) -> Member:
    return join(aurora, "ada@example.org", "Ada Lovelace")


@pytest.fixture
def cleo(fjord) -> Member:
    return join(fjord, "cleo@example.org", "Cleo Ng")


@pytest.fixture
def dot(aurora) -> Member:
    """Enrolled at the till, with points; has never been online."""
    member = enrol_member(aurora, actor="till", external_id="dot", email="dot@example.org", name="Dot")
    buy(member, "d1", "30.00", 3)
    return member


def client_of(member: Member) -> Client:
    client = Client()
    client.force_login(member.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def as_ada(ada) -> Client:
    return client_of(ada)


@pytest.fixture
def as_cleo(cleo) -> Client:
    return client_of(cleo)
