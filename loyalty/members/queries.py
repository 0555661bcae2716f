"""Finding members, their consents, the keys of tills, and what the staff may do. Nothing here writes."""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db.models import Count, Max, Min, Model, Q, QuerySet
from django.forms.models import model_to_dict

from loyalty.lib.prepared import rows_of
from loyalty.members import rules
from loyalty.members.errors import UnknownMember
from loyalty.members.models import ApiKey, Card, Consent, ConsentText, Member, StaffAccess, User

OFFERED = tuple(code for code, _name in settings.LANGUAGES)


@dataclass(frozen=True, slots=True)
class MemberRef:
    """What an import needs to know of a member: its row, and its random id in the ledger."""

    id: int
    subject: UUID


@dataclass(frozen=True, slots=True)
class Credential:
    """A live key of a till. `config_version` numbers the program's configuration, so that it need not be read again.

    `member` is whom the request is about, where its address names one.
    """

    member: MemberRef | None
    pk: int
    program_id: int
    scopes: list[str]
    last_used_on: date | None
    config_version: int


@dataclass(frozen=True, slots=True)
class ConsentChoice:
    """One purpose as a form asks for it. `is_granted` None: never asked; `is_newest` False: agreed to older words."""

    purpose: str
    text: ConsentText
    is_required: bool
    is_granted: bool | None
    decided_at: datetime | None
    is_newest: bool


def member_by_number(program: rules.AnyProgram, number: str) -> Member:
    """The member of `program` with this number, however it is spaced. Raises UnknownMember."""
    code = rules.normal_code(number)
    member = Member.objects.of(program).select_related("program").filter(number=code).first()
    if member is None or not rules.is_number(code):
        raise UnknownMember
    return member


# Ladders live one floor up, and this floor may not know their models. What is published counts, the rows where nothing
# is. Without a standing a member is on the rung that starts at nothing, if there is one.
TIERS = """
WITH members AS (SELECT id, program_id FROM loyalty_member WHERE id = ANY (%s)),
rungs AS MATERIALIZED (
    SELECT p.id AS program_id, t.tier_set_id, t.id AS tier_id, t.code, t.threshold
    FROM loyalty_program p
    JOIN LATERAL (SELECT s.id FROM loyalty_tierset s WHERE s.program_id = p.id AND NOT s.is_archived
                  ORDER BY s.position, s.id LIMIT 1) l ON true
    JOIN loyalty_tier t ON t.tier_set_id = l.id
    WHERE p.id IN (SELECT program_id FROM members) AND (p.published_id IS NULL OR p.publishing = 'at_once')
    UNION ALL
    SELECT p.id, (v.places -> 'tier_sets' ->> (l.ladder ->> 'code'))::bigint,
           (v.places -> 'tiers' ->> concat(l.ladder ->> 'code', '/', t.tier ->> 'code'))::bigint, t.tier ->> 'code',
           (t.tier ->> 'threshold')::numeric
    FROM loyalty_program p
    JOIN loyalty_programversion v ON v.id = p.published_id
    JOIN LATERAL (SELECT e.ladder FROM jsonb_array_elements(v.document -> 'tier_sets') WITH ORDINALITY e (ladder, place)
                  ORDER BY (e.ladder ->> 'position')::int, e.place LIMIT 1) l ON true
    CROSS JOIN LATERAL jsonb_array_elements(l.ladder -> 'tiers') t (tier)
    WHERE p.id IN (SELECT program_id FROM members) AND p.publishing <> 'at_once'
)
SELECT m.id, r.code FROM members m JOIN rungs r ON r.program_id = m.program_id
LEFT JOIN loyalty_tierstanding h ON h.tier_set_id = r.tier_set_id AND h.member_id = m.id
WHERE CASE WHEN h.id IS NULL THEN r.threshold = 0 ELSE r.tier_id = h.tier_id END"""


def tier_codes_of(members: Iterable[Member]) -> dict[int, str]:
    """The code of each member's tier on the first ladder of their program, by member id."""
    return dict(rows_of(TIERS, [member.pk for member in members]))


def find_member(program: rules.AnyProgram, *, external_id: str = "", email: str = "", card: str = "") -> Member | None:
    """The member who fits everything that is given (at least one thing); None if there is no such member."""
    found = Member.objects.of(program).select_related("program")
    if external_id:
        found = found.filter(external_id=external_id)
    if email:
        found = found.filter(email__iexact=email.strip())
    if card:
        codes = {card, rules.normal_code(card)}
        cards = Card.objects.filter(program_id=program.pk, code__in=codes, is_active=True)
        found = found.filter(pk__in=cards.values("member_id"))
    return found.first() if external_id or email or card else None


def members_of(program: rules.AnyProgram, *, after: int = 0, limit: int) -> list[Member]:
    """Members of `program` in the order in which they joined, those after the row with the id `after`."""
    found = Member.objects.of(program).filter(pk__gt=after).select_related("program")
    return list(found.order_by("pk")[:limit])


