"""Watch rules under a crowd of tills: exactly as many go through as are usual; the locks are shown to be why."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from loyalty.members.models import Member
from loyalty.members.services.crowds import enrol_many
from loyalty.programs.models.program import Program
from loyalty.programs.models.velocity import HeldAward, ReviewCase, VelocityRule
from loyalty.programs.services.batches import record_purchases
from loyalty.programs.services.cases import release_cases
from tests.ledger.purse import violations
from tests.races.crowd import changed_function, crowd, failures
from tests.till import ACTOR, AT, active, buy, pending, purchase
from tests.world import open_program

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
TILLS, USUAL = 30, 5
CARD = {"attributes": {"card": "tok_1"}}


@pytest.fixture
def cafe(settings) -> Program:
    settings.OUTBOX_WIRING = "tests.wires"
    return open_program("cafe", "Café", currency="EUR", languages=["en"])


@pytest.fixture
def guests(cafe) -> list[Member]:
    enrol_many(cafe, [f"guest-{number}" for number in range(TILLS)], actor="test")
    return list(Member.objects.filter(program=cafe).select_related("program").order_by("external_id"))


@pytest.fixture(autouse=True)
def _proved(cafe):
    yield
    assert violations() == {}


def watch(program: Program, pattern: str) -> VelocityRule:
    return VelocityRule.objects.create(program=program, name=pattern, pattern=pattern, most=USUAL, minutes=60)


def through(guests: list[Member]) -> int:
    return sum(active(guest) for guest in guests)


def test_one_card_in_many_hands(cafe, guests):
    """A card on one till: members differ, so nothing but the place itself keeps them apart."""
    watch(cafe, "card_at_till")
    answers = crowd(lambda number: buy(guests[number], "1", receipt=str(number), **CARD), TILLS)
    assert failures(answers) == []
    assert through(guests) == USUAL
    assert (ReviewCase.objects.get().highest, HeldAward.objects.count()) == (TILLS, TILLS - USUAL)


def test_batches_and_tills_share_what_is_usual(cafe, guests):
    watch(cafe, "card_at_till")
    VelocityRule.objects.create(program=cafe, name="locked, never noticed", pattern="device", most=100, minutes=60)

    def act(number: int) -> None:
        attributes = {"card": f"tok_{number % 2}", "device": f"phone-{number}"}
        if number % 2:
            buy(guests[number], "1", receipt=str(number), attributes=attributes)
            return
        some = guests[:6] if number % 4 else guests[5::-1]
        record_purchases(
            cafe,
            [purchase(who, "1", receipt=f"{number}-{who.pk}", attributes=attributes) for who in some],
            actor=ACTOR,
        )

    assert failures(crowd(act, 12)) == []
    assert through(guests) == 2 * USUAL  # two cards


def test_one_member_at_many_tills(cafe, guests):
    watch(cafe, "purchases")
    answers = crowd(lambda number: buy(guests[0], "1", receipt=str(number), source=f"till-{number}"), TILLS)
    assert failures(answers) == []
    assert (active(guests[0]), pending(guests[0])) == (USUAL, TILLS - USUAL)


@contextmanager
def unguarded() -> Iterator[None]:
    with changed_function("programs_watch", ("IF p_lock THEN", "IF false THEN")):
        yield


def test_without_its_lock_more_go_through(cafe, guests):
    watch(cafe, "card_at_till")
    with unguarded():
        crowd(lambda number: buy(guests[number], "1", receipt=str(number), **CARD), TILLS)
    assert through(guests) > USUAL


def test_decisions_beside_tills_leave_nothing_in_between(cafe, guests):
    """Whoever decides and whoever sells at the same card: no point waits without a case that is open."""
    watch(cafe, "card_at_till")
    for number in range(USUAL + 2):
        buy(guests[number], "1", receipt=f"first {number}", at=AT, **CARD)

    def act(number: int) -> None:
        if number % 5:
            buy(guests[number], "1", receipt=str(number), at=AT, **CARD)
        else:
            release_cases(ReviewCase.objects.filter(state="open"), reason="fine", actor="staff:1")

    assert failures(crowd(act, 20)) == []
    open_ones = ReviewCase.objects.filter(state="open")
    waiting = HeldAward.objects.filter(state="waiting")
    assert waiting.exclude(activity__flags__case__in=open_ones).count() == 0
    assert through(guests) == USUAL + 2 + 16 - waiting.count()
