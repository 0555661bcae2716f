"""Enrolling many customers at once, for imports."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import batched
from typing import Any
from uuid import uuid4

from django.db import connection, transaction

from loyalty.lib import clock
from loyalty.members import errors, queries, rules
from loyalty.members.events import MemberImported
from loyalty.members.models import Card, Member
from loyalty.members.services.members import ATTEMPTS
from loyalty.outbox.services import publish_many

SLICE = 5_000
CHANNEL = "import"
# What differs from one new member to the next; everything else is as the model has it by default.
OWN = {"external_id": "text", "number": "text", "referral_code": "text", "subject": "uuid", "joined_at": "timestamptz"}

# One statement per slice, since members by the ten thousand cost the ORM more than their purchases cost the database.
ENROL = """
WITH fresh AS (SELECT * FROM unnest({arrays}) AS fresh({own})),
made AS (
    INSERT INTO {member} ({own}, {common}) SELECT {own}, {defaults} FROM fresh ON CONFLICT DO NOTHING RETURNING *
),
cards AS (
    INSERT INTO {card} (member_id, program_id, code, is_active, created_at)
    SELECT id, program_id, number, true, %(now)s FROM made
),
story AS (
    INSERT INTO {history} ({told}, history_date, history_change_reason, history_type)
    SELECT {told}, %(now)s, %(reason)s, '+' FROM made
)
SELECT external_id, id, subject, joined_at FROM made
"""


@dataclass(frozen=True, slots=True)
class EnrolledMany:
    """Of one `enrol_many`: how many are new, and every customer that was asked for, by the brand's own id."""

    enrolled: int
    members: dict[str, queries.MemberRef]


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
        members |= queries.members_by_external_id(program, wanted)
        unknown = [external_id for external_id in wanted if external_id not in members]
        made, found = _enrol_slice(program, unknown, actor, joined_at or {})
        enrolled += made
        members |= found
    return EnrolledMany(enrolled, members)


def _enrol_slice(
    program: rules.AnyProgram, missing: list[str], actor: str, joined_at: Mapping[str, datetime]
) -> tuple[int, dict[str, queries.MemberRef]]:
    """How many became members here, and all of them, also those that another import enrolled meanwhile."""
    made = 0
    found: dict[str, queries.MemberRef] = {}
    for _attempt in range(ATTEMPTS):
        if not missing:
            return made, found
        rows = _insert(program, missing, actor, joined_at)
        publish_many(MemberImported(program.pk, pk, at) for _key, pk, _subject, at in rows)
        made += len(rows)
        found |= {key: queries.MemberRef(pk, subject) for key, pk, subject, _at in rows}
        found |= queries.members_by_external_id(program, [key for key in missing if key not in found])
        missing = [key for key in missing if key not in found]
    raise RuntimeError("no free member numbers in five attempts")


def _insert(
    program: rules.AnyProgram, external_ids: list[str], actor: str, joined_at: Mapping[str, datetime]
) -> list[tuple[Any, ...]]:
    """New members with card and history; left out are those whose id, or whose random number, is taken."""
    now = clock.now()
    model = Member(program_id=program.pk, channel=CHANNEL)
    with connection.cursor() as cursor:
        cursor.execute(
            _statement(),
            {
                "external_id": external_ids,
                "number": [rules.new_number() for _each in external_ids],
                "referral_code": [rules.new_referral_code() for _each in external_ids],
                "subject": [uuid4() for _each in external_ids],
                "joined_at": [joined_at.get(key, now) for key in external_ids],
                **{
                    field.column: field.get_db_prep_save(getattr(model, field.attname), connection)
                    for field in _common()
                },
                "now": now,
                "reason": actor[:100],
            },
        )
        return cursor.fetchall()


def _common() -> list[Any]:
    return [field for field in Member._meta.concrete_fields if field.column not in OWN and not field.primary_key]


@cache
def _statement() -> str:
    """The SQL for the columns that the models have, so that a new one with a default needs no change here."""
    history = Member.history.model
    return ENROL.format(
        own=", ".join(OWN),
        arrays=", ".join(f"%({name})s::{kind}[]" for name, kind in OWN.items()),
        common=", ".join(field.column for field in _common()),
        defaults=", ".join(f"%({field.column})s" for field in _common()),
        told=", ".join(field.column for field in history.tracked_fields),
        member=Member._meta.db_table,
        card=Card._meta.db_table,
        history=history._meta.db_table,
    )
