"""What a backtest found, as a page shows it: amounts as numbers, months as days, names where the report has codes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from loyalty.programs.models.backtests import Backtest
from loyalty.programs.rules.wording.amounts import money_of, number_of


@dataclass(frozen=True, slots=True)
class Shift:
    """A number as it was and as it would be."""

    before: Decimal
    after: Decimal

    @property
    def change(self) -> Decimal:
        return self.after - self.before

    @property
    def less(self) -> Decimal:
        return -self.change

    @property
    def percent(self) -> int | None:
        """By how many per cent it changes; nothing where there was nothing, or less than one."""
        percent = int(100 * self.change / self.before) if self.before > 0 else 0
        return percent or None


@dataclass(frozen=True, slots=True)
class Pair:
    """What two bars of the same scale show, with their lengths in per cent of the longest of all."""

    name: Any
    before: int
    after: int
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Group:
    """Members who stand together, and what they earned, in words."""

    name: str
    members: int
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A finished backtest; `report` holds what needs no change."""

    report: Mapping[str, Any]
    cost: Shift
    liability: Shift
    wallets: list[tuple[str, Shift]]
    months: list[Pair]
    tiers: list[Group]
    lists: list[Group]
    climbs: list[Pair]
    stress: Mapping[str, Decimal]
    gainers: list[tuple[str, str, str]]
    losers: list[tuple[str, str, str]]

    @property
    def parts(self) -> list[tuple[str, float, float]]:
        """Who gains, stays and loses as a bar: what it is, where it begins and how long it is, in per cent."""
        counts = [(name, self.report[name]) for name in ("gain", "same", "lose")]
        total = sum(count for _name, count in counts) or 1
        lefts = [100 * sum(count for _name, count in counts[:place]) / total for place in range(len(counts))]
        bars = zip(counts, lefts, strict=True)
        return [(name, round(left, 2), round(100 * count / total, 2)) for (name, count), left in bars]


def report_shown(test: Backtest) -> Shown | None:
    """The report of a backtest that is done, in the language in force; None of any other."""
    report = test.report
    if test.state != Backtest.State.DONE or "cost" not in report:
        return None
    wallets = _names(test.document.get("wallets", []))
    rungs = _names([rung for ladder in test.document.get("tier_sets", []) for rung in ladder.get("tiers", [])])
    worth = _worth_of(test)
    return Shown(
        report=report,
        cost=_shift(report["cost"]["before"], report["cost"]["after"]),
        liability=_shift(report["liability"]["now"], report["liability"]["then"]),
        wallets=[
            (wallets.get(each["wallet"], each["wallet"]), _shift(each["before"], each["after"]))
            for each in report["wallets"]
        ],
        months=_pairs([(date.fromisoformat(f"{month}-01"), *both) for month, *both in report["months"]]),
        tiers=_groups(report["tiers"], rungs, worth),
        lists=_groups(report["lists"], {}, worth),
        climbs=_pairs([(rungs.get(code, code), *both) for code, *both in _in_order(report["climbs"], rungs)]),
        stress={name: Decimal(value) for name, value in report["stress"].items()},
        gainers=[(each["name"], each["number"], worth(each["change"])) for each in report["gainers"]],
        losers=[(each["name"], each["number"], worth(each["change"])) for each in report["losers"]],
    )


def _names(entries: list[Mapping[str, Any]]) -> dict[str, str]:
    return {each["code"]: each.get("name") or each["code"] for each in entries}


def _shift(before: Any, after: Any) -> Shift:
    return Shift(Decimal(before), Decimal(after))


def _pairs(rows: list[tuple[Any, int, int]]) -> list[Pair]:
    highest = max((number for _name, *both in rows for number in both), default=0) or 1
    return [
        Pair(name, before, after, max(100 * before // highest, 0), max(100 * after // highest, 0))
        for name, before, after in rows
    ]


def _worth_of(test: Backtest) -> Callable[[str], str]:
    """What a member gets is told in money where a unit is worth some, else in points."""
    has_value = any(Decimal(each.get("point_value", 0)) for each in test.document.get("wallets", []))
    currency = test.program.currency
    return lambda text: money_of(Decimal(text), currency) if has_value else number_of(Decimal(text))


def _groups(rows: list[Any], names: Mapping[str, str], worth: Callable[[str], str]) -> list[Group]:
    return [
        Group(names.get(code, code), members, worth(before), worth(after))
        for code, members, before, after in _in_order(rows, names)
    ]


def _in_order(rows: list[Any], names: Mapping[str, str]) -> list[Any]:
    """As the ladder stands, the highest first; those on no tier at the end. Rows without a ladder stay as they are."""
    if not names:
        return rows
    places = {code: place for place, code in enumerate(reversed(list(names)))}
    return sorted(rows, key=lambda row: places.get(row[0], len(places)))
