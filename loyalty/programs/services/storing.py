"""What recording an activity looks up: one statement, before it is judged."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.lib.prepared import rows_of
from loyalty.members.errors import UnknownMember
from loyalty.programs.errors.programs import UnknownProgram
from loyalty.programs.rules.explanation import Step, steps_from_json
from loyalty.programs.rules.standing import Needs, Standing, standing_from
from loyalty.programs.services.drafts import Draft
from loyalty.programs.services.facts import AwardMade

SITUATION = "SELECT * FROM programs_situation(%s, %s, %s, %s, %s, %s, %s::jsonb)"


@dataclass(frozen=True, slots=True)
class Known:
    """The activity that bears the same identity already."""

    id: int
    member_id: int
    digest: str
    awards: tuple[AwardMade, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Situation:
    """What the database knows about an activity before it is judged; `accounts` are those that there are, by wallet.

    Of the member's `standing` it holds what was asked for.
    """

    config_version: int
    member_id: int
    subject: UUID
    status: str
    attributes: Mapping[str, Any]
    has_bought: bool
    accounts: Mapping[int, int]
    standing: Standing
    known: Known | None


def situation_of(program_id: int, draft: Draft, *, lock: bool, needs: Needs, zone: str) -> Situation:
    """One round trip. With `lock` the member's row stays locked until the transaction ends.

    Raises UnknownProgram, UnknownMember.
    """
    identity = draft.number, draft.kind, draft.source, draft.external_id
    return situation_from(*rows_of(SITUATION, program_id, *identity, lock, asked_json(needs, draft.at, zone))[0])


def asked_json(needs: Needs, at: datetime, zone: str) -> str | None:
    """What is asked about the member, as `programs_situation` takes it."""
    asked = needs.asked(at, zone)
    return None if asked is None else json.dumps(asked)


def situation_from(
    version: int | None,
    member_id: int | None,
    subject: Any,
    status: Any,
    attributes: Any,
    has_bought: Any,
    accounts: Any,
    standing: Any,
    *known: Any,
) -> Situation:
    """A row of `programs_situation`. Raises UnknownProgram, UnknownMember."""
    if version is None:
        raise UnknownProgram
    if member_id is None:
        raise UnknownMember(field="member")
    first = _known(*known) if known[0] else None
    there = {int(wallet_id): account_id for wallet_id, account_id in _loaded(accounts).items()}
    stands = standing_from(_loaded(standing))
    return Situation(version, member_id, subject, status, _loaded(attributes), has_bought, there, stands, first)


def awards_from_json(stored: Sequence[Mapping[str, Any]]) -> tuple[AwardMade, ...]:
    """The awards that `awards_json` stored."""
    return tuple(
        AwardMade(
            row["wallet"], row["points"], row["state"], _instant(row["activates_at"]), _instant(row["expires_at"])
        )
        for row in stored
    )


def _known(known_id: int, member_id: int, digest: str, awards: Any, explanation: Any) -> Known:
    return Known(known_id, member_id, digest, awards_from_json(_loaded(awards)), steps_from_json(_loaded(explanation)))


def _loaded(value: Any) -> Any:
    """Django hands raw jsonb over as text."""
    return json.loads(value) if isinstance(value, str) else value


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
