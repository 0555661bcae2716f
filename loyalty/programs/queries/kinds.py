"""The types of activity that a program knows, and what they must tell."""

from datetime import datetime

from django.db.models import Count, Max

from loyalty.lib.prepared import rows_of
from loyalty.members.models import Member
from loyalty.programs.models.activity import Activity
from loyalty.programs.models.kinds import ActivityKind
from loyalty.programs.models.program import Program
from loyalty.programs.queries.configuration import configuration_under
from loyalty.programs.queries.in_force import in_force_of
from loyalty.programs.rules.kinds import BUILT_IN, Attribute, Schema, choices_from
from loyalty.programs.rules.occurrence import PURCHASE
from loyalty.programs.rules.once import Slot, ensure_told_each_time
from loyalty.programs.rules.wording.activities import activity_name

# An activity remembers what it was paid for since its type pays once; those from before tell by what they were.
PAID = """
SELECT a.event_at FROM loyalty_activity a
WHERE a.member_id = %s AND a.kind = 'activity' AND a.type = %s AND (a.once = %s OR (
    a.once IS DISTINCT FROM '' AND a.awards <> '[]'::jsonb
    AND a.event_at >= coalesce(%s::timestamptz, '-infinity') AND a.event_at < coalesce(%s::timestamptz, 'infinity')
    AND (%s::text IS NULL OR coalesce(a.attributes ->> %s::text, '') = %s::text)))
ORDER BY a.event_at LIMIT 1"""
VALUES = """
SELECT DISTINCT a.attributes ->> %s::text FROM loyalty_activity a
WHERE a.member_id = %s AND a.kind = 'activity' AND a.type = %s
  AND a.once IS DISTINCT FROM '' AND a.awards <> '[]'::jsonb"""
_schemas: dict[int, tuple[int, dict[str, Schema]]] = {}


def schemas_under(program_id: int, version: int) -> dict[str, Schema]:
    """Type → what it must tell, as the program has it under this number of its configuration; read once per number."""
    found = _schemas.get(program_id)
    if found is None or found[0] != version:
        kinds = configuration_under(program_id, version).rows.by_noun["activity_types"]
        found = _schemas[program_id] = (version, {kind.code: schema_of(kind) for kind in kinds})
    return found[1]


def schema_of(kind: ActivityKind) -> Schema:
    """What activities of `kind` must tell, saved or not."""
    rows = list(kind.attributes.all()) if kind.pk else []
    told = (Attribute(row.name, row.form, choices_from(row.choices), row.is_required) for row in rows)
    return Schema(tuple(told), kind.is_strict, BUILT_IN.get(kind.code, ()))


def ensure_told(kind: ActivityKind) -> None:
    """Raises InvalidSetting where a type pays once for each value of something that need not be told with it."""
    if kind.pays == ActivityKind.Pays.VALUE:
        ensure_told_each_time(kind.pays_for, {row.name for row in kind.attributes.all() if row.is_required})


def kinds_of(program: Program) -> dict[str, ActivityKind]:
    """The types in force that the program named itself, by code."""
    return {kind.code: kind for kind in in_force_of(program.pk, "activity_types")}


def done_by(member: Member) -> dict[str, tuple[int, datetime]]:
    """Type → how often the member did it, and when last; without purchases."""
    found = Activity.objects.filter(member=member, kind=Activity.Kind.ACTIVITY).order_by()
    rows = found.values_list("type").annotate(count=Count("pk"), last=Max("event_at"))
    return {type: (count, last) for type, count, last in rows}


def paid_at(member_id: int, type: str, slot: Slot) -> datetime | None:
    """When the member did what they were paid for under this slot of the type; None where nobody paid yet."""
    bounds = slot.starts_at, slot.ends_at, slot.attribute, slot.attribute, slot.value
    rows = rows_of(PAID, member_id, type, slot.key, *bounds)
    return rows[0][0] if rows else None


def paid_values(member_id: int, type: str, attribute: str) -> set[str]:
    """For which values of an attribute the member was paid, where each pays once."""
    return {value for (value,) in rows_of(VALUES, attribute, member_id, type)}


def types_of(program: Program) -> list[tuple[str, str]]:
    """Every type that a rule can be for, with its name: purchases, what Laurel knows, what the program named.

    For the editor: with those of the draft.
    """
    named = ActivityKind.objects.filter(program=program, is_archived=False)
    own = dict(named.values_list("code", "name"))
    usual = {code: activity_name(code) for code in (PURCHASE, *BUILT_IN)}
    return list((usual | own).items())
