"""How recording an activity reads and writes: one statement before, one after judging. Python decides, SQL posts."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.lib import clock
from loyalty.lib.prepared import rows_of
from loyalty.members.errors import UnknownMember
from loyalty.programs.errors.programs import UnknownProgram
from loyalty.programs.queries.configuration import Configuration
from loyalty.programs.rules.explanation import Step, steps_from_json
from loyalty.programs.rules.occurrence import Line
from loyalty.programs.rules.standing import Needs, Standing, standing_from
from loyalty.programs.services.drafts import Draft
from loyalty.programs.services.facts import AwardMade
from loyalty.programs.services.recording import stamp
from loyalty.programs.services.uses import uses_json

SITUATION = "SELECT * FROM programs_situation(%s, %s, %s, %s, %s, %s, %s::jsonb)"
INSERT = """
WITH made AS (
    INSERT INTO loyalty_activity (program_id, member_id, kind, type, source, external_id, digest, event_at, created_at,
        currency, total, channel, store, attributes, payments, explanation, awards, actor, version_id)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s::jsonb, %s::jsonb, %s::jsonb, %s,
        coalesce(%s::bigint, (SELECT v.id FROM loyalty_programversion v
                              WHERE v.program_id = %s::bigint AND v.config_version = %s::bigint)))
    ON CONFLICT (program_id, kind, source, external_id) DO NOTHING
    RETURNING id, version_id
), lines AS (
    INSERT INTO loyalty_activityline (activity_id, position, kind, sku, category, attributes, quantity, amount, tax,
        discount)
    SELECT made.id, l.* FROM made, jsonb_to_recordset(%s::jsonb) AS l (position smallint, kind text, sku text,
        category text, attributes jsonb, quantity numeric, amount numeric, tax numeric, discount numeric)
)
SELECT id, version_id FROM made"""


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


def insert(
    configuration: Configuration,
    member_id: int,
    draft: Draft,
    awards: Sequence[AwardMade],
    steps: Sequence[Step],
    actor: str,
) -> int | None:
    """Store an activity with its lines; None when another transaction has just stored one under the same identity."""
    program_id = configuration.program.pk
    row: list[Any] = [
        program_id, member_id, draft.kind, draft.type, draft.source, draft.external_id, draft.digest, draft.at,
        clock.now(), draft.currency, draft.total, draft.channel, draft.store, draft.attributes_json,
        draft.payments_json, json.dumps([step.to_json() for step in steps]), awards_json(awards), actor[:80],
        configuration.published_id, program_id, configuration.version, lines_json(draft.lines),
    ]  # fmt: skip
    made = rows_of(INSERT, *row)
    if not made:
        return None
    activity_id, version_id = made[0]
    if version_id is None:
        stamp([activity_id], configuration)
    return activity_id


def awards_json(awards: Sequence[AwardMade]) -> str:
    return json.dumps(
        [
            {
                "wallet": award.wallet_code,
                "points": award.points,
                "state": award.state,
                "activates_at": _text(award.activates_at),
                "expires_at": _text(award.expires_at),
                **({"lines": dict(award.shares)} if award.shares else {}),
                **({"uses": uses_json(award.uses)} if award.uses else {}),
            }
            for award in awards
        ]
    )


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


def lines_json(lines: Sequence[Line]) -> str:
    """The lines with their positions, counted from 1, as INSERT reads them."""
    return json.dumps([_line(position, line) for position, line in enumerate(lines, start=1)], default=str)


def _line(position: int, line: Line) -> dict[str, Any]:
    return {
        "position": position,
        "kind": line.kind,
        "sku": line.sku,
        "category": line.category,
        "attributes": dict(line.attributes),
        "quantity": str(line.quantity),
        "amount": str(line.amount),
        "tax": str(line.tax),
        "discount": str(line.discount),
    }


def _loaded(value: Any) -> Any:
    """Django hands raw jsonb over as text."""
    return json.loads(value) if isinstance(value, str) else value


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
