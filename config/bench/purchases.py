"""A purchase through the service: judged by five rules, stored with its lines, awarded, told to the outbox."""

import time
from collections.abc import Callable, Iterator
from itertools import count, islice

from config.bench import ledger, meter, shop
from config.bench.place import Place
from config.bench.report import Figure, at_least, at_most, plain
from config.bench.rounds import compare
from config.bench.scale import Scale
from loyalty.programs.services.activities import record_purchase
from loyalty.programs.services.facts import PurchaseFacts

MEMBERS = 1_000
_sources = count(1)


def measure_purchase(scale: Scale, _place: Place) -> Iterator[Figure]:
    here = shop.open_shop(MEMBERS)
    accounts = shop.open_accounts(here)
    sent = statements_of_purchase(here)
    says = "statements of a purchase through the service, begin and commit aside"
    yield Figure(6, "statements of a purchase", says, len(sent), at_most(8))
    compared = compare(
        lambda: rate_of_purchases(here, scale.purchases),
        lambda: ledger.rate_by_python(ledger.give, accounts, scale.purchases),
    )
    notes = f"{plain(compared.product)}/s to {plain(compared.floor)}/s"
    says = "a purchase through the service (3 lines, 5 rules, award, outbox), to ledger.award from Python"
    yield Figure(6, "purchase", says, compared.ratio, at_least(0.25), compared.ratios, notes)


def measure_full_program(scale: Scale, _place: Place) -> Iterator[Figure]:
    plain_one, full = shop.open_shop(MEMBERS, rules=False), shop.open_shop(MEMBERS)
    shop.fill_program(full, rules=20, caps=10)
    compared = compare(
        lambda: 1 / rate_of_purchases(full, scale.purchases), lambda: 1 / rate_of_purchases(plain_one, scale.purchases)
    )
    notes = f"{compared.product * 1000:.2f} ms to {compared.floor * 1000:.2f} ms"
    says = "a purchase (3 lines) with 20 live rules and 10 caps and budgets, to one with a single rule and no cap"
    yield Figure(6, "purchase with rules and caps", says, compared.ratio, at_most(2), compared.ratios, notes)


def statements_of_purchase(here: shop.Shop) -> list[str]:
    """What the second purchase of a program sends; the first one compiles the rules."""
    first, second = islice(new_baskets(here), 2)
    record_purchase(here.program, first, actor=shop.ACTOR)
    with meter.counting() as sent:
        record_purchase(here.program, second, actor=shop.ACTOR)
    return sent


def rate_of_purchases(here: shop.Shop, calls: int) -> float:
    """Purchases per second of one process."""
    facts = list(islice(new_baskets(here), calls))
    return rate_of(lambda: [record_purchase(here.program, each, actor=shop.ACTOR) for each in facts], calls)


def new_baskets(here: shop.Shop) -> Iterator[PurchaseFacts]:
    """Baskets of a till that nobody heard of before."""
    return shop.baskets(here, f"till-{next(_sources)}")


def rate_of(work: Callable[[], object], calls: int) -> float:
    started = time.perf_counter()
    work()
    return calls / (time.perf_counter() - started)