def members_by_external_id(program: rules.AnyProgram, external_ids: Iterable[str]) -> dict[str, MemberRef]:
    """The known ones among the brand's own ids of customers; one statement, so give it a slice of thousands."""
    rows = Member.objects.of(program).filter(external_id__in=list(external_ids))
    return {key: MemberRef(pk, subject) for key, pk, subject in rows.values_list("external_id", "id", "subject")}


def members_matching(program: rules.AnyProgram, text: str) -> QuerySet[Member]:
    """The members whom staff may mean by `text`, newest first: a part of the name, e-mail address or own id of at least
    three letters, or exactly the number, the own id or a card. Never reads the whole table.
    """
    text = text.strip()
    codes = {text, rules.normal_code(text)}
    cards = Card.objects.filter(program_id=program.pk, code__in=codes).values_list("member_id", flat=True)
    wanted = Q(number__in=codes) | Q(external_id=text) | Q(pk__in=list(cards[:20]))
    if len(text) >= 3:
        wanted |= Q(name__icontains=text) | Q(email__icontains=text) | Q(external_id__icontains=text)
    return Member.objects.of(program).filter(wanted).select_related("program").order_by("-joined_at", "-id")


def count_members(program: rules.AnyProgram, *, after_id: int = 0) -> tuple[int, int]:
    """How many members `program` has with ids above `after_id`, those who left not counted, and the largest id."""
    members = Member.objects.of(program).filter(pk__gt=after_id)
    current = Count("pk", filter=~Q(status=Member.Status.LEFT))
    found = members.aggregate(count=current, newest=Max("pk"))
    return found["count"], found["newest"] or after_id


def referrer_of(program: rules.AnyProgram, code: str) -> Member | None:
    """The active member whose referral code or member number someone typed in."""
    code = rules.normal_code(code)
    return Member.objects.of(program).active().filter(Q(referral_code=code) | Q(number=code)).first()


def member_meant(program: rules.AnyProgram, text: str) -> Member | None:
    """The active member whom another one means by a member number, a card or an e-mail address."""
    text = text.strip()
    by = {"email": text} if "@" in text else {"card": text}
    found = find_member(program, **by) if text else None
    if found is None and text and "@" not in text:
        numbered = Member.objects.of(program).select_related("program")
        found = numbered.filter(number=rules.normal_code(text)).first()
    return found if found and found.status == Member.Status.ACTIVE else None


def email_changed_at(member: Member) -> datetime | None:
    """When the member's e-mail address became what it is, if it was another one before; None otherwise."""
    past = member.history.order_by("-history_date", "-history_id")
    before = past.exclude(email__in=[member.email, ""]).first()
    if before is None:
        return None
    since = past.filter(history_date__gte=before.history_date, email=member.email)
    return since.exclude(history_id__lte=before.history_id).aggregate(at=Min("history_date"))["at"]


def membership_of(user: User, program_code: str) -> Member | None:
    """The membership by which `user` may open the pages of this program."""
    return memberships_of(user).filter(program__code=program_code).first()


def memberships_of(user: User) -> QuerySet[Member]:
    """All programs that `user` is a member of, blocked ones too, those they left not."""
    current = Member.objects.filter(user=user).exclude(status=Member.Status.LEFT)
    return current.select_related("program").order_by("program__name")


def has_verified(user: User, email: str) -> bool:
    """Whether `user` has proved that this e-mail address is theirs."""
    return EmailAddress.objects.filter(user=user, email__iexact=email, verified=True).exists()


def card_of(member: Member) -> Card | None:
    """The card that the portal shows: the newest active one."""
    return member.cards.filter(is_active=True).order_by("-id").first()


def language_of(member: Member) -> str:
    """The language to write to a member in: their own, else their sign-in's, else the program's first, else ours."""
    user = member.user.language if member.user else ""
    wishes = (member.language, user, *member.program.languages, settings.LANGUAGE_CODE)
    return next(language for wish in wishes if (language := rules.nearest_language(wish, OFFERED)))


def address_of(member: Member) -> str:
    """Where e-mail reaches the member; empty when nowhere."""
    return member.email or (member.user.email if member.user else "")


# --- Consents -------------------------------------------------------------------------------------------------


def current_texts(program: rules.AnyProgram) -> list[ConsentText]:
    """What members of `program` are asked to agree to now, required ones first."""
    texts = ConsentText.objects.filter(program_id=program.pk, is_current=True)
    return list(texts.order_by("-is_required", "purpose"))


def consents_of(member: Member) -> dict[str, Consent]:
    """The decision in force for each purpose that the member ever decided on, with its text."""
    newest = member.consents.select_related("text").order_by("purpose", "-at", "-id").distinct("purpose")
    return {consent.purpose: consent for consent in newest}


