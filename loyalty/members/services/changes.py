"""Changing a member as one who read it before saw it."""

from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction

from loyalty.members.models import Member
from loyalty.members.services.consents import record_consents
from loyalty.members.services.members import update_member
from loyalty.members.services.rows import locked


@transaction.atomic
def change_member(
    member: Member,
    changes: Mapping[str, Any],
    *,
    consents: Mapping[str, bool] | None = None,
    ensure_current: Callable[[Member], None] | None = None,
    source: str = "",
    actor: str,
) -> Member:
    """`update_member` and `record_consents` together. `ensure_current` is asked once the row is locked, so that what it
    compares stays; it raises to refuse.
    """
    fresh = locked(member)
    if ensure_current:
        ensure_current(fresh)
    fresh = update_member(fresh, actor=actor, **changes)
    if consents:
        record_consents(fresh, consents, actor=actor, source=source)
    return fresh
