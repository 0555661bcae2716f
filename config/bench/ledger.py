"""Award and spend by themselves: from Python against the same functions called by pgbench; what they write; crowds."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from math import ceil
from typing import Any

from django.core.management.base import CommandError

from config.bench import floor, meter, shop
from config.bench.floor import Variable
from config.bench.place import Place
from config.bench.report import Figure, at_least, at_most, plain
from config.bench.rounds import FEWEST, Compared, compare
from config.bench.scale import Scale
from loyalty.ledger import services as ledger
from loyalty.lib import clock

ACCOUNTS = 1_000
POINTS = 10
LOTS = 5  # of a spend
SLOW_FLUSH = "-c commit_delay=1000 -c commit_siblings=0"
CLIENTS = 8
STAND_INS = {"ACCOUNT": Variable("account"), "KEY": Variable("key")}
type Verb = Callable[..., Any]
_runs = count(1)
_keys = count(1)


def new_key() -> str:
    return f"bench:{next(_keys)}"


def give(account_id: Any, key: Any, points: int = POINTS) -> Any:
    """An award as a purchase makes it."""
    now = clock.now()
    return ledger.award(
        account_id, points=points, key=key, at=now, actor=shop.ACTOR, source="bench", expires_at=now + shop.YEAR
    )


def take(account_id: Any, key: Any, points: int = LOTS * POINTS) -> Any:
    return ledger.spend(account_id, points=points, key=key, at=clock.now(), actor=shop.ACTOR, source="bench")


def measure_award(scale: Scale, _place: Place) -> Iterator[Figure]:
    accounts = shop.open_accounts(shop.open_shop(ACCOUNTS))
    compared = compare(
        lambda: rate_by_python(give, accounts, scale.calls), lambda: rate_by_pgbench(give, accounts, scale.calls)
    )
    says = "ledger.award from Python, to the same function called by pgbench (prepared)"
    yield Figure(1, "award", says, compared.ratio, at_least(0.60), compared.ratios, _rates(compared))


def measure_spend(scale: Scale, _place: Place) -> Iterator[Figure]:
    accounts = shop.open_accounts(shop.open_shop(ACCOUNTS))
    turns = 2 * (FEWEST + 1) * ceil(scale.calls / ACCOUNTS) + 1  # rounds with their warm-up, by both
    shop.fill(accounts, lots=LOTS * turns, points=POINTS, key="stock")
    compared = compare(
        lambda: rate_by_python(take, accounts, scale.calls), lambda: rate_by_pgbench(take, accounts, scale.calls)
    )
    says = f"ledger.spend over {LOTS} lots from Python, to the same function called by pgbench (prepared)"
    yield Figure(2, "spend", says, compared.ratio, at_least(0.60), compared.ratios, _rates(compared))


def measure_statements(_scale: Scale, _place: Place) -> Iterator[Figure]:
    counts = statements_of_verbs()
    worst = max(counts, key=lambda verb: counts[verb])
    notes = f"{len(counts)} verbs: {', '.join(counts)}"
    yield Figure(3, "statements", f"statements of the costliest verb ({worst})", counts[worst], at_most(1), (), notes)


def measure_log(scale: Scale, _place: Place) -> Iterator[Figure]:
    accounts = shop.open_accounts(shop.open_shop(100))
    awards, spends, wide = log_of_award_and_spends(accounts, scale.calls)
    notes = f"from {LOTS} lots: {plain(wide.records)} records, {plain(wide.size)} bytes"
    for verb, written, records, size, more in (("award", awards, 16, 1300, ""), ("spend", spends, 20, 1600, notes)):
        says = f"in the write-ahead log per {verb}{' from two lots' if more else ''}, its commit included"
        yield Figure(4, f"log records of {verb}", f"records {says}", written.records, at_most(records), (), more)
        yield Figure(4, f"log bytes of {verb}", f"bytes {says}", written.size, at_most(size), (), more)


def measure_contention(scale: Scale, _place: Place) -> Iterator[Figure]:
    """Eight tills at once: everybody a member of one program, against members of fifty."""
    one = shop.open_accounts(shop.open_shop(ACCOUNTS))
    many = [shop.open_accounts(shop.open_shop(ACCOUNTS // 50)) for _ in range(50)]
    spread = range(many[0].start, many[-1].stop)
    says = f"award by {CLIENTS} clients: members of one program, to members of 50"
    for note, options, calls in (("", "", scale.calls // 2), (", 1 ms more per flush", SLOW_FLUSH, scale.calls // 10)):
        if not _may(options):
            continue
        compared = compare(
            lambda calls=calls, options=options: rate_by_pgbench(give, one, calls, CLIENTS, options),
            lambda calls=calls, options=options: rate_by_pgbench(give, spread, calls, CLIENTS, options),
        )
        yield Figure(5, "one program", says + note, compared.ratio, at_least(0.95), compared.ratios, _rates(compared))


def statements_of_verbs() -> dict[str, int]:
    """How many statements each verb sends."""
    here, other = shop.open_accounts(shop.open_shop(2))
    now = clock.now()
    facts: dict[str, Any] = {"at": now, "actor": shop.ACTOR}
    old = ledger.award(here, points=5, key="old", expires_at=now, **facts)
    for number in range(2 * LOTS):
        give(here, f"lot:{number}")
    until = now + shop.YEAR
    for key in ("pending", "unconfirmed"):
        ledger.award(here, points=5, key=key, pending=True, **facts)
    ledger.hold(here, points=12, key="order", until=until, **facts)
    verbs: dict[str, Callable[[], Any]] = {
        "award": lambda: give(here, "award"),
        "spend": lambda: take(here, "spend"),
        "activate": lambda: ledger.activate(here, award_key="pending", key="activate", **facts),
        "hold": lambda: ledger.hold(here, points=12, key="hold", until=until, **facts),
        "capture": lambda: ledger.capture(here, hold_key="hold", key="capture", points=5, **facts),
        "release": lambda: ledger.release(here, hold_key="order", key="release", **facts),
        "transfer": lambda: ledger.transfer(here, other, points=12, key="transfer", **facts),
        "reverse": lambda: ledger.reverse(here, posting_key="spend", key="reverse", reason="bench", **facts),
        "cancel": lambda: ledger.reverse(here, posting_key="unconfirmed", key="cancel", reason="bench", **facts),
        "extend": lambda: ledger.extend(here, until=until + shop.YEAR, key="extend", **facts),
        "reinstate": lambda: ledger.reinstate(here, lot_id=old.lot_id, key="reinstate", expires_at=until, **facts),
    }
    counts = {}
    for verb, call in verbs.items():
        with meter.counting() as sent:
            call()
        counts[verb] = len(sent)
    return counts


def log_of_award_and_spends(accounts: range, calls: int) -> tuple[meter.Written, meter.Written, meter.Written]:
    """What an award writes into the log, a spend from two lots of which it ends one, and one that ends five."""
    ids = [accounts[number % len(accounts)] for number in range(calls)]
    shop.fill(accounts, lots=2 * LOTS * (calls // len(accounts) + 1), points=POINTS, key=new_key())
    awards = meter.written_by([lambda account=account: give(account, new_key()) for account in ids])
    _take_half_a_lot(accounts)
    spends = meter.written_by([lambda account=account: take(account, new_key(), POINTS) for account in ids])
    _take_half_a_lot(accounts)
    return awards, spends, meter.written_by([lambda account=account: take(account, new_key()) for account in ids])


def _take_half_a_lot(accounts: range) -> None:
    for account in accounts:
        take(account, new_key(), POINTS // 2)


def rate_by_python(verb: Verb, accounts: range, calls: int) -> float:
    """Calls per second of one process."""
    started = time.perf_counter()
    for number in range(calls):
        verb(accounts[number % len(accounts)], new_key())
    return calls / (time.perf_counter() - started)


def rate_by_pgbench(verb: Verb, accounts: range, calls: int, clients: int = 1, options: str = "") -> float:
    """The very statement that the verb sends, with accounts taken in turn and keys of their own."""
    statement, parameters = meter.statement_of(lambda: verb("ACCOUNT", "KEY"))
    script = "\\set account :first + :number % :accounts\n\\set key :run * 1000000000 + :number\n"
    script += floor.script_of((statement, [STAND_INS.get(each, each) for each in parameters]))
    return floor.rate_of(
        script, transactions=calls, clients=clients, options=options, run=next(_runs), first=accounts.start,
        accounts=len(accounts),
    )  # fmt: skip


def _may(options: str) -> bool:
    """Whether our role may choose these settings for itself."""
    with suppress(CommandError):
        return not options or bool(floor.rate_of("SELECT 1;\n", transactions=1, options=options))
    return False


def _rates(compared: Compared) -> str:
    return f"{plain(compared.product)}/s to {plain(compared.floor)}/s"
