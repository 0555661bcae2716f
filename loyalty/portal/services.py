"""What the portal itself changes: the joining that waits for an e-mail address to be verified, and the language."""

from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.core.cache import cache
from django.db import transaction
from redis.exceptions import RedisError

from loyalty.lib import clock
from loyalty.lib.errors import DomainError
from loyalty.members import queries as members
from loyalty.members.errors import MemberExists
from loyalty.members.models import Member, User
from loyalty.members.services.members import join_program, update_member
from loyalty.programs.errors.moving import CannotReceive, TooManyTries
from loyalty.programs.queries.programs import program_by_code
from loyalty.programs.services.moving import receiver_of

A_DAY = 86_400  # seconds
MISSES = 20  # addresses of nobody that a member may try in a day
BRAND = "brand"
JOINING = "joining"


@dataclass(frozen=True, slots=True)
class Joining:
    """A membership asked for by someone whose address is not proved yet. `texts`: purpose → version they read."""

    program: str
    email: str
    name: str
    language: str
    consents: dict[str, bool]
    texts: dict[str, int]
    invited_by: str = ""


def remember_brand(session: SessionBase, code: str) -> None:
    """Whose pages someone is on, for the pages of signing in that cannot carry it in their address."""
    if session.get(BRAND) != code:
        session[BRAND] = code


def keep_joining(session: SessionBase, joining: Joining) -> None:
    """Hold on to what someone asked for and agreed to until their address is verified."""
    session[JOINING] = asdict(joining)


def pop_joining(session: SessionBase) -> Joining | None:
    """What was kept, once."""
    kept: dict[str, Any] | None = session.pop(JOINING, None)
    return Joining(**kept) if kept else None


def finish_joining(user: User, joining: Joining) -> Member | None:
    """Make the membership that `user`, whose address is verified by now, asked for.

    None when it cannot be: someone else signed in meanwhile, the texts are other ones by now, the program closed. They
    then find the program's page, where they can join with the words as they are.
    """
    if user.email.lower() != joining.email.lower() or not members.has_verified(user, user.email):
        return None
    try:
        program = program_by_code(joining.program)
        if {text.purpose: text.version for text in members.current_texts(program)} != joining.texts:
            return None
        return join_program(
            program,
            user,
            consents=joining.consents,
            actor=f"user:{user.pk}",
            name=joining.name,
            language=joining.language,
            referred_by=members.referrer_of(program, joining.invited_by) if joining.invited_by else None,
        )
    except DomainError:
        return None


def carry_address(user: User, email: str) -> None:
    """Tell the programs a proved address; a membership keeps its own where another member has the new one."""
    for member in members.memberships_of(user):
        with suppress(MemberExists):
            update_member(member, actor=f"user:{user.pk}", email=email)


@transaction.atomic
def save_profile(member: Member, *, actor: str, **changes: Any) -> Member:
    """Write what members may change about themselves; the language is also that of their sign-in.

    Raises MemberExists, BadMemberData.
    """
    fresh = update_member(member, actor=actor, **changes)
    language = changes.get("language")
    if language and member.user_id:
        User.objects.filter(pk=member.user_id).update(language=language)
    return fresh


def ensure_receiver(member: Member, to: str) -> None:
    """There is somebody to send points to at this number, card or address. Raises CannotReceive, and TooManyTries for
    those who try out who is a member. Without the cache nothing is counted."""
    name = f"send-misses:{member.pk}:{clock.now():%Y%m%d}"
    if _counted(name, 0) >= MISSES:
        raise TooManyTries
    try:
        receiver_of(member, to)
    except CannotReceive:
        _counted(name, 1)
        raise


def _counted(name: str, more: int) -> int:
    try:
        cache.add(name, 0, A_DAY)
        return cache.incr(name, more)
    except (RedisError, OSError, ValueError):
        return 0
