"""A small house with its own wiring: events, subscribers whose effect is a row, and a bell that counts."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from threading import Event, current_thread
from uuid import UUID

from django.contrib.auth.models import Group


@dataclass(frozen=True, slots=True)
class Line:
    sku: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Bought:
    name: str
    at: datetime | None = None
    day: date | None = None
    subject: UUID | None = None
    amount: Decimal = Decimal(0)
    lines: tuple[Line, ...] = ()
    best: Line | None = None
    tags: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    loose: tuple = ()
    anything: dict = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Broke:
    name: str


@dataclass(frozen=True, slots=True)
class Paused:
    name: str


@dataclass(frozen=True, slots=True)
class Unheard:
    name: str


HERE = "tests.outbox.wires"
WIRES = {
    f"{HERE}.Bought": [f"{HERE}.keep", f"{HERE}.frame"],
    f"{HERE}.Broke": [f"{HERE}.die_midway"],
    f"{HERE}.Paused": [f"{HERE}.wait"],
}
EVERY: list[str] = []
DOORBELL = f"{HERE}.ring"

heard: list[object] = []
rings: list[str] = []
deaths: list[BaseException] = []
begun, may_end = Event(), Event()


def forget() -> None:
    for each in (heard, rings, deaths):
        each.clear()
    for signal in (begun, may_end):
        signal.clear()


def keep(event: Bought) -> None:
    heard.append(event)
    Group.objects.create(name=f"keep {event.name}")


def frame(event: Bought) -> None:
    Group.objects.get_or_create(name=f"frame {event.name}")


def die_midway(event: Broke) -> None:
    Group.objects.create(name=f"half {event.name}")
    if deaths:
        raise deaths.pop()


def wait(event: Paused) -> None:
    begun.set()
    assert may_end.wait(10)
    Group.objects.create(name=f"{event.name} by {current_thread().name}")


def ring() -> None:
    rings.append("ring")
    if deaths:
        raise deaths.pop()
