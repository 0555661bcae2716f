"""Budgets under a crowd: never over by one point, nobody locked out; the guard is shown to be what makes it so."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest

from loyalty.members.models import Member
from loyalty.members.services.crowds import enrol_many
from loyalty.programs.models.campaigns import Campaign
from loyalty.programs.models.caps import Cap, CapUse
from loyalty.programs.models.program import Program
from loyalty.programs.services.batches import record_purchases
from loyalty.programs.services.facts import Recorded
from tests.factories_of_programs import HouseholdFactory, HouseholdMemberFactory
from tests.ledger.purse import violations
from tests.races.crowd import changed_function, crowd, failures
from tests.till import ACTOR, AT, active, buy, purchase, rule
from tests.world import open_program

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
TILLS, EACH = 50, 100


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


def total(guests: list[Member]) -> int:
    return sum(active(guest) for guest in guests)


def rush(guests: list[Member], each: int, amount: str = "7") -> list:
    """Every till sells as often as it can, each to a guest of its own."""

    def till(number: int) -> list[Recorded]:
        return [buy(guests[number], amount, receipt=f"{number}-{index}") for index in range(each)]

    return crowd(till, TILLS)


def test_a_budget_ends_exactly_at_its_limit(cafe, guests):
    """5,000 purchases of 7 points want 35,000; there are 9,999."""
    budget = Cap.objects.create(program=cafe, scope="program", period="ever", limit=9_999)
    Cap.objects.create(program=cafe, scope="member", period="ever", limit=500)
    answers = rush(guests, EACH)
    assert failures(answers) == []
    assert total(guests) == 9_999
    assert CapUse.objects.get(cap=budget).points == 9_999


def test_a_budget_of_money_and_one_of_a_campaign_end_exactly(cafe, guests):
    """A point is worth a cent. The campaign gives 3 more for every purchase, 100 in all; 9.99 for everything."""
    cafe.wallets.update(point_value=Decimal("0.01"))
    campaign = Campaign.objects.create(program=cafe, code="spring", name="Spring")
    rule(cafe, "Bonus", effect="fixed", points=3, campaign=campaign)
    money = Cap.objects.create(program=cafe, scope="program", period="ever", measure="money", limit=Decimal("9.99"))
    bonus = Cap.objects.create(program=cafe, campaign=campaign, scope="program", period="ever", limit=100)
    answers = rush(guests, 20, "1")
    assert failures(answers) == []
    assert total(guests) == 999
    uses = {use.cap_id: use for use in CapUse.objects.all()}
    assert (uses[money.pk].money, uses[bonus.pk].points) == (Decimal("9.99"), 100)


def test_a_household_at_many_tills_earns_what_it_may_together(cafe, guests):
    home = HouseholdFactory(wallet=cafe.wallets.get())
    for guest in guests:
        HouseholdMemberFactory(household=home, member=guest, role="spender", joined_at=AT)
    Cap.objects.create(program=cafe, scope="household", period="ever", limit=100)
    answers = crowd(lambda number: buy(guests[number], "7", receipt=str(number)), TILLS)
    assert failures(answers) == []
    assert total(guests) == 100


@contextmanager
def unguarded() -> Iterator[None]:
    """The counters without the lock, and without the last look at the limit."""
    with changed_function("programs_take_uses", (" FOR UPDATE;", ";"), ("WHEN use.most IS NULL", "WHEN true")):
        yield


def test_without_its_guard_a_budget_is_overspent(cafe, guests):
    Cap.objects.create(program=cafe, scope="program", period="ever", limit=500)
    with unguarded():
        rush(guests, 5)
    assert total(guests) > 500


def test_a_member_at_many_tills_earns_what_a_day_allows(cafe, guests):
    Cap.objects.create(program=cafe, scope="member", period="day", limit=100)
    answers = crowd(lambda number: buy(guests[0], "7", receipt=str(number)), TILLS)
    assert failures(answers) == []
    assert active(guests[0]) == 100


def test_a_full_wallet_stays_full_beside_many_tills(cafe, guests):
    cafe.wallets.update(balance_cap=100)
    cafe.save()
    answers = crowd(lambda number: buy(guests[0], "7", receipt=str(number)), TILLS)
    assert failures(answers) == []
    assert active(guests[0]) == 100


def test_batches_and_tills_share_a_budget_without_locking_each_other_out(cafe, guests):
    Cap.objects.create(program=cafe, scope="program", period="ever", limit=777)
    Cap.objects.create(program=cafe, scope="store", period="day", limit=300)

    def act(number: int) -> list:
        mine = guests if number % 2 else guests[::-1]
        if number % 3:
            return [buy(guest, "3", receipt=f"{number}-{guest.pk}", store=f"s{guest.pk % 5}") for guest in mine[:10]]
        facts = [purchase(guest, "3", receipt=f"{number}-{guest.pk}", store=f"s{guest.pk % 5}") for guest in mine]
        return record_purchases(cafe, facts, actor=ACTOR)

    answers = crowd(act, 12)
    assert failures(answers) == []
    assert all(isinstance(each, Recorded) for sent in answers for each in sent)
    assert total(guests) == 777
