"""Figures and their goals, for people and for machines."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text


@dataclass(frozen=True, slots=True)
class Goal:
    """What a figure should reach: `bound` at least, or at most."""

    bound: float
    is_ceiling: bool = False

    def is_met_by(self, measured: float) -> bool:
        return measured <= self.bound if self.is_ceiling else measured >= self.bound

    def __str__(self) -> str:
        return f"{'≤' if self.is_ceiling else '≥'} {plain(self.bound)}"


def at_least(bound: float) -> Goal:
    return Goal(bound)


def at_most(bound: float) -> Goal:
    return Goal(bound, is_ceiling=True)


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number. `number` is its place among the goals of the design, `name` tells it from its neighbours.

    `rounds` are the single measurements of which `measured` is the median; `notes` hold absolutes for the curious.
    """

    number: int
    name: str
    says: str
    measured: float
    goal: Goal
    rounds: tuple[float, ...] = ()
    notes: str = ""

    @property
    def is_met(self) -> bool:
        return self.goal.is_met_by(self.measured)

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"goal": str(self.goal), "met": self.is_met}


def plain(number: float) -> str:
    """A number as people write it: as many digits as mean something."""
    if number == int(number) and abs(number) >= 1:
        return f"{number:,.0f}"
    return f"{number:,.2f}" if abs(number) < 10 else f"{number:,.1f}" if abs(number) < 1000 else f"{number:,.0f}"


def summary(figures: Iterable[Figure], **facts: Any) -> dict[str, Any]:
    """The whole run as one JSON object."""
    rows = [figure.to_json() for figure in figures]
    met = sum(row["met"] for row in rows)
    return {**facts, "met": met, "missed": len(rows) - met, "figures": rows}


def print_table(figures: Iterable[Figure], console: Console, title: str) -> None:
    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left")
    table.add_column("", justify="right", style="dim")
    table.add_column("Figure", ratio=3)
    for name in ("Measured", "Goal"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("")
    table.add_column("In this run", ratio=2)
    for figure in figures:
        mark = Text("✓", "green") if figure.is_met else Text("✗", "bold red")
        what = Text.assemble((figure.name, "bold"), "\n", (figure.says, "dim"))
        table.add_row(str(figure.number), what, plain(figure.measured), str(figure.goal), mark, figure.notes)
    console.print(table)
