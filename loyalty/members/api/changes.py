"""A change of a member that respects `If-Match`."""

import re
from typing import Any

from django.db import transaction

from loyalty.lib.errors import Stale
from loyalty.members.api.outputs import MemberOutput, version_of
from loyalty.members.services.consents import record_consents
from loyalty.members.services.members import update_member

_TAGS = re.compile(r'(?:W/)?"[^"]*"')


def change_member(member: Any, changes: dict[str, Any], *, if_match: str, actor: str) -> Any:
    """The member after the change. What the reader saw is compared once the row is locked, so that no change of someone
    else is lost between the two. Raises Stale, and what `update_member` and `record_consents` raise.
    """
    consents = changes.pop("consents", None)
    with transaction.atomic():
        fresh = update_member(member, actor=actor)  # locks the row
        if if_match:
            ensure_current(version_of(MemberOutput.present(fresh)), if_match)
        fresh = update_member(fresh, actor=actor, **changes)
        if consents:
            record_consents(fresh, consents, actor=actor, source="api")
    return fresh


def ensure_current(version: str, if_match: str) -> None:
    """RFC 9110 §13.1.1: strong comparison, a list of tags or `*`. Raises Stale."""
    if if_match.strip() != "*" and version not in _TAGS.findall(if_match):
        raise Stale