def decisions_of(members: Iterable[Member]) -> dict[int, dict[str, bool]]:
    """The decisions in force of many members, in one statement: member id → purpose → granted."""
    found = Consent.objects.filter(member__in=list(members)).order_by("member_id", "purpose", "-at", "-id")
    decided: dict[int, dict[str, bool]] = {}
    newest = found.distinct("member_id", "purpose").values_list("member_id", "purpose", "is_granted")
    for pk, purpose, is_granted in newest:
        decided.setdefault(pk, {})[purpose] = is_granted
    return decided


def has_consent(member: Member, purpose: str) -> bool:
    """Whether the member agrees to `purpose` now."""
    decided = member.consents.filter(purpose=purpose).order_by("-at", "-id").first()
    return decided is not None and decided.is_granted


def consent_choices(program: rules.AnyProgram, member: Member | None = None) -> list[ConsentChoice]:
    """Every purpose that `program` asks for, with what `member` decided so far."""
    decided = consents_of(member) if member else {}
    return [_choice(text, decided.get(text.purpose)) for text in current_texts(program)]


def _choice(text: ConsentText, decided: Consent | None) -> ConsentChoice:
    return ConsentChoice(
        purpose=text.purpose,
        text=text,
        is_required=text.is_required,
        is_granted=decided.is_granted if decided else None,
        decided_at=decided.at if decided else None,
        is_newest=decided is not None and decided.text_id == text.pk,
    )


# --- Keys and staff ---------------------------------------------------------------------------------------------


KEY = "SELECT * FROM members_credential(%s, %s)"


def api_key_for(secret: str, number: str = "") -> Credential | None:
    """The live key that a till presents; None for a wrong or revoked one.

    With `number` also the member of the key's program that the request is about: tills ask this all day, so it is one
    statement.
    """
    [(digest, member_id, subject, *key)] = rows_of(KEY, rules.prefix_of(secret), rules.normal_code(number))
    # An unknown prefix is compared too, so that the time tells nobody which prefixes exist.
    if not hmac.compare_digest(digest or "0" * 64, rules.digest_of(secret)):
        return None
    return Credential(MemberRef(member_id, subject) if member_id else None, *key)


def program_of(credential: Credential) -> Any:
    """The program that a key belongs to."""
    return ApiKey.objects.select_related("program").get(pk=credential.pk).program


def access_of(user: User) -> dict[int, frozenset[str]]:
    """Program id → permissions of one of the staff there. One query, remembered on the user object."""
    if not (user.is_active and user.is_staff):
        return {}
    if not hasattr(user, "_staff_access"):
        user._staff_access = _read_access(user)  # type: ignore[attr-defined]
    return user._staff_access  # type: ignore[attr-defined]


def _read_access(user: User) -> dict[int, frozenset[str]]:
    permission = "role__permissions"
    fields = (f"{permission}__content_type__app_label", f"{permission}__codename")
    granted: dict[int, set[str]] = {}
    for program, app, codename in StaffAccess.objects.filter(user=user).values_list("program_id", *fields):
        granted.setdefault(program, set()).add(f"{app}.{codename}")
    return {program: frozenset(permissions) for program, permissions in granted.items()}


def programs_for_staff(user: User, permission: str | None = None) -> QuerySet[Any]:
    """The programs that `user` works on, or those where they have `permission` (`loyalty.change_wallet`)."""
    programs = StaffAccess._meta.get_field("program").related_model._default_manager.all()
    if user.is_active and user.is_superuser:
        return programs
    access = access_of(user).items()
    return programs.filter(pk__in=[pk for pk, granted in access if permission is None or permission in granted])


def can(user: User, permission: str, program: Model | rules.AnyProgram) -> bool:
    """Whether `user` may do `permission` in `program`."""
    if user.is_active and user.is_superuser:
        return True
    return permission in access_of(user).get(program.pk, frozenset())


def may_act(actor: str, permission: str, program: Model | rules.AnyProgram) -> bool:
    """Whether `actor`, as services write people down ("staff:12"), is one of the staff with `permission` there."""
    kind, _colon, number = actor.partition(":")
    if kind != "staff" or not number.isdecimal():
        return False
    user = User.objects.filter(pk=number).first()
    return user is not None and can(user, permission, program)


# --- The person's own data ----------------------------------------------------------------------------------------


def data_of(member: Member) -> dict[str, Any]:
    """Everything this floor holds about the person, as plain values, for them to take away."""
    hidden = {"id", "program", "user", "subject", "referred_by"}
    own = {name: value for name, value in model_to_dict(member).items() if name not in hidden}
    past = member.history.order_by("history_date", "history_id")
    changes = past.values("history_date", "name", "email", "phone", "birth_date", "language", "attributes")
    consents = member.consents.order_by("at", "id")
    return {
        "member": own | {"program": member.program.code, "joined_at": member.joined_at, "subject": member.subject},
        "sign_in": {"email": member.user.email, "name": member.user.name} if member.user else None,
        "cards": list(member.cards.order_by("id").values("code", "is_active", "created_at")),
        "consents": list(consents.values("purpose", "is_granted", "at", "source", "text__version", "text__text")),
        "history": list(changes),
    }
