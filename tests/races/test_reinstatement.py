"""Fifty clicks on what expired, and payments against cancelling: it comes back once."""

from datetime import timedelta
from typing import Any

import pytest

from loyalty.lib import clock
from loyalty.members.models import Member
from loyalty.members.services.members import enrol_member
from loyalty.programs.models.reinstatement import Reinstatement, ReinstatementPolicy
from loyalty.programs.queries.reinstatement import expired_of
from loyalty.programs.services import reinstatement
from loyalty.programs.services.jobs import expire_points
from loyalty.programs.services.reinstatement import bring_back, cancel_reinstatement, pay_reinstatement
from tests.api.conftest import till_of
from tests.ledger.purse import violations
from tests.races.crowd import crowd, failures
from tests.till import active
from tests.world import earn, open_program

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def guest(settings) -> Member:
    settings.OUTBOX_WIRING = "tests.wires"
    cafe = open_program("cafe", "Café", currency="EUR", languages=["en"])
    ReinstatementPolicy.objects.create(program=cafe, wallet=cafe.wallets.get(code="points"), price="points")
    guest = enrol_member(cafe, external_id="guest", actor="test")
    earn(guest, 100, expires_at=clock.now() - timedelta(days=2), at=clock.now() - timedelta(days=9))
    expire_points()
    return guest


@pytest.fixture(autouse=True)
def _proved(guest):
    yield
    assert violations() == {}


def guest_lot(guest: Member):
    return expired_of(guest)[0].expired_at


def test_fifty_forms_bring_back_once(guest):
    at = guest_lot(guest)
    wallet = guest.program.wallets.get(code="points")
    results = crowd(lambda number: bring_back(guest, wallet, at, id=f"f{number}", source="portal", actor="test"))
    assert failures(results) == []
    assert sum(isinstance(each, Reinstatement) for each in results) == 1
    assert active(guest) == 90


def test_the_same_form_fifty_times_is_one_act(guest):
    at = guest_lot(guest)
    wallet = guest.program.wallets.get(code="points")
    results = crowd(lambda number: bring_back(guest, wallet, at, id="form", source="portal", actor="test"))
    assert failures(results) == []
    assert {each.pk for each in results} == {Reinstatement.objects.get().pk}
    assert active(guest) == 90


def test_without_the_lock_the_database_is_the_last_judge(guest, monkeypatch):
    """Two rows for one lot are refused by its unique key: the lock turns that into words."""
    monkeypatch.setattr(reinstatement, "locked", lambda member: member)
    at = guest_lot(guest)
    wallet = guest.program.wallets.get(code="points")
    results = crowd(lambda number: bring_back(guest, wallet, at, id=f"f{number}", source="portal", actor="test"))
    assert {type(each).__name__ for each in failures(results)} == {"IntegrityError"}
    assert (Reinstatement.objects.count(), active(guest)) == (1, 90)


def test_paid_or_cancelled_but_not_both(guest):
    ReinstatementPolicy.objects.update(price="money", fee_money=5)
    owed = bring_back(
        guest, guest.program.wallets.get(), guest_lot(guest), id="one", source="portal", actor="test"
    )  # fmt: skip

    def act(number: int) -> Reinstatement:
        if number % 2:
            return cancel_reinstatement(owed, actor="test")
        return pay_reinstatement(owed, reference="R", actor="test")

    assert failures(crowd(act, 20)) == []
    owed.refresh_from_db()
    assert (owed.state, active(guest)) in {("paid", 100), ("cancelled", 0)}


def test_tills_and_the_portal_bring_back_once(guest):
    """Over HTTP as well as in the portal's own words: fifty wishes, one act, and no answer that is a failure."""
    at = guest_lot(guest)
    wallet = guest.program.wallets.get(code="points")
    till = till_of(guest.program)

    def act(number: int) -> Any:
        if number % 2:
            return bring_back(guest, wallet, at, id=f"f{number}", source="portal", actor="test")
        body = {"id": f"t{number % 10}", "wallet": "points", "expired_at": at.isoformat()}
        return till.post(f"/members/{guest.number}/reinstatements", body, key=f"k{number}").status_code

    results = crowd(act)
    assert failures(results) == []
    assert set(results[::2]) <= {201, 410}
    made = Reinstatement.objects.get()
    assert results[::2].count(201) in ((5,) if made.source == "api" else (0,))
    assert active(guest) == 90
