"""Types of activity as a program defines them, and whether what was told fits its type."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from loyalty.members.services.rows import sign
from loyalty.programs.errors.activities import WrongAttributes
from loyalty.programs.models.kinds import ActivityKind
from loyalty.programs.queries.kinds import schemas_under
from loyalty.programs.rules.kinds import fault_in
from loyalty.programs.rules.wording.kinds import message_for_fault


def ensure_fits_kind(program_id: int, version: int, type: str, attributes: Mapping[str, Any]) -> None:
    """Raises WrongAttributes when the program defines this type and the attributes are others. Other types are free."""
    schema = schemas_under(program_id, version).get(type)
    fault = fault_in(schema, attributes) if schema else None
    if fault:
        raise WrongAttributes(message_for_fault(fault), field=f"attributes/{fault.name}")


@transaction.atomic
def save_kind(kind: ActivityKind, *, actor: str) -> ActivityKind:
    """A type as it is now, without its attributes."""
    sign(kind, actor).save()
    return kind


@transaction.atomic
def archive_kind(kind: ActivityKind, *, is_archived: bool = True, actor: str) -> ActivityKind:
    """Out of use, or back into it. What was recorded stays; the type is then free again. Harmless twice."""
    fresh = ActivityKind.objects.select_for_update(no_key=True).get(pk=kind.pk)
    if fresh.is_archived != is_archived:
        fresh.is_archived = is_archived
        save_kind(fresh, actor=actor)
    return fresh
