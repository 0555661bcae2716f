"""Joining, changing and linking members, one at a time."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from loyalty.lib import clock
from loyalty.members import errors, queries, rules
from loyalty.members.events import MemberEnrolled, MemberUpdated
from loyalty.members.models import Card, Member, User
from loyalty.members.services.consents import record_consents
from loyalty.members.services.rows import CHANGEABLE, ensure_sound, is_saved, locked, sign
from loyalty.outbox.services import publish

ATTEMPTS = 5


@transaction.atomic
def enrol_member(
    program: rules.AnyProgram,
    *,
    actor: str,
    external_id: str = "",
    email: str = "",
    phone: str = "",
    name: str = "",
    language: str = "",
    birth_date: date | None = None,
    channel: str = "",
    referred_by: Member | None = None,
    consents: Mapping[str, bool] | None = None,
    user: User | None = None,
    attributes: dict[str, Any] | None = None,
    at: datetime | None = None,
) -> Member:
    """A new member with a number, a card and a referral code.

    `consents` are recorded as given; whether the required ones are among them is asked by `join_program`.
    Raises MemberExists (its `field` says by what), ProgramClosed, BadMemberData, UnknownPurpose.
    """
    member = Member(
        program_id=program.pk, external_id=external_id, email=email, phone=phone, name=name, language=language,
        birth_date=birth_date, channel=channel, referred_by=referred_by, user=user, attributes=attributes or {},
        joined_at=at or clock.now(),
    )  # fmt: skip
    _ensure_may_join(program, member)
    ensure_sound(member)
    _insert(member, actor)
    Card.objects.create(member=member, program_id=program.pk, code=member.number)
    if consents:
        record_consents(member, consents, actor=actor, source=channel, at=at)
    publish(_enrolled(member))
    return member


def _ensure_may_join(program: rules.AnyProgram, member: Member) -> None:
    if not program.is_active:
        raise errors.ProgramClosed
    if member.referred_by and member.referred_by.program_id != program.pk:
        raise errors.BadMemberData(_("The member who invited belongs to another program."), field="referred_by")


def _insert(member: Member, actor: str) -> None:
    """Save a new member under numbers that nobody has; the database decides, we roll the dice again."""
    sign(member, actor)
    for _attempt in range(ATTEMPTS):
        member.number, member.referral_code = rules.new_number(), rules.new_referral_code()
        if is_saved(member):
            return
    raise RuntimeError("no free member number in five attempts")


def _enrolled(member: Member) -> MemberEnrolled:
    return MemberEnrolled(member.program_id, member.pk, member.channel, member.referred_by_id, member.joined_at)


@transaction.atomic
def join_program(
    program: rules.AnyProgram,
    user: User,
    *,
    consents: Mapping[str, bool],
    actor: str,
    name: str = "",
    language: str = "",
    channel: str = "portal",
    referred_by: Member | None = None,
) -> Member:
    """Someone who signed in becomes a member, and agrees to what membership needs.

    A membership that a till or an import made under the same e-mail address becomes theirs, if they have proved the
    address; a membership that they left is taken up again; one that they have is returned as it is.
    Raises ConsentNeeded (details: purposes), ProgramClosed, MemberExists, UnknownPurpose.
    """
    needed = [text.purpose for text in queries.current_texts(program) if text.is_required]
    if missing := [purpose for purpose in needed if not consents.get(purpose)]:
        raise errors.ConsentNeeded(purposes=missing)
    member = _found_for(program, user)
    if member is None:
        return enrol_member(
            program, actor=actor, user=user, email=user.email, name=name or user.name,
            language=language or user.language, channel=channel, referred_by=referred_by, consents=consents,
        )  # fmt: skip
    if not program.is_active:
        raise errors.ProgramClosed
    if member.status == Member.Status.LEFT:
        member = update_member(member, actor=actor, status=Member.Status.ACTIVE)
    record_consents(member, consents, actor=actor, source=channel)
    return member


def _found_for(program: rules.AnyProgram, user: User) -> Member | None:
    """The membership of `user`, linked now if it was waiting under their address."""
    member = Member.objects.of(program).filter(user=user).first()
    if member is None and queries.has_verified(user, user.email):
        member = Member.objects.of(program).filter(user=None, email__iexact=user.email).first()
        return link_user(member, user, actor=f"user:{user.pk}") if member else None
    return member


@transaction.atomic
def update_member(member: Member, *, actor: str, **changes: Any) -> Member:
    """Change what is known about a member; returns the member as it is now. Writes only what differs.

    `changes`: external_id, email, phone, name, birth_date, language, attributes (replaced whole), status.
    Raises MemberExists, BadMemberData.
    """
    if unknown := changes.keys() - CHANGEABLE:
        raise TypeError(f"update_member does not change {', '.join(sorted(unknown))}")
    fresh = locked(member)
    before = {name: getattr(fresh, name) for name in changes}
    for name, value in changes.items():
        setattr(fresh, name, value)
    ensure_sound(fresh)
    changed = sorted(name for name, value in before.items() if getattr(fresh, name) != value)
    if changed:
        sign(fresh, actor)
        is_saved(fresh, update_fields=changed)
        publish(MemberUpdated(fresh.program_id, fresh.pk, tuple(changed)))
    return fresh


@transaction.atomic
def link_user(member: Member, user: User, *, actor: str) -> Member:
    """From now on `user` signs in for this member. The caller has made sure that it is the same person.

    Raises AlreadyLinked if someone else does, MemberExists if `user` has another membership in the program.
    """
    fresh = locked(member)
    if fresh.user_id == user.pk:
        return fresh
    if fresh.user_id is not None:
        raise errors.AlreadyLinked
    fresh.user = user
    sign(fresh, actor)
    is_saved(fresh, update_fields=["user"])
    publish(MemberUpdated(fresh.program_id, fresh.pk, ("user",)))
    return fresh
