"""What the portal itself changes: the joining that waits for an e-mail address to be verified, and the language."""

from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction

from loyalty.lib.errors import DomainError
from loyalty.members import queries as members
from loyalty.members.errors import MemberExists
from loyalty.members.models import Member, User
from loyalty.members.services.members import join_program, update_member
from loyalty.programs.queries.programs import program_by_code

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
