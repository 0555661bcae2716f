"""The program that everything is measured with: five live rules, members, baskets of three lines."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from uuid import UUID

from django.db import connection

from loyalty.ledger import services as ledger
from loyalty.ledger.rules import AwardRow
from loyalty.lib import clock
from loyalty.members.models import Member
from loyalty.members.services.crowds import enrol_many
from loyalty.programs.models.caps import Cap
from loyalty.programs.models.earning import EarningRule, RuleCondition
from loyalty.programs.models.program import Program
from loyalty.programs.rules.occurrence import Line
from loyalty.programs.services.facts import Payment, PurchaseFacts
from loyalty.programs.services.programs import create_program

ACTOR = "bench"
CATEGORIES = ("coffee", "beans", "cake", "gift cards")
STORES = ("north", "south", "web")
YEAR = timedelta(days=365)
_programs = count(1)


@dataclass(frozen=True, slots=True)
class Shop:
    """A program with its wallet, and its members: number and random id of each."""

    program: Program
    wallet_id: int
    numbers: tuple[str, ...]
    subjects: tuple[UUID, ...]


def open_shop(members: int, *, rules: bool = True) -> Shop:
    """A new program with five live rules (or one) and so many members, none of whom has an account yet."""
    name = f"bench-{next(_programs)}"
    program = create_program(
        code=name, name=name, currency="EUR", time_zone="Europe/Oslo", points_per=Decimal(1), expires_months=12,
        actor=ACTOR,
    )  # fmt: skip
    wallet = program.wallets.get()
    if rules:
        _write_rules(program)
    program.refresh_from_db()
    if members:
        enrol_many(program, (f"customer-{number}" for number in range(members)), actor=ACTOR)
        know_sizes()
    people = Member.objects.filter(program=program).order_by("pk").values_list("number", "subject")
    numbers, subjects = zip(*people, strict=True) if members else ((), ())
    return Shop(program, wallet.pk, numbers, subjects)


def _write_rules(program: Program) -> None:
    _rule(program, "Triple on beans", ("category", "equals", "beans"), points=3, basis="lines", priority=10)
    _rule(
        program, "Gift cards earn nothing", ("category", "equals", "gift cards"), points=0, basis="lines", priority=20
    )
    _rule(program, "Double in the north", ("store", "equals", "north"), effect="multiplier", factor=2)
    _rule(program, "25 for a big basket", ("basket_total", "gte", "50"), effect="fixed", points=25)


def fill_program(shop: Shop, *, rules: int, caps: int) -> None:
    """So many live rules in all, most of which look at every basket, and caps and budgets that leave room."""
    program = shop.program
    conditions = (
        ("category", "equals", "cake"), ("store", "equals", "south"), ("channel", "equals", "web"),
        ("basket_total", "gte", "20"), ("weekday", "in", "6,7"),
    )  # fmt: skip
    for number in range(rules - program.rules.count()):
        _rule(program, f"Rule {number}", conditions[number % len(conditions)], effect="fixed", points=number + 1)
    scopes = (("member", "day"), ("store", "day"), ("program", "month"), ("member", "ever"))
    for number in range(caps):
        scope, period = scopes[number % len(scopes)]
        Cap.objects.create(program=program, scope=scope, period=period, limit=10**9 + number)
    program.refresh_from_db()


def _rule(program: Program, name: str, condition: tuple[str, str, str], **facts: object) -> None:
    rule = EarningRule.objects.create(program=program, wallet=program.wallets.get(), name=name, **facts)
    subject, operator, value = condition
    RuleCondition.objects.create(rule=rule, subject=subject, operator=operator, value=value)


def baskets(shop: Shop, source: str) -> Iterator[PurchaseFacts]:
    """Purchases without end, each of another member, three lines and a payment."""
    chance = random.Random(source)  # noqa: S311 a made-up shop
    now = clock.now()
    for number in count(1):
        lines = tuple(_line(chance, category) for category in chance.sample(CATEGORIES, 3))
        total = sum((line.amount for line in lines), Decimal(0))
        yield PurchaseFacts(
            source=source, receipt=f"{number:09}", member=shop.numbers[number % len(shop.numbers)],
            at=now - timedelta(minutes=number % 10_000), currency="EUR", lines=lines, channel="till",
            store=chance.choice(STORES), payments=(Payment("card", total),),
        )  # fmt: skip


def _line(chance: random.Random, category: str) -> Line:
    quantity, cents = chance.randint(1, 3), chance.randint(100, 4000)
    return Line(
        amount=Decimal(cents * quantity) / 100, quantity=Decimal(quantity), sku=f"{category[:4]}-{cents % 50}",
        category=category, tax=Decimal(cents * quantity // 5) / 100,
    )  # fmt: skip


def open_accounts(shop: Shop) -> range:
    """An account in the shop's wallet for every member. Ids without gaps, as a database of one user gives them."""
    found: dict[UUID, int] = {}
    for start in range(0, len(shop.subjects), 5_000):
        found |= ledger.open_accounts(wallet_id=shop.wallet_id, subjects=shop.subjects[start : start + 5_000])
    know_sizes()
    ids = range(min(found.values()), max(found.values()) + 1)
    if len(ids) != len(found):
        raise RuntimeError("somebody else opens accounts here")
    return ids


def fill(accounts: range, *, lots: int, points: int, key: str, expires_at: datetime | None = None) -> None:
    """So many lots of so many points for every account; they end one minute after another, a year on, unless told."""
    now = clock.now()
    ends = [expires_at or now + YEAR + timedelta(minutes=number) for number in range(lots)]
    ledger.award_many(
        (
            AwardRow(account_id=account, points=points, key=f"{key}:{number}", at=now, expires_at=ends[number])
            for number in range(lots)
            for account in accounts
        ),
        actor=ACTOR,
    )
    know_sizes()


def know_sizes() -> None:
    """What the server does by itself within a minute: until then it takes large tables for small ones."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
