"""Places where members check in."""

from datetime import datetime

from loyalty.members.models import Member
from loyalty.programs.errors.activities import UnknownPlace
from loyalty.programs.models.checkins import Place
from loyalty.programs.models.program import Program
from loyalty.programs.queries.in_force import in_force_of
from loyalty.programs.queries.occasions import is_recorded
from loyalty.programs.rules.days import local_day
from loyalty.programs.rules.rotating import code_for, is_current, step_of


def place_by_code(program: Program, code: str) -> Place:
    """The place in use. Raises UnknownPlace."""
    place = next((each for each in _in_force(program) if each.code == code), None)
    if place is None:
        raise UnknownPlace
    place.secret = Place.objects.values_list("secret", flat=True).get(pk=place.pk)  # no version knows it
    return place


def code_shown(place: Place, at: datetime) -> str:
    """The code that the place shows at `at`."""
    return code_for(place.secret, step_of(at))


def is_shown(place: Place, code: str, at: datetime) -> bool:
    """Whether somebody who has `code` stands before it now."""
    return is_current(place.secret, code, at)


def is_open(place: Place, at: datetime) -> bool:
    """Whether one can check in at `at`."""
    return (place.starts_at is None or place.starts_at <= at) and (place.ends_at is None or at < place.ends_at)


def is_over(place: Place, at: datetime) -> bool:
    """Whether nobody can check in any more."""
    return place.ends_at is not None and at >= place.ends_at


def key_of(place: Place, member: Member, at: datetime) -> str:
    """What a check-in is known by: a day in a store, an event as a whole."""
    key = f"{place.kind}:{place.pk}:{member.number}"
    if place.kind == Place.Kind.EVENT:
        return key
    return f"{key}:{local_day(at, place.program.time_zone):%Y-%m-%d}"


def has_checked_in(place: Place, member: Member, at: datetime) -> bool:
    """Whether the member was there before: today, or at this event."""
    return is_recorded(place.program, key_of(place, member, at))


def places_of(program: Program) -> list[Place]:
    """The places in use, by name; their secrets are not among what is known of them."""
    return sorted(_in_force(program), key=lambda place: (place.name, place.pk))


def _in_force(program: Program) -> list[Place]:
    found: list[Place] = in_force_of(program.pk, "places")
    for place in found:
        place.program = program
    return found
