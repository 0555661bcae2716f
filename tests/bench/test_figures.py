"""Goals, medians and how they are told."""

import json
from io import StringIO

from rich.console import Console

from config.bench.report import Figure, at_least, at_most, plain, print_table, summary
from config.bench.rounds import FEWEST, compare

FAST = Figure(1, "award", "to pgbench", 0.71, at_least(0.6), (0.7, 0.71, 0.72), "71/s to 100/s")
FAT = Figure(4, "log", "bytes", 1_700.0, at_most(1_600))


def test_a_goal_is_met_at_its_bound():
    assert [at_least(0.6).is_met_by(number) for number in (0.59, 0.6, 0.61)] == [False, True, True]
    assert [at_most(12).is_met_by(number) for number in (11, 12, 12.1)] == [True, True, False]


def test_numbers_have_the_digits_that_mean_something():
    numbers = [0.614, 1, 1.04, 12.34, 1_234.5, 20_000]
    assert [plain(number) for number in numbers] == ["0.61", "1", "1.04", "12.3", "1,234", "20,000"]


def test_the_summary_is_plain_json_that_counts_what_is_met():
    told = json.loads(json.dumps(summary([FAST, FAT], scale="quick")))
    assert (told["scale"], told["met"], told["missed"]) == ("quick", 1, 1)
    assert told["figures"][0] == {
        "number": 1,
        "name": "award",
        "says": "to pgbench",
        "measured": 0.71,
        "goal": "≥ 0.60",
        "met": True,
        "rounds": [0.7, 0.71, 0.72],
        "notes": "71/s to 100/s",
    }


def test_the_table_says_what_is_met_and_what_is_not():
    console = Console(file=StringIO(), width=120)
    print_table([FAST, FAT], console, "Laurel")
    award, log = (line for line in console.file.getvalue().splitlines() if "≥" in line or "≤" in line)
    assert award.split() == ["1", "award", "0.71", "≥", "0.60", "✓", "71/s", "to", "100/s"]
    assert log.split() == ["4", "log", "1,700", "≤", "1,600", "✗"]


def test_both_are_measured_in_turns_and_the_median_ratio_counts():
    turns: list[str] = []
    rates = {"product": iter([9, 10, 12, 10, 80, 10]), "floor": iter([9, 20, 20, 40, 20, 20])}

    def measure(name: str) -> float:
        turns.append(name)
        return next(rates[name])

    compared = compare(lambda: measure("product"), lambda: measure("floor"))
    assert turns == ["product", "floor"] * 1 + ["floor", "product", "product", "floor"] * 2 + ["floor", "product"]
    assert compared.ratios == (0.5, 0.6, 0.25, 4, 0.5)
    assert (compared.ratio, compared.product, compared.floor) == (0.5, 10, 20)
    assert len(compared.ratios) == FEWEST
