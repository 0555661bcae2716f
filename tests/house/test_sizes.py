"""Rooms stay small enough to read at one sitting."""

import ast
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

ROOT = Path(__file__).resolve().parents[2]
APPS = ["config", "loyalty", "rewards", "gamification", "charity", "partners"]


def _files() -> Iterator[Path]:
    for app in APPS:
        yield from (path for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts)


def _functions() -> Iterator[tuple[str, int]]:
    for path in _files():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", lines


def test_no_file_is_over_400_lines():
    assert {str(p.relative_to(ROOT)) for p in _files() if len(p.read_text().splitlines()) > 400} == set()


def test_no_function_is_over_50_lines():
    assert [name for name, lines in _functions() if lines > 50] == []


def test_functions_are_short_as_a_rule():
    lengths = [lines for _name, lines in _functions()]
    assert median(lengths) <= 8
    assert quantiles(lengths, n=10)[-1] <= 25


def test_views_stay_thin():
    thick = [name for name, lines in _functions() if lines > 20 and ("/views" in name.split(":")[0])]
    assert thick == []


def test_no_room_that_the_plan_forbids():
    forbidden = {"utils", "helpers", "common", "managers", "signals", "constants"}
    assert [str(p) for p in _files() if p.stem in forbidden or p.parent.name in forbidden] == []


def test_every_package_says_what_it_is_for():
    silent = [
        str(path.relative_to(ROOT))
        for path in _files()
        if path.name == "__init__.py"
        and path.parent.name not in {"management", "commands", "templatetags"}
        and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


def test_nothing_reads_another_clock():
    """`loyalty.lib.clock` is the one now(); a second one would drift in tests and over DST nights."""
    clock = ROOT / "loyalty" / "lib" / "clock.py"
    needles = ("timezone.now(", "datetime.now(", "utcnow(", "date.today(", "localdate()", "localtime()")
    found = [
        f"{path.relative_to(ROOT)}: {needle}"
        for path in _files()
        if path != clock
        for needle in needles
        if needle in path.read_text()
    ]
    assert found == []
