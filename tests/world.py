"""The cast of every story, made through the services as their real lives would make them.

    Ada   gold member of Aurora, reads English, has been there for a year
    Ben   new member of Aurora, reads Norwegian
    Cleo  member of Fjord alone: for everyone at Aurora she does not exist
    Sam   runs Aurora (program admin), knows nothing of Fjord
    Pia   works for a partner: she signs in, and has nothing to do with either program

Take the fixture `world`, or call `make_world()` and `earn()` where no fixture reaches.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password

from loyalty.ledger import services as ledger
from loyalty.ledger.rules import Posted
from loyalty.lib import clock
from loyalty.members.models import Member, User
from loyalty.members.services.consents import put_consent_text
from loyalty.members.services.members import enrol_member
from loyalty.members.services.staff import grant_access
from loyalty.programs.models.program import Program
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.services.programs import create_program

PASSWORD = "correct horse battery"
ACTOR = "test"


@dataclass(frozen=True, slots=True)
class World:
    aurora: Program
    fjord: Program
    ada: Member
    ben: Member
    cleo: Member
    sam: User
    pia: User


def open_program(code: str, name: str, *, currency: str, languages: list[str]) -> Program:
    """One point per 1.00, living a year; terms are needed to join, marketing is asked for."""
    program = create_program(
        code=code,
        name=name,
        currency=currency,
        time_zone="Europe/Oslo",
        points_per=Decimal(1),
        expires_months=12,
        actor=ACTOR,
    )
    program.languages = languages
    program.save()
    put_consent_text(program, purpose="terms", text=f"I agree to {name}.", is_required=True, actor=ACTOR)
    put_consent_text(program, purpose="marketing", text="Send me offers.", actor=ACTOR)
    return program


@cache
def _hashed() -> str:
    return make_password(PASSWORD)  # slow on purpose, so once for all


def new_user(email: str, name: str = "", *, language: str = "") -> User:
    """Someone who can sign in: the address is verified, the password is PASSWORD."""
    user = User.objects.create(email=email, password=_hashed(), name=name, language=language)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def join(program: Program, name: str, *, language: str, days_ago: int = 0, **facts) -> Member:
    """A member who signs in, known to the shop by their name in small letters."""
    email = f"{name.lower()}@example.org"
    return enrol_member(
        program,
        actor=ACTOR,
        external_id=name.lower(),
        email=email,
        name=name,
        language=language,
        channel="portal",
        consents={"terms": True},
        user=new_user(email, name, language=language),
        at=clock.now() - timedelta(days=days_ago),
        **facts,
    )


def make_world() -> World:
    aurora = open_program("aurora", "Aurora", currency="EUR", languages=["en", "nb", "pl"])
    fjord = open_program("fjord", "Fjord", currency="NOK", languages=["nb", "en"])
    sam = new_user("sam@example.org", "Sam", language="en")
    grant_access(sam, aurora, "program_admin", actor=ACTOR)
    return World(
        aurora=aurora,
        fjord=fjord,
        ada=join(aurora, "Ada", language="en", days_ago=365, attributes={"tier": "gold"}),
        ben=join(aurora, "Ben", language="nb"),
        cleo=join(fjord, "Cleo", language="pl"),
        sam=sam,
        pia=new_user("pia@example.org", "Pia", language="en"),
    )


def earn(
    member: Member,
    points: int,
    *,
    key: str = "test:award",
    at: datetime | None = None,
    expires_at: datetime | None = None,
    wallet: Wallet | None = None,
) -> Posted:
    """Give points through the ledger's door, in the program's first wallet, without a purchase to explain them."""
    wallet = wallet or member.program.wallets.get(code="points")
    account = ledger.open_account(wallet_id=wallet.pk, subject=member.subject)
    return ledger.award(account, points=points, key=key, at=at or clock.now(), expires_at=expires_at, actor=ACTOR)


@pytest.fixture
def world(db) -> World:
    return make_world()
