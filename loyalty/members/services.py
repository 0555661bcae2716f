"""Every change to members, consents, sign-ins, keys and staff. `actor` is text such as "staff:12" or "api:3"."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import batched
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Model, Q
from django.utils.translation import gettext as _

from loyalty.lib import clock
from loyalty.members import errors, queries, rules
from loyalty.members.events import ConsentsChanged, MemberEnrolled, MemberUpdated
from loyalty.members.models import ApiKey, Card, Consent, ConsentText, Member, StaffAccess, User
from loyalty.outbox.services import publish, publish_many

SLICE = 5_000
ATTEMPTS = 5
# What `update_member` may change; everything else has a service of its own or never changes.
CHANGEABLE = frozenset("external_id email phone name birth_date language attributes status".split())
WHO_EXISTS = {"member_external_id": "external_id", "member_email_any_case": "email", "member_user_once": "user"}


@dataclass(frozen=True, slots=True)
class EnrolledMany:
    """Of one `enrol_many`: how many are new, and every customer that was asked for, by the brand's own id."""

    enrolled: int
    members: dict[str, queries.MemberRef]


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new API key. `secret` is shown once; only its hash is kept."""

    api_key: ApiKey
    secret: str


def _sign[Row: Model](row: Row, actor: str) -> Row:
    """Name who does it in the row's history."""
    row._change_reason = actor[:100]  # type: ignore[attr-defined]
    return row


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
    _ensure_sound(member)
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


def _ensure_sound(member: Member) -> None:
    """Bring the member's data into the form we keep, and refuse what no database column or mail server takes."""
    member.email = member.email.strip().lower()
    member.language = rules.nearest_language(member.language, queries.OFFERED)
    for name in CHANGEABLE:
        rules.ensure_storable(name, getattr(member, name))
    _ensure_fields(member, "program", "user", "referred_by", "number", "referral_code")


def _ensure_fields(row: Model, *besides: str) -> None:
    try:
        row.clean_fields(exclude=set(besides))
    except ValidationError as error:
        name, messages = next(iter(error.message_dict.items()))
        raise errors.BadMemberData(messages[0], field=name) from error


def _insert(member: Member, actor: str) -> None:
    """Save a new member under numbers that nobody has; the database decides, we roll the dice again."""
    _sign(member, actor)
    for _attempt in range(ATTEMPTS):
        member.number, member.referral_code = rules.new_number(), rules.new_referral_code()
        if _is_saved(member):
            return
    raise RuntimeError("no free member number in five attempts")


def _is_saved(member: Member, **how: Any) -> bool:
    """Whether the row could be written; False when a random number was taken. Raises MemberExists."""
    try:
        with transaction.atomic():
            member.save(**how)
    except IntegrityError as error:
        constraint = error.__cause__.diag.constraint_name or ""  # type: ignore[union-attr]
        if constraint in WHO_EXISTS:
            raise errors.MemberExists(field=WHO_EXISTS[constraint]) from error
        if "number" in constraint or "referral_code" in constraint:
            return False
        raise
    return True


def _enrolled(member: Member) -> MemberEnrolled:
    return MemberEnrolled(member.program_id, member.pk, member.channel, member.referred_by_id, member.joined_at)


@transaction.atomic
def enrol_many(
    program: rules.AnyProgram,
    external_ids: Iterable[str],
    *,
    actor: str,
    joined_at: Mapping[str, datetime] | None = None,
) -> EnrolledMany:
    """Enrol the unknown ones among many customers, known only by the brand's own ids, a few statements per 5,000.

    `joined_at` may date them one by one, else they join now. Harmless twice and beside another import.
    The ids must be clean: not empty, at most 100 characters, no zero character. Raises ProgramClosed.
    """
    if not program.is_active:
        raise errors.ProgramClosed
    enrolled = 0
    members: dict[str, queries.MemberRef] = {}
    for wanted in batched(sorted(set(external_ids)), SLICE, strict=False):
        known = queries.members_by_external_id(program, wanted)
        unknown = [external_id for external_id in wanted if external_id not in known]
        made = _insert_many(program, unknown, actor, joined_at or {})
        enrolled += len(made)
        members |= known | queries.members_by_external_id(program, unknown)
    return EnrolledMany(enrolled, members)


