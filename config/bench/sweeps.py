"""Expiry of many lots: in slices that let others through, against one statement that takes them all; and the others."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from statistics import median
from typing import Any

from django.db import connection

from config.bench import floor, ledger, meter, shop
from config.bench.ledger import STAND_INS
from config.bench.place import Place
from config.bench.report import Figure, at_least, at_most, plain
from config.bench.rounds import FEWEST, compare
from config.bench.scale import Scale
from config.supervisor import CHECKOUT
from loyalty.ledger import services
from loyalty.lib import clock

LOTS = 5  # due, per account
ONE_STATEMENT = "SELECT * FROM ledger_expire(%s, %s, %s, %s)"
DUE = timedelta(days=1)
_fillings = count(1)


def measure_expiry(scale: Scale, _place: Place) -> Iterator[Figure]:
    here = shop.open_shop(scale.lots // LOTS)
    accounts = shop.open_accounts(here)
    compared = compare(lambda: _swept(here, accounts), lambda: _at_once(accounts))
    says = f"expiry of {scale.lots:,} due lots in slices of {services.SLICE} accounts, to one set-based statement"
    notes = f"{plain(compared.product)} lots/s to {plain(compared.floor)} lots/s"
    yield Figure(12, "expiry", says, compared.ratio, at_least(0.5), compared.ratios, notes)


def measure_spending_meanwhile(scale: Scale, _place: Place) -> Iterator[Figure]:
    here = shop.open_shop(scale.lots // LOTS)
    accounts = shop.open_accounts(here)
    shop.fill(accounts, lots=1, points=1_000_000, key="lasting", expires_at=clock.now() + 9 * shop.YEAR)
    rounds = [_waits(here, accounts, scale) for _ in range(FEWEST)]
    ratios = tuple(meanwhile / idle for idle, meanwhile in rounds)
    idle, meanwhile = (median(column) * 1000 for column in zip(*rounds, strict=True))
    says = "p99 of spending while the same members' lots expire, to spending alone"
    notes = f"{meanwhile:.1f} ms to {idle:.1f} ms"
    yield Figure(12, "spending meanwhile", says, median(ratios), at_most(4), ratios, notes)


def _waits(here: shop.Shop, accounts: range, scale: Scale) -> tuple[float, float]:
    """The p99 of spending by nobody's side, and beside a sweep, in seconds."""
    _fill(accounts)
    with spending(accounts) as idle:
        time.sleep(scale.seconds)
    with spending(accounts) as meanwhile:
        _sweep(here)
    return idle["p99"], meanwhile["p99"]


@contextmanager
def spending(accounts: range) -> Iterator[dict[str, float]]:
    """A process spends a point of an account a hundred times a second; what it waited is known at the end."""
    statement, parameters = meter.statement_of(lambda: ledger.take("ACCOUNT", "KEY", points=1))
    order = {
        "statement": floor.script_of((statement, [STAND_INS.get(each, each) for each in parameters])),
        "first": accounts.start,
        "accounts": len(accounts),
        "run": next(_fillings),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "config.bench.spender"], cwd=CHECKOUT, env=floor.environment(), text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    told: dict[str, float] = {}
    with process:
        assert process.stdin is not None  # noqa: S101 they are pipes
        assert process.stdout is not None  # noqa: S101
        process.stdin.write(json.dumps(order) + "\n")
        process.stdin.flush()
        process.stdout.readline()  # it has begun
        yield told
        process.stdin.close()
        told |= json.loads(process.stdout.readline())


def _swept(here: shop.Shop, accounts: range) -> float:
    lots = _fill(accounts)
    started = time.perf_counter()
    _ensure(_sweep(here), lots)
    return lots / (time.perf_counter() - started)


def _at_once(accounts: range) -> float:
    lots = _fill(accounts)
    started = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(ONE_STATEMENT, [list(accounts), clock.now() + 2 * DUE, clock.now(), shop.ACTOR])
        expired, _points = cursor.fetchone()
    _ensure(expired, lots)
    return lots / (time.perf_counter() - started)


def _sweep(here: shop.Shop) -> int:
    return services.expire_due(wallet_ids=[here.wallet_id], at=clock.now() + 2 * DUE, actor=shop.ACTOR).lots


def _fill(accounts: range) -> int:
    shop.fill(accounts, lots=LOTS, points=10, key=f"due:{next(_fillings)}", expires_at=clock.now() + DUE)
    return LOTS * len(accounts)


def _ensure(expired: Any, lots: int) -> None:
    if expired != lots:
        raise RuntimeError(f"{expired} lots expired, where {lots} were due")
