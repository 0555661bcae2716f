"""A till of the café `cafe`, and what it may ask."""

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from loyalty.members import rules
from loyalty.members.models import Member
from loyalty.members.services.keys import issue_api_key
from loyalty.members.services.members import enrol_member
from loyalty.programs.models.program import Program
from loyalty.programs.services.programs import create_program


@dataclass
class Till:
    """Speaks to the API with one key; every answer as Django's test client gives it."""

    secret: str
    client: Client

    def ask(self, method: str, path: str, body: Any = None, *, key: str = "", **headers: str) -> Any:
        sent = {"Authorization": f"Bearer {self.secret}"} if self.secret else {}
        sent |= {"Idempotency-Key": key} if key else {}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        kind = sent.pop("Content-Type", "application/json")
        return self.client.generic(method, f"/api/v1{path}", raw, content_type=kind, headers=sent)

    def get(self, path: str, **headers: str) -> Any:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any = None, **more: str) -> Any:
        return self.ask("POST", path, body, **more)

    def patch(self, path: str, body: Any = None, **more: str) -> Any:
        return self.ask("PATCH", path, body, **more)


def till_of(program: Program, *scopes: str) -> Till:
    """A till with a new key of `program`; without scopes it may do everything."""
    issued = issue_api_key(program, name="Till", scopes=scopes or (rules.ALL_SCOPES,), actor="test")
    return Till(issued.secret, Client(raise_request_exception=False))


def a_program(code: str) -> Program:
    return create_program(
        code=code, name=code.title(), currency="EUR", time_zone="Europe/Oslo", points_per=Decimal(1), actor="test"
    )


@pytest.fixture
def cafe(db) -> Program:
    return a_program("cafe")


@pytest.fixture
def fjord(db) -> Program:
    """Another program, of which a till of the café knows nothing."""
    return a_program("fjord")


@pytest.fixture
def till(cafe) -> Till:
    return till_of(cafe)


@pytest.fixture
def ada(cafe) -> Member:
    return enrol_member(cafe, external_id="ada", email="ada@example.com", name="Ada", actor="test")


@pytest.fixture
def cleo(fjord) -> Member:
    """A member of the other program."""
    return enrol_member(fjord, external_id="cleo", email="cleo@example.com", name="Cleo", actor="test")
