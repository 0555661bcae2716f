"""Checking in at a store or an event, and the places as staff keep them."""

from datetime import datetime

from django.db import transaction

from loyalty.lib import clock
from loyalty.members.models import Member
from loyalty.members.services.rows import sign
from loyalty.programs.errors.activities import AlreadyCheckedIn, PlaceClosed
from loyalty.programs.models.checkins import Place
from loyalty.programs.queries.checkins import is_open, key_of
from loyalty.programs.services.facts import Recorded
from loyalty.programs.services.occasions import record_once


def check_in(place: Place, member: Member, *, actor: str, at: datetime | None = None) -> Recorded:
    """The member is at the place; whoever calls has seen the code that it showed.

    Once a day in a store, once at an event. Raises AlreadyCheckedIn, PlaceClosed, MemberNotActive, ProgramClosed.
    """
    at = at or clock.now()
    if not is_open(place, at):
        raise PlaceClosed
    recorded = record_once(
        member, place.kind, key_of(place, member, at), at=at, attributes={"place": place.code}, actor=actor
    )
    if recorded is None:
        raise AlreadyCheckedIn
    return recorded


@transaction.atomic
def save_place(place: Place, *, actor: str) -> Place:
    """A place as it is now."""
    sign(place, actor).save()
    return place


@transaction.atomic
def archive_place(place: Place, *, is_archived: bool = True, actor: str) -> Place:
    """Out of use, or back into it. Harmless twice."""
    fresh = Place.objects.select_for_update(no_key=True).get(pk=place.pk)
    if fresh.is_archived != is_archived:
        fresh.is_archived = is_archived
        save_place(fresh, actor=actor)
    return fresh
