"""Builds the sample brand once, oldest event first; a second call finds it and only repeats the sign-ins."""

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from django.db import transaction

from config.sample.aurora import open_aurora
from config.sample.club import open_club, open_season
from config.sample.fjord import open_fjord
from config.sample.people import FIRST, LAST, PASSWORD, SignIn, user_for
from config.sample.shelves import AURORA, FJORD
from config.sample.shopping import Basket, Shop, amount_of
from config.sample.together import live_together
from config.sample.watching import odd_afternoon, watch
from loyalty.ledger import services as ledger
from loyalty.ledger.queries.balances import balances_of
from loyalty.lib import clock
from loyalty.members.models import ConsentText, Member
from loyalty.members.services.members import enrol_member
from loyalty.members.services.staff import grant_access, sync_roles
from loyalty.programs.models.program import Program
from loyalty.programs.rules.occurrence import Line
from loyalty.programs.services.activities import record_activity, record_purchase
from loyalty.programs.services.facts import ActivityFacts, PurchaseFacts
from loyalty.programs.services.jobs import activate_points, expire_points

ACTOR = "sample"
DAYS = 400
CUSTOMERS = 60

Progress = Callable[[str, int, int], None]

SIGN_INS = [
    SignIn("Sam", "runs both programs", "sam@aurora.example", "/admin/"),
    SignIn("Vera", "support at Aurora", "vera@aurora.example", "/admin/"),
    SignIn("Finn", "finance at Aurora", "finn@aurora.example", "/admin/"),
    SignIn("Ada", "member of Aurora, a regular", "ada@aurora.example", "/p/aurora/"),
    SignIn("Ben", "member of Aurora, new", "ben@aurora.example", "/p/aurora/"),
    SignIn("Cleo", "member of Fjord", "cleo@fjord.example", "/p/fjord/"),
]


def load(progress: Progress) -> list[SignIn]:
    """Both programs with staff, members and their year; returns how to sign in.

    `progress` hears what is being done, how far it is and of how much.
    """
    if not Program.objects.filter(code="aurora").exists():
        programs = _build(progress)
        for program in programs:
            activate_points(program=program)
            expire_points(program=program)
    return SIGN_INS


@transaction.atomic
def _build(progress: Progress) -> tuple[Program, Program]:
    """All of it or nothing: an interrupted set-up begins anew."""
    sync_roles()
    aurora, fjord = open_aurora(), open_fjord()
    open_club(aurora)
    _agree(aurora)
    _agree(fjord)
    _hire(aurora, fjord)
    _shop(aurora, AURORA, _aurora_people(aurora), progress)
    _shop(fjord, FJORD, _fjord_people(fjord), progress)
    watch(aurora, actor=ACTOR)
    odd_afternoon(aurora, clock.now(), actor=ACTOR)
    open_season(aurora)
    live_together(aurora)
    return aurora, fjord


def _agree(program: Program) -> None:
    texts = {
        "terms": (f"I agree to the terms of {program.name}.", True),
        "marketing": (f"{program.name} may send me offers by e-mail.", False),
    }
    for purpose, (text, is_required) in texts.items():
        ConsentText.objects.create(program=program, purpose=purpose, text=text, is_required=is_required)


def _hire(aurora: Program, fjord: Program) -> None:
    sam = user_for("sam@aurora.example", "Sam", is_staff=True)
    for program in (aurora, fjord):
        grant_access(sam, program, "program_admin", actor=ACTOR)
    for email, name, role in (("vera@aurora.example", "Vera", "support"), ("finn@aurora.example", "Finn", "finance")):
        grant_access(user_for(email, name, is_staff=True), aurora, role, actor=ACTOR)


def _aurora_people(program: Program) -> Iterator[tuple[Member, int]]:
    """The members of Aurora with how many receipts each has."""
    yield _join(program, "ada", "Ada Lund", "ada@aurora.example", signs_in=True), 64
    yield _join(program, "ben", "Ben Nowak", "ben@aurora.example", signs_in=True, days=12), 2
    yield from _crowd(program, CUSTOMERS)


def _fjord_people(program: Program) -> Iterator[tuple[Member, int]]:
    yield _join(program, "cleo", "Cleo Dahl", "cleo@fjord.example", signs_in=True), 9
    yield from _crowd(program, CUSTOMERS // 3)


def _crowd(program: Program, count: int) -> Iterator[tuple[Member, int]]:
    chance = random.Random(program.code)  # noqa: S311 made-up people
    for number in range(count):
        name = f"{chance.choice(FIRST)} {chance.choice(LAST)}"
        code = f"{number + 1:04}"
        email = f"{name.split()[0].lower()}.{code}@example.org"
        yield _join(program, code, name, email, days=chance.randint(5, DAYS)), chance.choice((1, 2, 3, 5, 8, 13, 21))


def _join(program: Program, code: str, name: str, email: str, *, signs_in: bool = False, days: int = DAYS) -> Member:
    return enrol_member(
        program,
        external_id=code,
        email=email,
        name=name,
        language=program.languages[0],
        channel="till",
        user=user_for(email, name, language=program.languages[0]) if signs_in else None,
        consents={"terms": True},
        at=clock.now() - timedelta(days=days),
        actor=ACTOR,
    )


def _shop(program: Program, shop: Shop, people: Iterator[tuple[Member, int]], progress: Progress) -> None:
    """Every receipt of every customer in the order of time, with some points spent along the way."""
    now = clock.now()
    visits: list[tuple[datetime, Member, Basket]] = []
    for member, receipts in people:
        days = max((now - member.joined_at).days, 1)
        baskets = shop.year_of(member.external_id, receipts=receipts, now=now, days=days)
        visits.extend((basket.at, member, basket) for basket in baskets)
    visits.sort(key=lambda visit: (visit[0], visit[2].receipt))
    chance = random.Random(shop.prefix)  # noqa: S311 a made-up shop
    for number, (_at, member, basket) in enumerate(visits, start=1):
        _visit(program, member, basket, chance)
        progress(program.name, number, len(visits))


def _visit(program: Program, member: Member, basket: Basket, chance: random.Random) -> None:
    lines = tuple(
        Line(amount=amount_of(article, count), quantity=count, sku=article.sku, category=article.category)
        for article, count in basket.lines
    )
    record_purchase(
        program,
        PurchaseFacts(
            source="till" if basket.channel == "till" else "web",
            receipt=basket.receipt,
            member=member,
            at=basket.at,
            currency=program.currency,
            channel=basket.channel,
            store=basket.store,
            lines=lines,
        ),
        actor=ACTOR,
    )
    if chance.random() < 0.06:
        _review(program, member, basket)
    if chance.random() < 0.08:
        _treat(member, basket)


def _review(program: Program, member: Member, basket: Basket) -> None:
    facts = ActivityFacts(
        source="web",
        id=f"review-{basket.receipt}",
        type="review" if program.code == "aurora" else "visit",
        member=member,
        at=basket.at + timedelta(hours=1),
        attributes={"sku": basket.lines[0][0].sku},
    )
    record_activity(program, facts, actor=ACTOR)


def _treat(member: Member, basket: Basket) -> None:
    """Spend most of what is there on something nice; too little is no tragedy."""
    for balance in balances_of(member.subject, basket.at).values():
        points = balance.active // 50 * 50
        if points:
            ledger.spend(
                balance.account_id,
                points=points,
                key=f"treat:{basket.receipt}",
                at=basket.at,
                note="A treat at the counter",
                source=f"till:{basket.receipt}",
                actor=ACTOR,
            )


__all__ = ["PASSWORD", "SIGN_INS", "load"]
