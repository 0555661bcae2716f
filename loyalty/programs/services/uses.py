"""What caps and budgets have used up: read, locked and moved by one function of the database, never over a limit."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from loyalty.lib.errors import Busy
from loyalty.lib.json_text import json_text
from loyalty.lib.prepared import rows_of
from loyalty.programs.models.activity import Activity
from loyalty.programs.queries.returns import returns_by_purchase
from loyalty.programs.rules.capping import UNUSED, Cap, Place, Use, Used, grown

TAKE = "SELECT * FROM programs_take_uses(%s::jsonb)"
READ = "SELECT * FROM programs_uses(%s::jsonb)"
FREE = "UPDATE loyalty_activity SET once = '' WHERE id = ANY(%s) AND once > ''"


@dataclass(slots=True)
class Counters:
    """The counters that one activity or batch looks at. With `lock` they stay locked until the transaction ends.

    Locked rows come in one order, so look at all that are needed at once.
    """

    lock: bool = True
    _known: dict[Place, Used] = field(default_factory=dict)

    def look(self, places: Iterable[Place]) -> Mapping[Place, Used]:
        """What these hold, with what was counted since; at most one statement, none where all are known."""
        wanted = sorted({place for place in places if place not in self._known})
        if wanted:
            rows = rows_of(TAKE if self.lock else READ, json_text([_entry(*each) for each in enumerate(wanted)]))
            found = {wanted[row[0]]: Used(row[1], row[2], row[3], tuple(row[4])) for row in rows}
            self._known |= {place: found.get(place, UNUSED) for place in wanted}
        return self._known

    def count(self, uses: Iterable[Use], at: datetime) -> None:
        """Remember what an activity that happened at `at` is going to use up."""
        for use in uses:
            self._known[use.place] = grown(self._known.get(use.place, UNUSED), use, at)


def take_uses(taken: Iterable[tuple[Iterable[Use], datetime]], caps: Iterable[Cap]) -> None:
    """Write what activities (uses, instant) used up: one statement, none for nothing.

    The counters have been locked by `Counters.look`, so there is room; Busy is raised where there is not.
    """
    entries = taking(taken, caps)
    if entries and not all(row[-1] for row in rows_of(TAKE, entries)):
        raise Busy


def taking(taken: Iterable[tuple[Iterable[Use], datetime]], caps: Iterable[Cap]) -> str | None:
    """What activities (uses, instant) use up, as `programs_take_uses` takes it; None for nothing."""
    limits = {cap.id: cap for cap in caps}
    sums: dict[Place, tuple[Use, list[datetime]]] = {}
    for uses, at in taken:
        for use in uses:
            before, instants = sums.get(use.place, (None, []))
            sums[use.place] = (_both(before, use) if before else use), [*instants, at]
    entries = [_taking(number, use, ats, limits[use.place.cap]) for number, (use, ats) in enumerate(sums.values())]
    return json_text(entries) if entries else None


def _both(one: Use, other: Use) -> Use:
    return one._replace(times=one.times + other.times, points=one.points + other.points, money=one.money + other.money)


def uses_json(uses: Iterable[Use]) -> list[list[Any]]:
    """As an activity's award keeps them, so that a return can give them back."""
    return [
        [use.place.cap, use.place.scope, use.place.start.isoformat(), use.times, use.points, f"{use.money:f}"]
        for use in uses
    ]


def give_back_uses(award: Mapping[str, Any], *, points: int, is_all: bool) -> None:
    """What an award as stored (`Activity.awards`) used up, given back for `points` of it; part of the transaction.

    With `is_all` nothing of the award is left, so that it does not count as one time any more; else it still does.
    Points and money go back in proportion, rounded down. Call it once for every step of a return.
    """
    _give_back(_back(award, points, is_all))


def _give_back(entries: list[dict[str, Any]]) -> None:
    if entries:
        numbered = [entry | {"place": number} for number, entry in enumerate(entries)]
        rows_of(TAKE, json_text(numbered))


def _back(award: Mapping[str, Any], points: int, is_all: bool) -> list[dict[str, Any]]:
    stored = award.get("uses") or []
    whole = award["points"]
    if not whole:
        return []
    return [
        {
            **_entry(0, Place(cap, scope, datetime.fromisoformat(start))),
            "times": -times if is_all else 0,
            "points": -(counted * points // whole),
            "money": f"{-(Decimal(money) * points / whole):.4f}",
        }
        for cap, scope, start, times, counted, money in stored
    ]


def give_back_rest(activity: Activity, wallets: Container[str]) -> None:
    """All that is left of an activity's awards in these wallets (codes) counts no more: it comes to nothing.

    Call it once, before the points are taken: counters of caps are locked before accounts.
    """
    give_back_rests([(activity, wallets)])


def give_back_rests(rests: Sequence[tuple[Activity, Container[str]]]) -> None:
    """As `give_back_rest` for many activities, each with its wallets: two statements.

    Where a type pays once, what comes to nothing altogether can be paid anew.
    """
    returns = returns_by_purchase(activity.pk for activity, _wallets in rests)
    entries = []
    for activity, wallets in rests:
        back = [row for each in returns.get(activity.pk, ()) for row in each.clawbacks]
        for award in activity.awards:
            left = award["points"] - sum(row["asked"] for row in back if row["wallet"] == award["wallet"])
            if left > 0 and award["wallet"] in wallets:
                entries += _back(award, left, is_all=True)
    _give_back(entries)
    gone = [each.pk for each, wallets in rests if each.once and all(row["wallet"] in wallets for row in each.awards)]
    if gone:
        rows_of(FREE, gone)


def _entry(number: int, place: Place) -> dict[str, Any]:
    return {
        "place": number, "cap": place.cap, "scope": place.scope, "start": place.start.isoformat(),
        "times": 0, "points": 0, "money": 0,
    }  # fmt: skip


def _taking(number: int, use: Use, instants: Iterable[datetime], cap: Cap) -> dict[str, Any]:
    entry = {
        **_entry(number, use.place), "times": use.times, "points": use.points, "money": f"{use.money:f}",
        "measure": cap.measure,
    }  # fmt: skip
    if cap.period == "cooldown":
        return entry | {"minutes": cap.minutes, "ats": [at.isoformat() for at in instants]}
    return entry | {"most": f"{cap.most:f}"}
