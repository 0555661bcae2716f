"""Award and spend in a large ledger against a small one: two databases, measured in turns."""

from collections.abc import Iterator
from itertools import count

from django.db import connection

from config.bench import floor, ledger, meter, shop
from config.bench.ledger import STAND_INS
from config.bench.place import Place, leading_to
from config.bench.report import Figure, at_least, plain
from config.bench.rounds import compare
from config.bench.scale import Scale

SMALL = 10_000  # entries
LOTS = 10  # per account
_runs = count(1)


def measure_growth(scale: Scale, place: Place) -> Iterator[Figure]:
    with place.another("small") as small, place.another("large") as large:
        few, many = _fill(small, SMALL), _fill(large, scale.entries)
        compared = compare(lambda: _rate(large, many, scale.calls), lambda: _rate(small, few, scale.calls))
    says = f"award and spend by pgbench in a ledger of {scale.entries:,} entries, to one of {SMALL:,}"
    notes = f"{plain(compared.product)}/s to {plain(compared.floor)}/s"
    yield Figure(14, "growth", says, compared.ratio, at_least(0.85), compared.ratios, notes)


def _fill(database: str, entries: int) -> range:
    with leading_to(database):
        accounts = shop.open_accounts(shop.open_shop(entries // LOTS))
        shop.fill(accounts, lots=LOTS, points=10, key="stock")
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
            cursor.execute("CHECKPOINT")
    return accounts


def _rate(database: str, accounts: range, calls: int) -> float:
    """Pairs of an award and a spend per second, of accounts drawn by lot."""
    with leading_to(database):
        script = "\\set account random(:first, :last)\n\\set key :run * 1000000000 + :number * 2\n"
        script += _line(ledger.give) + "\\set key :key + 1\n" + _line(ledger.take)
        return floor.rate_of(script, transactions=calls, run=next(_runs), first=accounts.start, last=accounts.stop - 1)


def _line(verb: ledger.Verb) -> str:
    statement, parameters = meter.statement_of(lambda: verb("ACCOUNT", "KEY", points=10))
    return floor.script_of((statement, [STAND_INS.get(each, each) for each in parameters]))
