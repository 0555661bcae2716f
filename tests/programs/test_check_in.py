"""Checking in at stores and events."""

from datetime import timedelta

import pytest

from loyalty.members.errors import MemberNotActive
from loyalty.members.services.members import update_member
from loyalty.programs.errors.activities import AlreadyCheckedIn, PlaceClosed
from loyalty.programs.services.checkins import archive_place, check_in
from tests.factories_of_activities import PlaceFactory
from tests.till import AT, active, earned, rule

pytestmark = pytest.mark.django_db


@pytest.fixture
def store(world):
    rule(world.aurora, "For coming by", trigger="visit", effect="fixed", points=5)
    rule(world.aurora, "For coming", trigger="event", effect="fixed", points=40)
    return PlaceFactory(program=world.aurora)


def test_once_a_day_in_a_store(world, store):
    assert earned(check_in(store, world.ada, actor="m", at=AT)) == {"points": 5}
    with pytest.raises(AlreadyCheckedIn):
        check_in(store, world.ada, actor="m", at=AT + timedelta(hours=2))
    check_in(PlaceFactory(program=world.aurora), world.ada, actor="m", at=AT)
    check_in(store, world.ada, actor="m", at=AT + timedelta(days=1))
    check_in(store, world.ben, actor="m", at=AT)
    assert (active(world.ada), active(world.ben)) == (15, 5)


def test_once_at_an_event_within_its_time(world, store):
    party = PlaceFactory(program=world.aurora, kind="event", starts_at=AT, ends_at=AT + timedelta(days=2))
    for closed in (AT - timedelta(seconds=1), AT + timedelta(days=2)):
        with pytest.raises(PlaceClosed):
            check_in(party, world.ada, actor="m", at=closed)
    check_in(party, world.ada, actor="m", at=AT)
    with pytest.raises(AlreadyCheckedIn):
        check_in(party, world.ada, actor="m", at=AT + timedelta(days=1))
    assert active(world.ada) == 40


def test_whoever_is_blocked_is_refused(world, store):
    with pytest.raises(MemberNotActive):
        check_in(store, update_member(world.ada, actor="t", status="blocked"), actor="m", at=AT)


def test_archiving_is_signed_and_harmless_twice(world, store):
    assert archive_place(store, actor="staff:1").is_archived
    assert archive_place(store, actor="staff:1").history.count() == 2