def _insert_many(
    program: rules.AnyProgram, external_ids: list[str], actor: str, joined_at: Mapping[str, datetime]
) -> list[Member]:
    """Insert members, leaving out those that someone else inserted meanwhile; returns those that are ours."""
    made: list[Member] = []
    missing, now = external_ids, clock.now()
    for _attempt in range(ATTEMPTS):
        if not missing:
            break
        drafts = [_draft(program, key, joined_at.get(key, now)) for key in missing]
        Member.objects.bulk_create(drafts, ignore_conflicts=True)
        there = queries.members_by_external_id(program, missing)
        made += _with_ids(drafts, there)
        missing = [external_id for external_id in missing if external_id not in there]
    _complete(made, actor)
    return made


def _draft(program: rules.AnyProgram, external_id: str, joined_at: datetime) -> Member:
    number, code = rules.new_number(), rules.new_referral_code()
    who = {"program_id": program.pk, "external_id": external_id, "channel": "import", "joined_at": joined_at}
    return Member(**who, number=number, referral_code=code)


def _with_ids(drafts: list[Member], there: Mapping[str, queries.MemberRef]) -> list[Member]:
    """The drafts that became rows: the random subject tells ours from another import's."""
    ours = [draft for draft in drafts if (ref := there.get(draft.external_id)) and ref.subject == draft.subject]
    for draft in ours:
        draft.pk = there[draft.external_id].id
    return ours


def _complete(made: list[Member], actor: str) -> None:
    """What goes with new members: their cards, the first line of their history, the event."""
    Card.objects.bulk_create([Card(member=each, program_id=each.program_id, code=each.number) for each in made])
    Member.history.bulk_history_create(made, default_change_reason=actor[:100], default_date=clock.now())
    publish_many(_enrolled(each) for each in made)


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
    fresh = _locked(member)
    before = {name: getattr(fresh, name) for name in changes}
    for name, value in changes.items():
        setattr(fresh, name, value)
    _ensure_sound(fresh)
    changed = sorted(name for name, value in before.items() if getattr(fresh, name) != value)
    if changed:
        _sign(fresh, actor)
        _is_saved(fresh, update_fields=changed)
        publish(MemberUpdated(fresh.program_id, fresh.pk, tuple(changed)))
    return fresh


def _locked(member: Member) -> Member:
    return Member.objects.select_for_update(of=("self",), no_key=True).select_related("program").get(pk=member.pk)


@transaction.atomic
def put_consent_text(
    program: rules.AnyProgram, *, purpose: str, text: str, is_required: bool = False, actor: str
) -> ConsentText:
    """What members are asked from now on for `purpose`. New words make a new version; given consents keep theirs."""
    texts = ConsentText.objects.filter(program_id=program.pk, purpose=purpose).select_for_update(no_key=True)
    newest = texts.order_by("-version").first()
    if newest and newest.is_current and (newest.text, newest.is_required) == (text, is_required):
        return newest
    for current in texts.filter(is_current=True):
        current.is_current = False
        _sign(current, actor).save(update_fields=["is_current"])
    version = newest.version + 1 if newest else 1
    made = ConsentText(program_id=program.pk, purpose=purpose, version=version, text=text, is_required=is_required)
    _sign(made, actor).save()
    return made


@transaction.atomic
def record_consents(
    member: Member, decisions: Mapping[str, bool], *, actor: str, source: str = "", at: datetime | None = None
) -> list[Consent]:
    """Write down what a member decided, purpose by purpose, about the words in use now; returns what is new.

    Deciding the same again about the same words writes nothing. Raises UnknownPurpose, and ConsentNeeded for taking
    back what membership itself rests on.
    """
    choices = {choice.purpose: choice for choice in queries.consent_choices(_locked(member).program, member)}
    if unknown := sorted(decisions.keys() - choices.keys()):
        raise errors.UnknownPurpose(purposes=unknown)
    if refused := sorted(key for key, granted in decisions.items() if choices[key].is_required and not granted):
        raise errors.ConsentNeeded(purposes=refused)
    new = [
        Consent(member=member, text=choice.text, purpose=purpose, is_granted=granted,
                at=at or clock.now(), source=(source or actor)[:40])
        for purpose, granted in decisions.items()
        for choice in [choices[purpose]]
        if not (choice.is_newest and choice.is_granted == granted)
    ]  # fmt: skip
    if new:
        Consent.objects.bulk_create(new)
        publish(_decided(member, new))
    return new


