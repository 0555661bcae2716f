"""Who keeps their points longer: the audience of an extension, the points it is about, and the runs over them."""

import json
from collections.abc import Iterable, Iterator
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
from loyalty.programs.rules.expiry import expires_at, last_day
from loyalty.programs.rules.extensions import Extension
from loyalty.programs.rules.standing import Standing, needs_of, standing_from
from loyalty.programs.rules.wording.amounts import Units, day_of, sentence_of
from loyalty.programs.rules.wording.conditions import phrase_for

SLICE = 2_000
DATES = 6  # as many rows as a page shows
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
class Later:
    """Lots that end at one instant and would end at another."""

    was: datetime
    ends: datetime
    lots: int
    points: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What an extension does today: members of its audience, the end of points earned now (without it, and with it),
    and what of the points there are would get a later end."""

    members: int
    usual: datetime | None
    ends: datetime | None
    later: tuple[Later, ...]
    units: Units
    zone: str

    @property
    def lots(self) -> int:
        """All lots that would get a later end."""
        return sum(each.lots for each in self.later)

    @property
    def points(self) -> int:
        """The points in them."""
        return sum(each.points for each in self.later)

    @property
    def days(self) -> tuple[str, str]:
        """The last days of points earned now, without it and with it, in words; empty where they never end."""
        return self._day(self.usual), self._day(self.ends)

    @property
    def rows(self) -> list[tuple[str, str, int, int]]:
        """The last day now, the last day then, lots and points; as many as a page shows."""
        return [(self._day(each.was), self._day(each.ends), each.lots, each.points) for each in self.later[:DATES]]

    @property
    def more(self) -> int:
        """How many dates there are beyond them."""
        return max(len(self.later) - DATES, 0)

    def _day(self, instant: datetime | None) -> str:
        return day_of(last_day(instant, self.zone)) if instant else ""


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


def preview_of(extension: Extension, wallet: Wallet, at: datetime) -> Preview:
    """What it does today, whether it is stored or not: to points earned now, and to those that members have."""
    zone, members = wallet.program.time_zone, 0
    usual = expires_at(expiry_of(wallet), at, zone)
    moves: dict[tuple[datetime, datetime], tuple[int, int]] = {}
    for some in audience_of(extension, wallet.program_id, zone, at):
        members += len(some.subjects)
        accounts = ending_accounts(wallet.pk, some.subjects, at)
        for group, end in _moved(extension, wallet, same_ends(wallet.pk, zone=zone, at=at, accounts=accounts)):
            lots, points = moves.get((group.expires_at, end), (0, 0))  # type: ignore[arg-type]
            moves[group.expires_at, end] = lots + group.lots, points + group.points  # type: ignore[index]
    told = tuple(Later(was, ends, *moves[was, ends]) for was, ends in sorted(moves))
    return Preview(members, usual, extension.applied(usual, zone), told, Units(*units_of(wallet)), zone)


def new_ends(extension: Extension, wallet: Wallet, at: datetime) -> dict[tuple[Any, datetime | None], datetime | None]:
    """The lots' new ends, by the day of earning and the end before, where they are later: the longest wins.

    What a lot lasts longer already, by a tier or another extension, is not added to.
    """
    groups = same_ends(wallet.pk, zone=wallet.program.time_zone, at=at)
    return {(group.earned_on, group.expires_at): end for group, end in _moved(extension, wallet, groups)}


def _moved(extension: Extension, wallet: Wallet, groups: Iterable[SameEnd]) -> Iterator[tuple[SameEnd, datetime]]:
    """The groups that would end later, with their new ends."""
    zone = wallet.program.time_zone
    for group in groups:
        end = extension.applied(_usual_end(wallet, group, zone), zone)
        if group.expires_at is not None and end is not None and end > group.expires_at:
            yield group, end


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
    return words_for(extension_of(row, list(row.extension_audience.all())), row.wallet, row.program.currency, voice)


def words_for(found: Extension, wallet: Wallet, currency: str, voice: str = "staff") -> list[str]:
    """As `words_of_extension`, stored or not."""
    phrases = [phrase_for(condition, currency, voice) for condition in found.audience]
    units = units_of(wallet)[1]
    if found.until is not None:
        told = _("%(units)s last at least until %(day)s") % {"units": units, "day": day_of(found.until)}
    else:
        told = ngettext(
            "%(units)s last %(count)d month longer", "%(units)s last %(count)d months longer", found.months
        ) % {"units": units, "count": found.months}
    whom = ", ".join(phrases) or _("for all members")
    return [sentence_of(_("%(name)s: %(told)s, %(whom)s") % {"name": found.name, "told": told, "whom": whom})]
