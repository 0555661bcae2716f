"""Entity tags: which version of a member a client has seen."""

import hashlib
import re
from collections.abc import Callable
from typing import Any

from loyalty.lib.errors import Stale
from loyalty.lib.rest.views import render
from loyalty.members.api.outputs import present_member

_TAGS = re.compile(r'(?:W/)?"[^"]*"')


def version_of(presented: dict[str, Any]) -> str:
    """The entity tag of what is presented: it changes with anything that a reader could see."""
    return f'"{hashlib.blake2b(render(presented), digest_size=12).hexdigest()}"'


def matching(if_match: str) -> Callable[[Any], None] | None:
    """The check that an `If-Match` header asks for (RFC 9110 §13.1.1: strong comparison, a list of tags, or `*`).

    The check raises Stale.
    """
    if not if_match or if_match.strip() == "*":
        return None
    tags = _TAGS.findall(if_match)

    def ensure_current(member: Any) -> None:
        if version_of(present_member(member)) not in tags:
            raise Stale

    return ensure_current
