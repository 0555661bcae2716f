"""Makes up a plausible year of receipts; the same seed gives the same year."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Article:
    sku: str
    category: str
    price: str


@dataclass(frozen=True, slots=True)
class Basket:
    """One receipt before it is known to any service."""

    receipt: str
    at: datetime
    store: str
    channel: str
    lines: tuple[tuple[Article, int], ...]


@dataclass(frozen=True, slots=True)
class Shop:
    """A range of articles and the places that sell them; opening hours are local."""

    prefix: str
    zone: str
    stores: tuple[str, ...]
    articles: tuple[Article, ...]
    opens: int
    closes: int

    def year_of(self, customer: str, *, receipts: int, now: datetime, days: int) -> Iterator[Basket]:
        """`receipts` baskets of one customer, oldest first, all before `now`."""
        chance = random.Random(f"{self.prefix}:{customer}")  # noqa: S311 a made-up shop, no secret
        moments = sorted(self._moment(chance, now, days) for _ in range(receipts))
        for number, at in enumerate(moments):
            lines = tuple(
                (article, chance.choice((1, 1, 1, 2))) for article in chance.sample(self.articles, chance.randint(1, 3))
            )
            store = chance.choice(self.stores)
            channel = "web" if store == "web" else "till"
            yield Basket(f"{self.prefix}-{customer}-{number:03}", at, store, channel, lines)

    def _moment(self, chance: random.Random, now: datetime, days: int) -> datetime:
        zone = ZoneInfo(self.zone)
        day = now.astimezone(zone).date() - timedelta(days=chance.randint(1, days))
        hour, minute = chance.randint(self.opens, self.closes - 1), chance.randint(0, 59)
        return datetime.combine(day, time(hour, minute), zone).astimezone(UTC)


def amount_of(article: Article, quantity: int) -> Decimal:
    return Decimal(article.price) * quantity
