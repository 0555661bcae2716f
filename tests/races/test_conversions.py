"""Fifty at once with exactly enough points, or against the day's maximum: nothing is changed twice or overruns."""

import pytest

from loyalty.members.models import Member
from loyalty.members.services.members import enrol_member
from loyalty.programs.models.conversions import Conversion, ConversionRate
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.services import conversions
from loyalty.programs.services.conversions import convert_points
from tests.ledger.purse import violations
from tests.races.crowd import crowd, failures
from tests.till import active
from tests.world import earn, open_program

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def guest(settings) -> Member:
    settings.OUTBOX_WIRING = "tests.wires"
    cafe = open_program("cafe", "Café", currency="EUR", languages=["en"])
    cash = Wallet.objects.create(program=cafe, code="cash", name="Cashback")
    points = cafe.wallets.get(code="points")
    for pair in ((points, cash), (cash, points)):
        ConversionRate.objects.create(program=cafe, from_wallet=pair[0], to_wallet=pair[1], give=10, get=10)
    return enrol_member(cafe, external_id="guest", actor="test")


@pytest.fixture(autouse=True)
def _proved(guest):
    yield
    assert violations() == {}


def change(guest: Member, points: int, id: str, *way: str) -> Conversion:
    wallets = {wallet.code: wallet for wallet in guest.program.wallets.all()}
    source, target = way or ("points", "cash")
    return convert_points(guest, wallets[source], wallets[target], points=points, id=id, source="portal", actor="test")


def test_exactly_enough_for_ten(guest):
    earn(guest, 100)
    results = crowd(lambda number: change(guest, 10, f"c{number}"))
    assert failures(results) == []
    assert sum(isinstance(each, Conversion) for each in results) == 10
    assert (active(guest), active(guest, "cash")) == (0, 100)


def test_the_same_id_fifty_times_is_one_change(guest):
    earn(guest, 100)
    results = crowd(lambda number: change(guest, 10, "same"))
    assert failures(results) == []
    assert {each.pk for each in results} == {Conversion.objects.get().pk}
    assert (active(guest), active(guest, "cash")) == (90, 10)


def test_both_ways_at_once_end_without_a_ring_of_waits(guest):
    earn(guest, 500)
    earn(guest, 500, key="cash", wallet=guest.program.wallets.get(code="cash"))
    ways = (("points", "cash"), ("cash", "points"))
    results = crowd(lambda number: change(guest, 10, f"c{number}", *ways[number % 2]))
    assert failures(results) == []
    assert (active(guest), active(guest, "cash")) == (500, 500)


def fifty_against_a_limit(guest: Member) -> None:
    ConversionRate.objects.update(per_day=100)
    earn(guest, 1000)
    assert failures(crowd(lambda number: change(guest, 10, f"c{number}"))) == []


def test_a_daily_maximum_is_never_passed(guest):
    fifty_against_a_limit(guest)
    assert (active(guest), active(guest, "cash")) == (900, 100)


def test_it_is_the_lock_on_the_member_that_holds_it(guest, monkeypatch):
    monkeypatch.setattr(conversions, "locked", lambda member: member)
    fifty_against_a_limit(guest)
    assert active(guest) < 900
