"""How an activity comes into the books: one statement, after it is judged. Python decides, SQL posts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import DatabaseError, connection

from loyalty.ledger.errors import refusal_in
from loyalty.lib import clock
from loyalty.lib.errors import Busy
from loyalty.lib.json_text import json_text
from loyalty.lib.prepared import rows_of
from loyalty.outbox.services import messages_of, ring_on_commit
from loyalty.programs.events import ActivityRecorded
from loyalty.programs.queries.configuration import Configuration
from loyalty.programs.rules.occurrence import Line
from loyalty.programs.services.drafts import Draft
from loyalty.programs.services.facts import AwardMade
from loyalty.programs.services.judging import Plan
from loyalty.programs.services.recording import stamp
from loyalty.programs.services.storing import Situation
from loyalty.programs.services.uses import taking, uses_json

RECORD = "SELECT * FROM programs_record(%s::jsonb, %s::jsonb, %s::jsonb, %s::jsonb, %s)"
MOVED = "LR002"


def write(
    configuration: Configuration, situation: Situation, draft: Draft, plan: Plan, event: ActivityRecorded, actor: str
) -> int | None:
    """Store an activity with its lines, count and post what it earns, publish `event` with its id; one round trip.

    None when another transaction has just stored one under the same identity or been paid for the same, or, outside a
    transaction, when it used up what a cap had left, or nobody has recorded yet which version of the rules judged it.
    Raises as `ledger.award` does; Busy within a transaction that has not locked the counters.
    """
    more = {"actor": actor[:80], "created_at": clock.now(), "once": plan.once}
    story = activity_json(configuration, situation.member_id, draft, plan, **more)
    messages = messages_of(event)
    uses = taking([(plan.uses, draft.at)], configuration.caps)
    grants = json_text(_grants(configuration, situation, draft, plan))
    told = json_text(messages) if messages else None
    is_alone = connection.autocommit
    try:
        ((activity_id, version_id),) = rows_of(RECORD, story, uses, grants, told, is_alone)
    except DatabaseError as error:
        _ensure_moved(error, is_alone)
        return None
    if activity_id is not None:
        if version_id is None:
            stamp([activity_id], configuration)
        if messages:
            ring_on_commit()
    return activity_id


def _ensure_moved(error: DatabaseError, is_alone: bool) -> None:
    """Nothing was stored: raises why, unless something moved meanwhile and the activity is to be judged anew."""
    if refusal := refusal_in(error):
        raise refusal from error
    if getattr(error.__cause__, "sqlstate", None) != MOVED:
        raise error
    if not is_alone:
        raise Busy from error


def _grants(configuration: Configuration, situation: Situation, draft: Draft, plan: Plan) -> list[dict[str, Any]]:
    """What the ledger is told: an account, or the wallet and the member's id there for one that is yet to be opened."""
    return [
        {
            "account_id": situation.accounts.get(wallet_id),
            "wallet_id": wallet_id,
            "subject": situation.subject,
            "points": grant.points,
            "key": f"{draft.key}:{configuration.wallets[wallet_id].wallet.code}",
            "source": draft.key,
            "expires_at": _text(grant.expires_at),
            "is_pending": grant.is_pending,
            "activates_at": _text(grant.activates_at),
            "cancel_at": _text(grant.cancel_at),
        }
        for wallet_id, grant in plan.granted.items()
    ]


def activity_json(configuration: Configuration, member_id: int, draft: Draft, plan: Plan, **more: Any) -> str:
    """An activity with its lines, as the database's statements read it; `more` are further columns."""
    plain = {
        "program_id": configuration.program.pk,
        "member_id": member_id,
        "kind": draft.kind,
        "type": draft.type,
        "source": draft.source,
        "external_id": draft.external_id,
        "digest": draft.digest,
        "event_at": draft.at.isoformat(),
        "currency": draft.currency,
        "total": str(draft.total),
        "channel": draft.channel,
        "store": draft.store,
        "explanation": [step.to_json() for step in plan.steps],
        "published_id": configuration.published_id,
        "config_version": configuration.version,
        **more,
    }
    parts = {
        "attributes": draft.attributes_json,
        "payments": draft.payments_json,
        "awards": awards_json(plan.awards),
        "lines": lines_json(draft.lines),
    }
    return json_text(plain)[:-1] + "".join([f',"{name}":{text}' for name, text in parts.items()]) + "}"


def awards_json(awards: Sequence[AwardMade]) -> str:
    return json_text(
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


def lines_json(lines: Sequence[Line]) -> str:
    """The lines with their positions, counted from 1, as INSERT reads them."""
    return json_text([_line(position, line) for position, line in enumerate(lines, start=1)])


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


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
