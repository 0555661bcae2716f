"""Writing one row: who did it, whether its fields are sound, what the database says."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Model

from loyalty.members import errors, queries, rules
from loyalty.members.models import Member

WHO_EXISTS = {"member_external_id": "external_id", "member_email_any_case": "email", "member_user_once": "user"}
# What `update_member` may change; everything else has a service of its own or never changes.
CHANGEABLE = frozenset("external_id email phone name birth_date language attributes status".split())


def sign[Row: Model](row: Row, actor: str) -> Row:
    """Name who does it in the row's history."""
    row._change_reason = actor[:100]  # type: ignore[attr-defined]
    return row


def locked(member: Member) -> Member:
    return Member.objects.select_for_update(of=("self",), no_key=True).select_related("program").get(pk=member.pk)


def ensure_sound(member: Member) -> None:
    """Bring the member's data into the form we keep, and refuse what no database column or mail server takes."""
    member.email = member.email.strip().lower()
    member.language = rules.nearest_language(member.language, queries.OFFERED)
    for name in CHANGEABLE:
        rules.ensure_storable(name, getattr(member, name))
    ensure_fields(member, "program", "user", "referred_by", "number", "referral_code")


def ensure_fields(row: Model, *besides: str) -> None:
    try:
        row.clean_fields(exclude=set(besides))
    except ValidationError as error:
        name, messages = next(iter(error.message_dict.items()))
        raise errors.BadMemberData(messages[0], field=name) from error


def is_saved(member: Member, **how: Any) -> bool:
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
