"""That everything adds up: the invariants of the ledger, each one statement in `invariants/`."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection, transaction

INVARIANTS = Path(__file__).parents[1] / "invariants"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one invariant found: how many rows break it, and the first of them as plain values."""

    invariant: str
    meaning: str
    violations: int
    rows: tuple[dict[str, Any], ...]


def findings(*, shown: int = 20) -> Iterator[Finding]:
    """Every invariant in turn, each as of one snapshot, with at most `shown` of the rows that break it."""
    for path in sorted(INVARIANTS.glob("*.sql")):
        yield _finding(path.stem, *_parts(path.read_text()), shown)


@transaction.atomic
def _finding(invariant: str, meaning: str, statement: str, shown: int) -> Finding:
    with connection.cursor() as cursor:
        # whole tables are compared, also while their statistics are out of date: never row by row
        cursor.execute("SET LOCAL enable_nestloop = off; SET LOCAL work_mem = '64MB'")
        cursor.execute(f"SELECT count(*) OVER (), found.* FROM ({statement}) found LIMIT %s", [shown])  # noqa: S608
        names = [column.name for column in cursor.description][1:]
        rows = cursor.fetchall()
        cursor.execute("SET LOCAL enable_nestloop = DEFAULT; SET LOCAL work_mem = DEFAULT")
    shown_rows = tuple(dict(zip(names, row[1:], strict=True)) for row in rows)
    return Finding(invariant, meaning, rows[0][0] if rows else 0, shown_rows)


def _parts(text: str) -> tuple[str, str]:
    """What the comment at the head of the file says, and the statement (with its % as a parameterised one has them)."""
    lines = text.splitlines()
    comments = [line.removeprefix("--").strip() for line in lines if line.startswith("--")]
    return " ".join(comments), "\n".join(lines[len(comments) :]).replace("%", "%%")
