"""How much is measured: enough for ratios that repeat, or just enough to see that everything works."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """`calls` of a verb and `purchases` of the service per round, `seconds` that a round asks a server, `rows` that it
    imports, `lots` that expire in it; `entries` of the large ledger; the largest import, and how often the smaller one
    goes into it; the `history` that a backtest judges anew.
    """

    name: str
    calls: int
    purchases: int
    seconds: float
    rows: int
    lots: int
    entries: int
    most_rows: int
    growth: int
    history: int


QUICK = Scale(
    "quick", 200, 50, 0.3, rows=1_000, lots=2_000, entries=20_000, most_rows=5_000, growth=5, history=2_000
)  # fmt: skip
USUAL = Scale(
    "usual", 1_000, 400, 2.0, rows=10_000, lots=20_000, entries=100_000, most_rows=100_000, growth=10, history=70_000
)
FULL = Scale(
    "full",
    2_000,
    1_000,
    5.0,
    rows=50_000,
    lots=200_000,
    entries=1_000_000,
    most_rows=1_000_000,
    growth=100,
    history=70_000,
)
