"""Over HTTP, on a server of two workers: operations of the API and the portal's home against views that do nothing."""

import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count, islice
from statistics import median
from typing import Any

from config.bench import shop
from config.bench.load import NUMBER, Answered, Load, ask
from config.bench.place import Place
from config.bench.purchases import new_baskets
from config.bench.report import Figure, at_least, at_most, plain
from config.bench.rounds import Compared, compare
from config.bench.scale import Scale
from config.bench.server import serving
from loyalty.members.services.keys import issue_api_key
from loyalty.programs.models.activity import Activity
from loyalty.programs.services.activities import record_purchase
from loyalty.programs.services.facts import PurchaseFacts

CONNECTIONS, FEW_CONNECTIONS = 16, 4
MEMBERS = 1_000
BASKETS = 200
BATCH = 100
PURCHASES, BATCHES, EMPTY = "/api/v1/purchases", "/api/v1/purchases/batch", "/bench/empty"
TEXTBOOK = 333  # purchases per second, where the ORM awards statement by statement
_runs = count(1)


@dataclass(frozen=True, slots=True)
class Tills:
    """A server, and the keys of the tills that ask it, one for each connection so that no rate is reached."""

    port: int
    scale: Scale
    heads: list[dict[str, str]]
    answers: dict[str, list[Answered]] = field(default_factory=lambda: defaultdict(list))

    def ask(self, method: str, *paths: str, connections: int = CONNECTIONS, **more: Any) -> float:
        """Answers per second; what else there is to know goes to `answers`, by path."""
        load = Load(
            port=self.port, seconds=self.scale.seconds, connections=connections, method=method, paths=list(paths),
            heads=self.heads, run=f"r{next(_runs)}", **more,
        )  # fmt: skip
        answered = ask(load)
        self.answers[paths[0]].append(answered)
        return answered.rate


@contextmanager
def tills(here: shop.Shop, scale: Scale, place: Place) -> Iterator[Tills]:
    keys = [issue_api_key(here.program, name="Till", scopes=["all"], actor=shop.ACTOR) for _ in range(CONNECTIONS)]
    common = {"Content-Type": "application/json", "Idempotency-Key": NUMBER}
    heads = [{"Authorization": f"Bearer {key.secret}", **common} for key in keys]
    with serving(place.name) as port:
        yield Tills(port, scale, heads)


def measure_post(scale: Scale, place: Place) -> Iterator[Figure]:
    here = shop.open_shop(MEMBERS)
    bodies = [json.dumps(body_of(facts)) for facts in islice(new_baskets(here), BASKETS)]
    with tills(here, scale, place) as asking:
        compared = compare(
            lambda: asking.ask("POST", PURCHASES, bodies=bodies, status=201),
            lambda: asking.ask("POST", EMPTY, bodies=bodies),
        )
    says = f"POST /purchases by {CONNECTIONS} connections to 2 workers, to an empty DRF view there"
    yield Figure(7, "POST /purchases", says, compared.ratio, at_least(0.10), compared.ratios, _rates(compared))
    posts = asking.answers[PURCHASES]
    yield Figure(7, "purchases per second", "the same, absolute", compared.product, at_least(TEXTBOOK))
    tail = median(answered.p99 / answered.median for answered in posts)
    notes = f"median {_ms(median(each.median for each in posts))}, p99 {_ms(median(each.p99 for each in posts))}"
    yield Figure(7, "slowest purchases", "p99 to the median of the same", tail, at_most(5), (), notes)


def measure_batch(scale: Scale, place: Place) -> Iterator[Figure]:
    here = shop.open_shop(MEMBERS)
    purchases = [body_of(facts) for facts in islice(new_baskets(here), BASKETS)]
    batches = [_batch_of(purchases, first) for first in range(0, BASKETS, BATCH)]
    with tills(here, scale, place) as asking:
        bodies = [json.dumps(purchase) for purchase in purchases]
        compared = compare(
            lambda: BATCH * asking.ask("POST", BATCHES, connections=FEW_CONNECTIONS, bodies=batches),
            lambda: asking.ask("POST", PURCHASES, bodies=bodies, status=201),
        )
    told = BATCH * sum(each.count for each in asking.answers[BATCHES]) + sum(
        each.count for each in asking.answers[PURCHASES]
    )
    if stored_purchases(here) < told:
        raise RuntimeError(f"{told} purchases were answered, and only {stored_purchases(here)} are there")
    says = f"purchases per second in batches of {BATCH}, {FEW_CONNECTIONS} connections, to one by one, {CONNECTIONS}"
    yield Figure(8, "batches", says, compared.ratio, at_least(8), compared.ratios, _rates(compared))


def stored_purchases(here: shop.Shop) -> int:
    return Activity.objects.filter(program=here.program).count()


def _batch_of(purchases: list[dict[str, Any]], first: int) -> str:
    some = purchases[first : first + BATCH]
    own = [{**purchase, "receipt": f"{NUMBER}-{place}"} for place, purchase in enumerate(some)]
    return json.dumps({"purchases": own})


def measure_balances(scale: Scale, place: Place) -> Iterator[Figure]:
    here = shop.open_shop(MEMBERS)
    for facts in islice(new_baskets(here), MEMBERS):
        record_purchase(here.program, facts, actor=shop.ACTOR)
    with tills(here, scale, place) as asking:
        paths = [f"/api/v1/members/{number}/balances" for number in here.numbers]
        compared = compare(lambda: asking.ask("GET", *paths), lambda: asking.ask("GET", EMPTY))
    says = "GET balances, to an empty DRF view on the same server"
    yield Figure(9, "GET balances", says, compared.ratio, at_least(0.35), compared.ratios, _rates(compared))


def body_of(facts: PurchaseFacts) -> dict[str, Any]:
    """The purchase as a till sends it, under a receipt that load.py numbers."""
    lines = [
        {
            "sku": line.sku,
            "category": line.category,
            "quantity": str(line.quantity),
            "amount": str(line.amount),
            "tax": str(line.tax),
        }
        for line in facts.lines
    ]
    return {
        "source": facts.source,
        "receipt": NUMBER,
        "member": facts.member,
        "at": facts.at.isoformat(),
        "currency": facts.currency,
        "channel": facts.channel,
        "store": facts.store,
        "lines": lines,
        "payments": [{"method": payment.method, "amount": str(payment.amount)} for payment in facts.payments],
    }


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


def _rates(compared: Compared) -> str:
    return f"{plain(compared.product)}/s to {plain(compared.floor)}/s"