def _decided(member: Member, consents: list[Consent]) -> ConsentsChanged:
    granted = tuple(consent.purpose for consent in consents if consent.is_granted)
    withdrawn = tuple(consent.purpose for consent in consents if not consent.is_granted)
    return ConsentsChanged(member.program_id, member.pk, granted, withdrawn, consents[0].at)


@transaction.atomic
def link_user(member: Member, user: User, *, actor: str) -> Member:
    """From now on `user` signs in for this member. The caller has made sure that it is the same person.

    Raises AlreadyLinked if someone else does, MemberExists if `user` has another membership in the program.
    """
    fresh = _locked(member)
    if fresh.user_id == user.pk:
        return fresh
    if fresh.user_id is not None:
        raise errors.AlreadyLinked
    fresh.user = user
    _sign(fresh, actor)
    _is_saved(fresh, update_fields=["user"])
    publish(MemberUpdated(fresh.program_id, fresh.pk, ("user",)))
    return fresh


@transaction.atomic
def issue_api_key(program: rules.AnyProgram, *, name: str, scopes: Iterable[str], actor: str) -> IssuedKey:
    """A new key with 160 random bits. `scopes` are names from `rules.SCOPES`, or `all`. Raises UnknownScope."""
    wanted = rules.ensure_scopes(scopes)
    prefix, secret = rules.new_secret()
    key = ApiKey(program_id=program.pk, name=name, prefix=prefix, digest=rules.digest_of(secret), scopes=wanted)
    rules.ensure_storable("name", name)
    _ensure_fields(key, "program")
    _sign(key, actor).save()
    return IssuedKey(key, secret)


@transaction.atomic
def revoke_api_key(api_key: ApiKey, *, actor: str) -> ApiKey:
    """From now on the key opens nothing; what it did stays. Harmless twice: the first instant stands."""
    if api_key.revoked_at is None:
        api_key.revoked_at = clock.now()
        _sign(api_key, actor).save(update_fields=["revoked_at"])
    return api_key


def note_key_use(key: ApiKey | queries.Credential) -> None:
    """Remember the day (UTC) on which a key was last used: one write a day, however busy the till."""
    today = clock.now().date()
    if key.last_used_on is None or key.last_used_on < today:
        unnoted = Q(last_used_on=None) | Q(last_used_on__lt=today)
        ApiKey.objects.filter(unnoted, pk=key.pk).update(last_used_on=today)


@transaction.atomic
def grant_access(user: User, program: rules.AnyProgram, role: str, *, actor: str) -> StaffAccess:
    """Let one of the staff work on `program` in `role` (a key of `rules.ROLES`), instead of any role so far."""
    if role not in rules.ROLES:
        raise errors.UnknownRole(field="role", role=role)
    whom = {"user": user, "program_id": program.pk}
    access = StaffAccess.objects.filter(**whom).first() or StaffAccess(**whom)
    access.role = Group.objects.get(name=rules.ROLE_NAMES[role])
    _sign(access, actor).save()
    if not user.is_staff:
        user.is_staff = True
        user.save(update_fields=["is_staff"])
    vars(user).pop("_staff_access", None)
    return access


@transaction.atomic
def withdraw_access(access: StaffAccess, *, actor: str) -> None:
    """One of the staff no longer works on a program; they may still sign in, and see what else they work on."""
    _sign(access, actor).delete()


@transaction.atomic
def sync_roles() -> None:
    """Give the five groups of `rules.ROLES` exactly their permissions. Runs after every migrate; harmless twice."""
    known = Permission.objects.filter(content_type__app_label="loyalty")
    by_name = {f"loyalty.{codename}": pk for pk, codename in known.values_list("pk", "codename")}
    for role, permissions in rules.ROLES.items():
        group, _made = Group.objects.get_or_create(name=rules.ROLE_NAMES[role])
        group.permissions.set([by_name[name] for name in permissions if name in by_name])
