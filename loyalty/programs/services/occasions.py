"""What Laurel itself notices of members: complete profiles, birthdays, anniversaries, opening the app, videos."""

import logging
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from loyalty.lib import clock
from loyalty.lib.errors import Busy, DomainError
from loyalty.members.models import Member
from loyalty.programs.errors.activities import ReceiptReused
from loyalty.programs.models.program import Program
from loyalty.programs.queries.in_force import as_published
from loyalty.programs.queries.occasions import (
    ANNIVERSARY,
    BIRTHDAY,
    ORIGIN,
    Occasion,
    is_recorded,
    missing_from_profile,
    occasions_on,
    paying_types,
)
from loyalty.programs.rules.days import local_day, start_of_day
from loyalty.programs.rules.occasions import days_back_from
from loyalty.programs.services.activities import record_activity
from loyalty.programs.services.checks import ensure_text
from loyalty.programs.services.facts import NOTHING, ActivityFacts, Recorded
from loyalty.programs.services.transactions import turn_of

logger = logging.getLogger(__name__)


def record_once(
    member: Member,
    type: str,
    key: str,
    *,
    actor: str,
    at: datetime | None = None,
    attributes: Mapping[str, Any] = NOTHING,
) -> Recorded | None:
    """Record an activity whose identity is `key`, for ever once; None when it was recorded before, at whatever time.

    Raises ProgramClosed, MemberNotActive, WrongAttributes.
    """
    if is_recorded(member.program, key):
        return None
    facts = ActivityFacts(source=ORIGIN, id=key, type=type, member=member, at=at or clock.now(), attributes=attributes)
    try:
        recorded = record_activity(member.program, facts, actor=actor)
    except ReceiptReused:  # by someone else, this very moment
        return None
    return None if recorded.replayed else recorded


def complete_profile(member_id: int, *, actor: str) -> Recorded | None:
    """The reward for a complete profile, once; None while something is missing, or when it was given."""
    member = Member.objects.select_related("program").active().filter(pk=member_id).first()
    if member is None or missing_from_profile(member) or not member.program.is_active:
        return None
    return record_once(member, "profile", f"profile:{member.number}", actor=actor)


def open_app(member: Member, *, actor: str, at: datetime | None = None) -> Recorded | None:
    """The member looked into the app; once a day of the program's zone."""
    at = at or clock.now()
    day = local_day(at, as_published(member.program).time_zone)
    return record_once(member, "app_open", f"app_open:{member.number}:{day:%Y-%m-%d}", at=at, actor=actor)


def watch_video(member: Member, video: str, *, actor: str, at: datetime | None = None) -> Recorded | None:
    """The member watched a video to its end; every video once. Raises WrongFacts."""
    ensure_text("video", video, 100, needed=True)
    key = f"video:{member.number}:{sha256(video.encode()).hexdigest()[:32]}"
    return record_once(member, "video", key, at=at, attributes={"video": video}, actor=actor)


def celebrate(*, program: Program | None = None, at: datetime | None = None, wait: bool = False) -> int:
    """Record the birthdays and anniversaries of today, and of days that a run missed; returns how many.

    Only where a rule pays for them. Days are those of each program's zone; each is kept once a year, however often the
    job runs. What joined later than the day, or is not a year old, waits for the next one.
    """
    at, kept = at or clock.now(), 0
    with turn_of("celebrate", wait=wait) as is_ours:
        for each in map(as_published, _programs(program) if is_ours else ()):
            days = days_back_from(local_day(at, each.time_zone))
            for type in sorted({BIRTHDAY, ANNIVERSARY} & paying_types(each)):
                kept += sum(_keep(occasion) for occasion in occasions_on(each, type, days))
    return kept


def _programs(program: Program | None) -> list[Program]:
    return list(Program.objects.filter(is_active=True).order_by("pk")) if program is None else [program]


def _keep(occasion: Occasion) -> bool:
    """One member's day, in a transaction of its own; one who cannot be served stops nobody."""
    member = occasion.member
    at = start_of_day(occasion.day, as_published(member.program).time_zone)
    attributes = {"years": occasion.years} if occasion.type == ANNIVERSARY else NOTHING
    try:
        made = record_once(member, occasion.type, occasion.key, at=at, attributes=attributes, actor="job:celebrate")
    except Busy:
        raise
    except DomainError as error:
        logger.warning("%s of member %s is not recorded: %s", occasion.type, member.pk, error.code)
        return False
    return made is not None
