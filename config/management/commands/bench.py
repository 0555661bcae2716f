"""Measure this machine: ratios of the product to a floor of the same run."""

import json
import platform
import signal
import sys
from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.test.utils import override_settings
from rich.console import Console

from config.bench import backtests, growth, home, http, imports, ledger, purchases, sweeps
from config.bench.differences import differences
from config.bench.place import Place, own_place
from config.bench.report import Figure, print_table, summary
from config.bench.scale import FULL, QUICK, USUAL, Scale

BENCHES: dict[str, Callable[[Scale, Place], Iterator[Figure]]] = {
    "award": ledger.measure_award,
    "spend": ledger.measure_spend,
    "statements": ledger.measure_statements,
    "log": ledger.measure_log,
    "contention": ledger.measure_contention,
    "purchase": purchases.measure_purchase,
    "rules": purchases.measure_full_program,
    "post": http.measure_post,
    "batch": http.measure_batch,
    "balances": http.measure_balances,
    "home": home.measure_home,
    "import": imports.measure_import,
    "memory": imports.measure_memory,
    "expiry": sweeps.measure_expiry,
    "meanwhile": sweeps.measure_spending_meanwhile,
    "backtest": backtests.measure_backtest,
    "growth": growth.measure_growth,
}


WIDTH = 120  # of a table that goes into a file


class Command(BaseCommand):
    help = (
        "Measure this machine: ratios of the product to a floor measured in the same run, median of at least five "
        "rounds, in a database of its own that is dropped afterwards."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
        parser.add_argument("--only", nargs="+", choices=BENCHES, metavar="NAME", help=f"of {', '.join(BENCHES)}")
        size = parser.add_mutually_exclusive_group()
        size.add_argument("--quick", action="store_true", help="two minutes: everything works, ratios are rough")
        size.add_argument("--full", action="store_true", help="half an hour: a million rows, lots and entries")

    def handle(self, **options: Any) -> None:
        scale = QUICK if options["quick"] else FULL if options["full"] else USUAL
        signal.signal(signal.SIGTERM, lambda *_: sys.exit("Terminated."))  # so that the database goes
        watch = Console(stderr=True)
        figures: list[Figure] = []
        with own_place() as place, override_settings(**differences(place.name, settings.CACHES)):
            for name in options["only"] or BENCHES:
                with watch.status(f"Measuring {name} …"):
                    figures += BENCHES[name](scale, place)
        if options["json"]:
            facts = {"scale": scale.name, "python": platform.python_version(), "machine": platform.machine()}
            self.stdout.write(json.dumps(summary(figures, **facts)))
        else:
            width = None if self.stdout.isatty() else WIDTH
            print_table(figures, Console(file=self.stdout, width=width), f"Laurel on this machine ({scale.name})")
