"""What a backtest says: plain values, as they are stored and shown."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from loyalty.ledger.queries.figures import liability_of
from loyalty.members.models import Member, SegmentMember
from loyalty.programs.models.backtests import Backtest
from loyalty.programs.models.program import Program
from loyalty.programs.queries.configuration import Configuration
from loyalty.programs.queries.tiers import tier_codes_of
from loyalty.programs.services.replaying import Replay

ENDS = 10
MOST_GROUPS = 30
NONE, ONE = Decimal(0), Decimal(1)


def report_of(
    test: Backtest, configuration: Configuration, found: Replay, since: datetime, until: datetime
) -> dict[str, Any]:
    """The report; amounts of money as texts with two decimals."""
    values = {terms.wallet.code: terms.wallet.point_value for terms in configuration.wallets.values()}
    before, after, smaller = (_money(points, values) for points in (found.before, found.after, found.smaller))
    owed = _owed(configuration, until)
    return {
        "since": since.isoformat(), "until": until.isoformat(), "activities": found.activities,
        "returns": found.returns, "others": found.others, "trimmed": found.trimmed, "refused": found.refused,
        "wallets": [
            {"wallet": code, "before": found.before.get(code, 0), "after": found.after.get(code, 0)}
            for code in sorted({*found.before, *found.after})
        ],
        "cost": {"before": _text(before), "after": _text(after)},
        "liability": {"now": _text(owed), "then": _text(owed + after - before)},
        "stress": _stress(test, owed, before, after, smaller) | {"smaller_points": sum(found.smaller.values())},
        "months": [[f"{year}-{month:02}", *both] for (year, month), both in sorted(found.months.items())],
        **_people(test.program, found, values),
    }  # fmt: skip


def _stress(test: Backtest, owed: Decimal, before: Decimal, after: Decimal, smaller: Decimal) -> dict[str, Any]:
    """What the brand must be able to pay, and what is left of the budget then (below nothing: missing)."""
    then, then_smaller = owed + after - before, owed + smaller - before
    budget = test.budget
    left = {} if budget is None else {
        "budget": _text(budget), "all_redeem_left": _text(budget - then), "smaller_left": _text(budget - then_smaller),
        "covered": int(100 * budget / then) if then > 0 else 100,
    }  # fmt: skip
    return {
        "all_redeem": _text(then), "smaller_baskets": _text(smaller), "smaller_liability": _text(then_smaller), **left,
    }  # fmt: skip


def _owed(configuration: Configuration, at: datetime) -> Decimal:
    """What the points that members hold now cost by the values of this configuration."""
    held = liability_of(list(configuration.wallets), at)
    points = {pk: each.active + each.pending + each.held for pk, each in held.items()}
    wallets = ((pk, terms.wallet.point_value) for pk, terms in configuration.wallets.items())
    return sum((points.get(pk, 0) * value for pk, value in wallets), NONE)


def _people(program: Program, found: Replay, values: Mapping[str, Decimal]) -> dict[str, Any]:
    """Who gains and who loses; in money where a unit has a value, else in points."""
    worth = {pk: _worth(own, values) for pk, own in found.members.items()}
    changes = sorted(((pk, after - before) for pk, (before, after) in worth.items()), key=lambda each: each[1])
    ends = [each for each in changes[:ENDS] if each[1] < 0], [each for each in changes[-ENDS:] if each[1] > 0]
    members = Member.objects.in_bulk([pk for end in ends for pk, _change in end])
    told = [
        [{"number": members[pk].number, "name": members[pk].name, "change": _text(change)} for pk, change in end]
        for end in ends
    ]
    now = tier_codes_of(Member.objects.filter(pk__in=list(found.members)))
    lists = SegmentMember.objects.filter(segment__program=program, segment__is_archived=False)
    return {
        "gain": sum(change > 0 for _pk, change in changes), "lose": sum(change < 0 for _pk, change in changes),
        "same": sum(change == 0 for _pk, change in changes), "losers": told[0], "gainers": told[1][::-1],
        "tiers": _groups(worth, ((now.get(pk) or "", pk) for pk in worth)),
        "lists": _groups(worth, lists.values_list("segment__name", "member_id")),
        "climbs": _climbs(now, found),
    }  # fmt: skip


def _worth(own: Mapping[str, list[int]], values: Mapping[str, Decimal]) -> tuple[Decimal, Decimal]:
    """As it was, and tried."""
    both = [sum((points[place] * (values.get(code) or ONE) for code, points in own.items()), NONE) for place in (0, 1)]
    return both[0], both[1]


def _groups(worth: Mapping[int, tuple[Decimal, Decimal]], places: Iterable[tuple[str, int]]) -> list[list[Any]]:
    """[name, members, as it was, tried] of each group, the largest of many."""
    groups: dict[str, list[Any]] = {}
    for name, pk in places:
        if pk in worth:
            row = groups.setdefault(name, [0, NONE, NONE])
            row[0] += 1
            row[1] += worth[pk][0]
            row[2] += worth[pk][1]
    largest = sorted(groups, key=lambda name: -groups[name][0])[:MOST_GROUPS]
    return [[name, groups[name][0], _text(groups[name][1]), _text(groups[name][2])] for name in sorted(largest)]


def _climbs(now: Mapping[int, str | None], found: Replay) -> list[list[Any]]:
    """[tier, members who stand there now, who would], of those who did something."""
    there, then = Counter(now.get(pk) or "" for pk in found.tiers), Counter(found.tiers.values())
    return [[code, there[code], then[code]] for code in sorted({*there, *then})]


def _money(points: Mapping[str, int], values: Mapping[str, Decimal]) -> Decimal:
    return sum((some * values.get(code, NONE) for code, some in points.items()), NONE)


def _text(amount: Decimal) -> str:
    return f"{amount:.2f}"
