"""Points given a longer life while others expire, spend or prolong them: each lot once, and no point twice."""

import time
from datetime import timedelta
from typing import Any

import pytest

from loyalty.ledger import services as ledger
from loyalty.ledger.errors import NotEnoughPoints
from loyalty.ledger.queries.lots import lots_of
from loyalty.lib import clock
from loyalty.members.models import Member
from loyalty.members.services.crowds import enrol_many
from loyalty.programs.models.extensions import Extension, ExtensionRun
from loyalty.programs.models.program import Program
from loyalty.programs.rules.benefits import prolonged
from loyalty.programs.services import extensions
from loyalty.programs.services.extensions import ask_for_run, work_on_extensions
from tests.ledger.purse import violations
from tests.races.crowd import changed_function, crowd, failures
from tests.till import active, live_by
from tests.world import earn, open_program

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
GUESTS, POINTS = 12, 100


@pytest.fixture
def cafe(settings) -> Program:
    settings.OUTBOX_WIRING = "tests.wires"
    return open_program("cafe", "Café", currency="EUR", languages=["en"])


@pytest.fixture
def guests(cafe) -> list[Member]:
    """Each with a lot that ends in an hour."""
    enrol_many(cafe, [f"guest-{number}" for number in range(GUESTS)], actor="test")
    guests = list(Member.objects.filter(program=cafe).select_related("program").order_by("external_id"))
    for guest in guests:
        earn(guest, POINTS, key="lot", at=clock.now() - timedelta(days=9), expires_at=ending())
    return guests


@pytest.fixture
def longer(cafe) -> Extension:
    return Extension.objects.create(program=cafe, wallet=cafe.wallets.get(), name="Longer", months=2)


@pytest.fixture(autouse=True)
def _proved(cafe):
    yield
    assert violations() == {}


def ending():
    return clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=2)


def account_of(guest: Member) -> int:
    return ledger.open_account(wallet_id=guest.program.wallets.get().pk, subject=guest.subject)


def ends_of(guests: list[Member]) -> list[Any]:
    return [lot.expires_at for guest in guests for lot in lots_of(guest.subject, clock.now())]


def test_fifty_wishes_are_one_run(longer):
    results = crowd(lambda number: ask_for_run(longer, actor=f"staff:{number}"))
    assert failures(results) == []
    assert {each.pk for each in results} == {ExtensionRun.objects.get().pk}


def test_many_workers_prolong_once(longer, guests):
    """A sliding wallet has no usual end: a second round over the same lots would add up."""
    live_by(longer.wallet, expiry="sliding", expiry_months=1)
    before = ends_of(guests)
    ask_for_run(longer, actor="staff:1")
    assert failures(crowd(lambda _number: work_on_extensions(), 10)) == []
    assert ends_of(guests) == [prolonged(end, 2, "Europe/Oslo") for end in before]
    run = ExtensionRun.objects.get()
    assert (run.members, run.lots, run.points) == (GUESTS, GUESTS, GUESTS * POINTS)


def test_without_the_turn_the_ledger_still_prolongs_once(longer, guests):
    live_by(longer.wallet, expiry="sliding", expiry_months=1)
    before = ends_of(guests)
    run = ask_for_run(longer, actor="staff:1")
    runs = [ExtensionRun.objects.select_related("extension__wallet__program").get(pk=run.pk) for _each in range(8)]
    assert failures(crowd(lambda number: extensions._work(runs[number]), 8)) == []
    assert ends_of(guests) == [prolonged(end, 2, "Europe/Oslo") for end in before]


def test_prolonged_or_expired_but_not_both(longer, guests):
    """Asked for before the end, worked off while the end is swept."""
    end = ending()
    ask_for_run(longer, actor="staff:1")
    wallets = [longer.wallet_id]

    def act(number: int) -> Any:
        if number % 2:
            return ledger.expire_due(wallet_ids=wallets, at=end, actor="job:expire_points")
        return work_on_extensions()

    results = crowd(act, 8)
    assert failures(results) == []
    expired = sum(each.points for each in results[1::2])
    run = ExtensionRun.objects.get()
    assert expired + run.points == GUESTS * POINTS
    assert sum(active(guest, at=end) for guest in guests) == run.points
    assert {each for each in ends_of(guests) if each != end} in (set(), {prolonged(end, 2, "Europe/Oslo")})


def test_spent_while_prolonged_is_spent_once(longer, guests):
    """Every guest spends all there is, in five attempts: one of them goes through."""
    ask_for_run(longer, actor="staff:1")
    accounts = [account_of(guest) for guest in guests]

    def act(number: int) -> Any:
        if number % 6 == 0:
            return work_on_extensions()
        account = accounts[number % GUESTS]
        return ledger.spend(account, points=POINTS, key=f"spend:{number}", at=clock.now(), actor="test")

    results = crowd(act, 60)
    assert failures(results) == []
    spent = [each for number, each in enumerate(results) if number % 6 and not isinstance(each, NotEnoughPoints)]
    assert sum(active(guest) for guest in guests) == POINTS * (GUESTS - len(spent))
    assert len({each.account_id for each in spent}) == len(spent)


def test_it_is_the_lock_on_the_account_that_keeps_expiry_and_longer_life_apart(longer, guests):
    """Without it a lot that has just expired gets a later end, and the books say that it lives."""
    end = ending()
    ask_for_run(longer, actor="staff:1")
    slow = (
        "AND l.expires_at IS DISTINCT FROM d.ends",
        "AND l.expires_at IS DISTINCT FROM d.ends AND pg_sleep(0.1) IS NOT NULL",
    )
    unlocked = [
        ("PERFORM pg_advisory_xact_lock(hashtext('laurel.ledger.sweep'));", ""),
        ("PERFORM FROM ledger_account WHERE id = ANY (p_accounts) ORDER BY id FOR NO KEY UPDATE;", ""),
    ]

    def act(number: int) -> Any:
        if number:
            time.sleep(0.4)  # the other one has read the lots by now, and is in no hurry
            return ledger.expire_due(wallet_ids=[longer.wallet_id], at=end, actor="job:expire_points")
        return work_on_extensions()

    with changed_function("ledger_redate", slow, *unlocked):
        results = crowd(act, 2)
    run = ExtensionRun.objects.get()
    assert results[1].points + run.points > GUESTS * POINTS
