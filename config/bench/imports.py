"""A file of purchases: imported, imported again, and recorded row by row by the service."""

import csv
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from config.bench import shop
from config.bench.place import Place
from config.bench.purchases import rate_of
from config.bench.report import Figure, at_least, at_most, plain
from config.bench.rounds import compare
from config.bench.scale import Scale
from config.supervisor import CHECKOUT
from loyalty.programs.rules.occurrence import Line
from loyalty.programs.services.activities import record_purchase
from loyalty.programs.services.facts import PurchaseFacts
from loyalty.programs.services.imports import import_purchases

COLUMNS = ("external_id", "member", "occurred_on", "quantity", "amount", "store", "sku", "category")
ARTICLES = 500
ROWS_PER_MEMBER = 3
START = datetime(2024, 1, 1, 8, tzinfo=UTC)
FLAT = 1.25
type Row = dict[str, str]


def measure_import(scale: Scale, _place: Place) -> Iterator[Figure]:
    again: list[float] = []
    with file_of(scale.rows) as path:
        rows = list(islice(rows_of(scale.rows), scale.purchases))
        compared = compare(lambda: _imported(path, scale.rows, again), lambda: _recorded(rows))
    notes = f"{plain(compared.product)} rows/s to {plain(compared.floor)} rows/s, {scale.rows:,} rows"
    says = "an import (5 rules, unknown members enrolled), rows per second, to a loop over the service"
    yield Figure(11, "import", says, compared.ratio, at_least(20), compared.ratios, notes)
    says = "the same file again: time to the time of the first import"
    yield Figure(11, "import again", says, median(again), at_most(0.33), tuple(again))


def measure_memory(scale: Scale, place: Place) -> Iterator[Figure]:
    """Highest memory of a process that imports few rows, and of one that imports many."""
    few, many = (_peak_of(place, rows) for rows in (scale.most_rows // scale.growth, scale.most_rows))
    says = f"highest memory of an import of {scale.most_rows:,} rows, to one of {scale.most_rows // scale.growth:,}"
    notes = f"{many:.0f} MB to {few:.0f} MB"
    yield Figure(11, "memory of an import", says, many / few, at_most(FLAT), (), notes)


def rows_of(count: int) -> Iterator[Row]:
    """Rows of a shop with 500 articles, each customer with about three purchases."""
    chance = random.Random(count)  # noqa: S311 a made-up shop
    prices = [chance.randint(100, 4000) for _ in range(ARTICLES)]
    for number in range(count):
        article, quantity = chance.randrange(ARTICLES), chance.randint(1, 3)
        at = START + timedelta(minutes=number % 500_000)
        yield {
            "external_id": f"receipt-{number:08}",
            "member": f"customer-{chance.randrange(max(count // ROWS_PER_MEMBER, 1))}",
            "occurred_on": at.isoformat(),
            "quantity": str(quantity),
            "amount": str(Decimal(prices[article] * quantity) / 100),
            "store": chance.choice(shop.STORES),
            "sku": f"article-{article}",
            "category": shop.CATEGORIES[article % len(shop.CATEGORIES)],
        }


@contextmanager
def file_of(count: int) -> Iterator[Path]:
    with TemporaryDirectory(prefix="laurel-bench-") as folder:
        path = Path(folder) / "purchases.csv"
        with path.open("w", newline="") as stream:
            writer = csv.DictWriter(stream, COLUMNS)
            writer.writeheader()
            writer.writerows(rows_of(count))
        yield path


def _imported(path: Path, rows: int, again: list[float]) -> float:
    """Rows per second of an import into a new program; what it takes again, in parts of that, is noted."""
    here = shop.open_shop(0)
    first = _import(here, path, imported=rows)
    again.append(_import(here, path, imported=0) / first)
    return rows / first


def _import(here: shop.Shop, path: Path, *, imported: int) -> float:
    started = time.perf_counter()
    with path.open("rb") as stream:
        report = import_purchases(here.program, stream, actor=shop.ACTOR)
    if (report.imported, report.errors) != (imported, 0):
        raise RuntimeError(f"an import went wrong: {report.figures()}")
    return time.perf_counter() - started


def _recorded(rows: list[Row]) -> float:
    """Rows per second of the service, for members who are enrolled already."""
    here = shop.open_shop(len({row["member"] for row in rows}))
    number_of = dict(zip(dict.fromkeys(row["member"] for row in rows), here.numbers, strict=True))
    facts = [_facts_of(row, number_of[row["member"]]) for row in rows]
    return rate_of(lambda: [record_purchase(here.program, each, actor=shop.ACTOR) for each in facts], len(facts))


def _facts_of(row: Row, number: str) -> PurchaseFacts:
    line = Line(Decimal(row["amount"]), Decimal(row["quantity"]), sku=row["sku"], category=row["category"])
    return PurchaseFacts(
        source="import", receipt=row["external_id"], member=number, at=datetime.fromisoformat(row["occurred_on"]),
        currency="EUR", lines=(line,), store=row["store"],
    )  # fmt: skip


def _peak_of(place: Place, rows: int) -> float:
    """The most megabytes that a process held which imports so many rows into a new program."""
    here = shop.open_shop(0)
    own = {"DJANGO_SETTINGS_MODULE": "config.bench.settings", "LAUREL_BENCH_DATABASE": place.name}
    with file_of(rows) as path:
        command = [sys.executable, "-m", "config.bench.memory", here.program.code, str(path)]
        done = subprocess.run(  # noqa: S603 our own program
            command, cwd=CHECKOUT, env={**os.environ, **own}, text=True, capture_output=True, check=False
        )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout)["peak"] / 1024
