"""Who keeps their points longer: the audience of an extension, the points it is about, and the runs over them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from loyalty.ledger.queries.lots import SameEnd, ending_accounts, same_ends
from loyalty.lib.prepared import rows_of
from loyalty.programs.models.extensions import Extension as Row
from loyalty.programs.models.extensions import ExtensionRun
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.activities import units_of
from loyalty.programs.queries.configuration import expiry_of, extension_of
from loyalty.programs.rules.conditions import Condition
from loyalty.programs.rules.days import start_of_day
from loyalty.programs.rules.expiry import expires_at
from loyalty.programs.rules.extensions import Extension
from loyalty.programs.rules.standing import Standing, needs_of, standing_from
from loyalty.programs.rules.wording.amounts import day_of, sentence_of
from loyalty.programs.rules.wording.conditions import phrase_for

SLICE = 2_000
MEMBERS = """
    SELECT m.id, m.subject, m.attributes,
           CASE WHEN %s::jsonb IS NOT NULL THEN programs_standing(m.program_id, m.id, m.subject, %s::jsonb) END
    FROM loyalty_member m WHERE m.program_id = %s AND m.id > %s AND m.status = 'active' ORDER BY m.id LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Slice:
    """Some members in the order of their ids: the last one looked at, and those who belong to the audience."""

    last: int
    subjects: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom an extension is for today, and the points of theirs that have an end."""

    members: int
    points: int


def audience_of(extension: Extension, program_id: int, zone: str, at: datetime, *, after: int = 0) -> Iterator[Slice]:
    """The active members whom it is for, slice by slice; one statement each."""
    asked = needs_of(extension.audience).asked(at, zone)
    told = json.dumps(asked) if asked else None
    while found := rows_of(MEMBERS, told, told, program_id, after, SLICE):
        after = found[-1][0]
        yield Slice(after, tuple(row[1] for row in found if _belongs(extension, _read(row[2]), _read(row[3]), at)))


def _read(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _belongs(extension: Extension, attributes: Any, told: Any, at: datetime) -> bool:
    standing = standing_from(told)
    return all(_holds(condition, attributes or {}, standing, at) for condition in extension.audience)


def _holds(condition: Condition, attributes: dict[str, Any], standing: Standing, at: datetime) -> bool:
    is_own = condition.subject == "member_attribute"
    return condition.holds(attributes.get(condition.name) if is_own else standing.fact(condition, at))


def reach_of(extension: Extension, wallet: Wallet, at: datetime) -> Reach:
    """How many members it is for, and how many of their points end some day."""
    members = points = 0
    for some in audience_of(extension, wallet.program_id, wallet.program.time_zone, at):
        members += len(some.subjects)
        points += sum(ending_accounts(wallet.pk, some.subjects, at).values())
    return Reach(members, points)


def new_ends(extension: Extension, wallet: Wallet, at: datetime) -> dict[tuple[Any, datetime | None], datetime | None]:
    """The lots' new ends, by the day of earning and the end before, where they are later: the longest wins.

    What a lot lasts longer already, by a tier or another extension, is not added to.
    """
    zone = wallet.program.time_zone
    moved: dict[tuple[Any, datetime | None], datetime | None] = {}
    for group in same_ends(wallet.pk, zone=zone, at=at):
        end = extension.applied(_usual_end(wallet, group, zone), zone)
        if group.expires_at is not None and end is not None and end > group.expires_at:
            moved[group.earned_on, group.expires_at] = end
    return moved


def _usual_end(wallet: Wallet, group: SameEnd, zone: str) -> datetime | None:
    """Without anything that prolonged it; points of a sliding wallet have no other end than their own."""
    policy = expiry_of(wallet)
    usual = expires_at(policy, start_of_day(group.earned_on, zone), zone)
    if usual is None or group.expires_at is None or policy.kind == "sliding":
        return group.expires_at
    return min(usual, group.expires_at)


def runs_of(row: Row, *, limit: int = 10) -> list[ExtensionRun]:
    """The runs over points there were, newest first."""
    return list(row.runs.order_by("-id")[:limit])


def words_of_extension(row: Row, voice: str = "staff") -> list[str]:
    """For whom, and how much longer."""
    found = extension_of(row, list(row.extension_audience.all()))
    phrases = [phrase_for(condition, row.program.currency, voice) for condition in found.audience]
    units = units_of(row.wallet)[1]
    if found.until is not None:
        told = _("%(units)s last at least until %(day)s") % {"units": units, "day": day_of(found.until)}
    else:
        told = ngettext(
            "%(units)s last %(count)d month longer", "%(units)s last %(count)d months longer", found.months
        ) % {"units": units, "count": found.months}
    whom = ", ".join(phrases) or _("for all members")
    return [sentence_of(_("%(name)s: %(told)s, %(whom)s") % {"name": row.name, "told": told, "whom": whom})]
