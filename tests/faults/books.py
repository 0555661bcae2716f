"""A brand's history of purchases, what plain arithmetic makes of it, and what stands in the books, without ids."""

import csv
import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from loyalty.ledger.queries.proof import findings
from loyalty.programs.models.program import Program
from loyalty.programs.services.programs import create_program
from tests.faults.homes import Shop

ZONE = "Europe/Oslo"
SUMMER_2024 = datetime(2024, 6, 30, 22, tzinfo=UTC)  # 1 July in Oslo
ROWS, CUSTOMERS = 5_600, 700  # two slices of an import, four of a sweep


@dataclass(frozen=True, slots=True)
class Row:
    receipt: str
    member: str
    day: date
    amount: Decimal

    @property
    def points(self) -> int:
        return int(self.amount)

    def has_ended(self, at: datetime) -> bool:
        """Twelve months, through the day, in Oslo."""
        last = self.day.replace(year=self.day.year + 1)
        return datetime.combine(last + timedelta(days=1), datetime.min.time(), ZoneInfo(ZONE)) <= at


def history(rows: int = ROWS, customers: int = CUSTOMERS) -> list[Row]:
    """Purchases of two years; every customer comes, and none on a 29 February."""
    dice = random.Random(1476)
    found = []
    for number in range(rows):
        member = f"c{number if number < customers else dice.randrange(customers)}"
        day = date(2022, 7, 1) + timedelta(days=dice.randrange(728))
        day = day if (day.month, day.day) != (2, 29) else date(2024, 3, 1)
        found.append(Row(f"r{number}", member, day, Decimal(dice.randrange(100, 9_999)) / 100))
    return found


def write(rows: list[Row], path: Path) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["external_id", "member", "occurred_on", "quantity", "amount"])
        writer.writerows([row.receipt, row.member, row.day, 1, row.amount] for row in rows)
    return path


def open_shop() -> Program:
    """A point per 1.00, living twelve months."""
    return create_program(
        code="shop", name="Shop", currency="NOK", time_zone=ZONE, points_per=Decimal(1), expires_months=12, actor="test"
    )


POSTINGS = """
SELECT m.external_id, p.kind, p.key, p.points, p.bucket, p.contra, p.source, p.event_at::text
FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id JOIN loyalty_member m ON m.subject = a.subject"""
LOTS = """
SELECT m.external_id, p.key, l.granted, l.remaining, l.is_open, l.is_pending, l.earned_at::text, l.expires_at::text
FROM ledger_lot l JOIN ledger_posting p ON p.account_id = l.account_id AND p.id = l.posting_id
JOIN ledger_account a ON a.id = l.account_id JOIN loyalty_member m ON m.subject = a.subject ORDER BY 1, 2"""
ACCOUNTS = """
SELECT m.external_id, a.balance, a.pending, a.held, a.earned_total
FROM ledger_account a JOIN loyalty_member m ON m.subject = a.subject ORDER BY 1"""
PURCHASES = """
SELECT a.source, a.external_id, m.external_id, a.event_at::text, a.total, a.awards::text, count(l.id)
FROM loyalty_activity a JOIN loyalty_member m ON m.id = a.member_id
LEFT JOIN loyalty_activityline l ON l.activity_id = a.id
GROUP BY a.id, m.external_id ORDER BY 1, 2"""


@dataclass(frozen=True)
class Books:
    """Everything of value, as facts: who, what, how much, when. Equal books are equal to the last posting."""

    purchases: list[tuple]
    accounts: list[tuple]
    lots: list[tuple]
    postings: list[tuple]

    @property
    def points(self) -> int:
        return sum(balance for _member, balance, *_rest in self.accounts)


def books_of(shop: Shop) -> Books:
    """What stands there, with keys of expiry told by the lot's own key: its id differs from run to run."""
    names = {f"~expire:{lot}": key for lot, key in shop.ask("SELECT id, key FROM ledger_posting")}
    postings = [(who, kind, names.get(key, key), *rest) for who, kind, key, *rest in shop.ask(POSTINGS)]
    return Books(shop.ask(PURCHASES), shop.ask(ACCOUNTS), shop.ask(LOTS), sorted(postings))


def violations() -> dict[str, tuple]:
    """What check_ledger reports of the database that this process works on."""
    return {finding.invariant: finding.rows for finding in findings() if finding.violations}
