"""Lists of members: who is put on them, and taken off."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import batched

from django.db import connection, transaction

from loyalty.lib import clock
from loyalty.members import rules
from loyalty.members.models import Segment
from loyalty.members.services.rows import ensure_fields, sign

SLICE = 5_000
TOLD = 200  # so many that nobody knows are named
FOUND = """
SELECT q.name, coalesce(
    (SELECT m.id FROM loyalty_member m
      WHERE m.program_id = %(program)s AND m.external_id = q.name AND m.external_id <> ''),
    (SELECT m.id FROM loyalty_member m WHERE m.program_id = %(program)s AND m.number = q.code))
FROM unnest(%(names)s::text[], %(codes)s::text[]) AS q (name, code)"""
PUT = """
INSERT INTO loyalty_segmentmember (segment_id, member_id, actor, created_at)
SELECT %s, id, %s, %s FROM unnest(%s::bigint[]) AS found (id) ORDER BY id
ON CONFLICT (segment_id, member_id) DO NOTHING"""
TAKE = "DELETE FROM loyalty_segmentmember WHERE segment_id = %s AND member_id = ANY (%s::bigint[])"


@dataclass(frozen=True, slots=True)
class Listed:
    """What became of many names: `changed` were put on the list (or taken off), `alike` were there (or not) before.

    `unknown` counts those that name no member of the program, of whom `examples` are the first.
    """

    changed: int
    alike: int
    unknown: int
    examples: tuple[str, ...]


@transaction.atomic
def save_segment(segment: Segment, *, actor: str) -> Segment:
    """A list as it is now, without who is on it. Raises BadMemberData."""
    for name in ("name", "description"):
        rules.ensure_storable(name, getattr(segment, name))
    ensure_fields(segment, "program")
    sign(segment, actor).save()
    return segment


def make_segments(program_id: int, codes: Iterable[str], *, actor: str) -> None:
    """The lists that are not there yet, empty and named by their codes. Raises BadMemberData."""
    known = set(Segment.objects.filter(program=program_id).values_list("code", flat=True))
    for code in dict.fromkeys(codes):
        if code not in known:
            save_segment(Segment(program_id=program_id, code=code, name=code), actor=actor)


def put_on_segment(segment: Segment, names: Iterable[str], *, actor: str) -> Listed:
    """Put members on the list, named by the brand's own ids or by member numbers. Harmless twice."""
    return _each_slice(segment, names, PUT, [actor[:80], clock.now()])


def take_off_segment(segment: Segment, names: Iterable[str], *, actor: str) -> Listed:
    """Take members off the list, named as in `put_on_segment`. Harmless twice."""
    return _each_slice(segment, names, TAKE, [])


@transaction.atomic
def _each_slice(segment: Segment, names: Iterable[str], statement: str, facts: list) -> Listed:
    changed = known = missing = 0
    examples: list[str] = []
    with connection.cursor() as cursor:
        for some in batched(dict.fromkeys(name.strip() for name in names if name.strip()), SLICE, strict=False):
            codes = [rules.normal_code(name) for name in some]
            cursor.execute(FOUND, {"program": segment.program_id, "names": list(some), "codes": codes})
            found = cursor.fetchall()
            unknown = [name for name, pk in found if pk is None]
            people = sorted({pk for _name, pk in found if pk is not None})
            cursor.execute(statement, [segment.pk, *facts, people])
            changed, known, missing = changed + cursor.rowcount, known + len(people), missing + len(unknown)
            examples += unknown[: TOLD - len(examples)]
    return Listed(changed, known - changed, missing, tuple(examples))
