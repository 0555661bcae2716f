"""The job that takes what nobody confirmed in time, against whoever comes at that moment: points and caps agree."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from django.db import connection

from loyalty.ledger import services as ledger
from loyalty.lib import clock
from loyalty.members.models import Member
from loyalty.members.services.crowds import enrol_many
from loyalty.programs.models.caps import Cap, CapUse
from loyalty.programs.models.program import Program
from loyalty.programs.models.velocity import HeldAward, ReviewCase, VelocityRule
from loyalty.programs.services import cases, unconfirmed
from loyalty.programs.services.cases import refuse_cases
from loyalty.programs.services.confirmation import cancel_activity, confirm_activity
from loyalty.programs.services.jobs import cancel_unconfirmed
from loyalty.programs.services.unconfirmed import cancel_due
from tests.ledger.purse import violations
from tests.races.crowd import crowd, failures
from tests.till import active, buy, live_by, pending
from tests.world import open_program

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
GUESTS = 12


@pytest.fixture
def cafe(settings) -> Program:
    settings.OUTBOX_WIRING = "tests.wires"
    cafe = open_program("cafe", "Café", currency="EUR", languages=["en"])
    live_by(cafe.wallets.get(), activation="on_confirmation", cancel_after_days=30)
    Cap.objects.create(program=cafe, scope="program", period="ever", measure="points", limit=100_000)
    return cafe


@pytest.fixture
def guests(cafe) -> list[Member]:
    enrol_many(cafe, [f"guest-{number}" for number in range(GUESTS)], actor="test")
    return list(Member.objects.filter(program=cafe).select_related("program").order_by("external_id"))


@pytest.fixture(autouse=True)
def _proved(cafe):
    yield
    assert violations() == {}


def long_ago() -> datetime:
    return clock.now() - timedelta(days=40)


def late(guest: Member, receipt: str) -> None:
    buy(guest, "100", receipt=receipt, at=long_ago())


def used() -> tuple[int, int]:
    return CapUse.objects.values_list("times", "points").get()


def kept(guests: list[Member]) -> tuple[int, int]:
    """What the books say that the cap must say: purchases whose points are still there, and these points."""
    points = sum(active(guest) + pending(guest) for guest in guests)
    return points // 100, points


def run(program: Program) -> Any:
    """The job without its turn: nothing but the locks keeps two of them apart."""
    return cancel_due(wallet_ids=[program.wallets.get().pk], at=clock.now(), actor="job:cancel_unconfirmed")


@contextmanager
def after(module: Any, name: str, act: Callable[[], Any], monkeypatch) -> Iterator[None]:
    """`act` in another session, once, as soon as `name` of the module has answered for the first time."""
    original = getattr(module, name)
    waiting = [act]

    def answered(*arguments: Any, **facts: Any) -> Any:
        answer = original(*arguments, **facts)
        if waiting:
            other = Thread(target=_alone, args=(waiting.pop(),))
            other.start()
            other.join()
        return answer

    with monkeypatch.context() as patch:
        patch.setattr(module, name, answered)
        yield


def _alone(act: Callable[[], Any]) -> None:
    try:
        act()
    finally:
        connection.close()


def test_what_comes_in_late_between_reading_and_cancelling_waits_for_the_next_run(cafe, guests, monkeypatch):
    """Another award of the same member's, already due to be cancelled, that the job has not looked at."""
    late(guests[0], "first")
    with after(unconfirmed, "unconfirmed_in", lambda: late(guests[0], "second"), monkeypatch):
        assert run(cafe).points == 100
    assert (used(), pending(guests[0])) == ((1, 100), 100)
    assert run(cafe).points == 100
    assert (used(), pending(guests[0])) == ((0, 0), 0)


def test_cancelling_whole_accounts_would_keep_the_caps_of_what_came_in(cafe, guests, monkeypatch):
    """The guard is that lots are cancelled one by one: without it points go, and the cap never hears of it."""
    late(guests[0], "first")
    whole = ledger.cancel_due
    monkeypatch.setattr(
        unconfirmed.ledger, "cancel_due",
        lambda *, lots, at, actor: whole(wallet_ids=[cafe.wallets.get().pk], at=at, actor=actor),
    )  # fmt: skip
    with after(unconfirmed, "unconfirmed_in", lambda: late(guests[0], "second"), monkeypatch):
        assert run(cafe).points == 200
    assert (used(), pending(guests[0])) == ((1, 100), 0)


def test_the_job_against_confirmations_and_cancellations(cafe, guests):
    """Every purchase is confirmed or cancelled, once, whoever comes first."""
    for guest in guests:
        late(guest, f"r-{guest.pk}")
    buyers = list(guests)

    def act(number: int) -> Any:
        if number % 3 == 0:
            return run(cafe)
        guest = buyers[number % GUESTS]
        facts = {"source": "till", "external_id": f"r-{guest.pk}", "actor": "api:1"}
        if number % 3 == 1:
            return confirm_activity(cafe, **facts)
        return cancel_activity(cafe, **facts, reason="not paid")

    assert failures(crowd(act, 36)) == []
    assert used() == kept(guests)
    assert sum(pending(guest) for guest in guests) == 0


def test_the_job_against_itself_and_late_purchases(cafe, guests):
    for guest in guests:
        late(guest, f"r-{guest.pk}")

    def act(number: int) -> Any:
        if number % 3:
            return run(cafe)
        return late(guests[number % GUESTS], f"more-{number}")

    results = crowd(act, 30)
    assert failures(results) == []
    assert used() == kept(guests)
    taken = sum(each.points for each in results if each is not None)
    assert taken == 100 * (GUESTS + 10) - sum(pending(guest) for guest in guests)
    run(cafe)
    assert used() == (0, 0)


def test_only_one_has_the_turn(cafe, guests):
    for guest in guests:
        late(guest, f"r-{guest.pk}")
    results = crowd(lambda _number: cancel_unconfirmed(), 10)
    assert failures(results) == []
    assert sum(each.points for each in results) == 100 * GUESTS
    assert used() == (0, 0)


def test_what_staff_refuse_while_the_job_takes_it_is_given_back_once(cafe, guests):
    """Both give caps back; who comes second finds nothing left."""
    VelocityRule.objects.create(program=cafe, name="one card", pattern="card_at_till", most=1, minutes=60)
    at = long_ago()
    for guest in guests:
        buy(guest, "100", receipt=f"r-{guest.pk}", at=at, attributes={"card": "tok_1"})
    assert HeldAward.objects.count() == GUESTS - 1
    case = ReviewCase.objects.get()

    def act(number: int) -> Any:
        return run(cafe) if number % 2 else refuse_cases([case], reason="one card", actor="staff:1")

    assert failures(crowd(act, 10)) == []
    run(cafe)
    assert (used(), kept(guests)) == ((0, 0), (0, 0))


def test_it_is_the_lock_on_the_purchase_that_gives_back_once(cafe, guests, monkeypatch):
    VelocityRule.objects.create(program=cafe, name="one card", pattern="card_at_till", most=1, minutes=60)
    at = long_ago()
    for guest in guests[:2]:
        buy(guest, "100", receipt=f"r-{guest.pk}", at=at, attributes={"card": "tok_1"})
    buy(guests[2], "300", receipt="another", at=clock.now())
    case = ReviewCase.objects.get()
    monkeypatch.setattr(cases, "_locked", lambda held: held.select_related("activity__member__program"))
    with after(cases, "accounts_waiting", lambda: run(cafe), monkeypatch):
        refuse_cases([case], reason="one card", actor="staff:1")
    assert (used(), pending(guests[2])) == ((0, 200), 300)  # one purchase was given back twice
