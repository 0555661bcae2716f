"""A year of purchases judged anew, to reading them: what a draft costs before it is published."""

import io
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from config.bench import imports, shop
from config.bench.place import Place
from config.bench.report import Figure, at_most
from config.bench.rounds import compare
from config.bench.scale import Scale
from loyalty.lib import clock
from loyalty.programs.queries.configuration import configuration_of
from loyalty.programs.queries.histories import history_of
from loyalty.programs.services.backtests import SMALLER
from loyalty.programs.services.imports import import_purchases
from loyalty.programs.services.replaying import replay

MEMBERS = 1
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def measure_backtest(scale: Scale, _place: Place) -> Iterator[Figure]:
    """With five rules, and once more for smaller baskets, as in the back office; reading is the same history."""
    program = shop.open_shop(MEMBERS).program
    with imports.file_of(scale.history) as path:
        import_purchases(program, io.BytesIO(path.read_bytes()), actor="bench")
    configuration, until = configuration_of(program), clock.now()

    def judged() -> float:
        return _seconds(lambda: replay(configuration, since=LONG_AGO, until=until, smaller=SMALLER))

    def read() -> float:
        return _seconds(lambda: sum(1 for _act in history_of(program.pk, LONG_AGO, until)))

    compared = compare(judged, read)
    says = "a backtest with stress (5 rules), to reading the same purchases"
    notes = f"{compared.product:.1f} s to {compared.floor:.1f} s, {scale.history:,} purchases"
    yield Figure(13, "backtest", says, compared.ratio, at_most(8), compared.ratios, notes)


def _seconds(work) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
