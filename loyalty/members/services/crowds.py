"""Enrolling many customers at once, for imports."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import batched

from django.db import transaction

from loyalty.lib import clock
from loyalty.members import errors, queries, rules
from loyalty.members.models import Card, Member
from loyalty.members.services.members import ATTEMPTS, enrolled_event
from loyalty.outbox.services import publish_many

SLICE = 5_000


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
    if missing:
        raise RuntimeError("no free member numbers in five attempts")
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
    publish_many(enrolled_event(each) for each in made)
