"""A till and a shop as tests speak to them: short ways to say what was bought, and what it earned."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from loyalty.members.models import Member
from loyalty.programs.models.earning import EarningRule, RuleCondition
from loyalty.programs.models.program import Program
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.balances import balances_of
from loyalty.programs.rules.occurrence import Line
from loyalty.programs.services.activities import record_activity, record_purchase
from loyalty.programs.services.facts import ActivityFacts, PurchaseFacts, Recorded

AT = datetime(2026, 3, 2, 10, 30, tzinfo=UTC)  # a Monday, half past eleven in Oslo
ACTOR = "api:1"


def line(amount: str | int, **facts: Any) -> Line:
    """One line; numbers may be written as text."""
    numbers = {name: Decimal(str(value)) for name, value in facts.items() if name in ("quantity", "tax", "discount")}
    return Line(amount=Decimal(str(amount)), **facts | numbers)


def purchase(member: Member | str, *lines: Line | str | int, receipt: str = "1001", **facts: Any) -> PurchaseFacts:
    """A purchase of these lines (a bare amount is a line of its own)."""
    usual = {"source": "till", "at": AT, "currency": "EUR"}
    basket = tuple(each if isinstance(each, Line) else line(each) for each in lines)
    return PurchaseFacts(receipt=receipt, member=member, lines=basket, **usual | facts)


def buy(member: Member, *lines: Line | str | int, receipt: str = "1001", **facts: Any) -> Recorded:
    """Record a purchase of this member's, now or at `at`."""
    facts = {"currency": member.program.currency} | facts
    return record_purchase(member.program, purchase(member, *lines, receipt=receipt, **facts), actor=ACTOR)


def do(member: Member, type: str, *, id: str = "1", **facts: Any) -> Recorded:
    """Record anything else that this member did."""
    facts = {"source": "shop", "at": AT} | facts
    return record_activity(member.program, ActivityFacts(id=id, type=type, member=member, **facts), actor=ACTOR)


def earned(recorded: Recorded) -> dict[str, int]:
    """Points by wallet."""
    return {award.wallet_code: award.points for award in recorded.awards}


def rule(
    program: Program, name: str, *conditions: tuple[str, str, str], wallet: str = "points", **facts: Any
) -> EarningRule:
    """An earning rule with conditions such as ("category", "equals", "beans")."""
    made = EarningRule.objects.create(program=program, wallet=program.wallets.get(code=wallet), name=name, **facts)
    for position, (subject, operator, value) in enumerate(conditions):
        subject, _dot, attribute = subject.partition(".")
        RuleCondition.objects.create(
            rule=made, subject=subject, name=attribute, operator=operator, value=value, position=position
        )
    return made


def without_rules(program: Program) -> Program:
    """The program as it is before anyone wrote a rule."""
    program.rules.update(is_archived=True)
    return program


def live_by(wallet: Wallet, **policy: Any) -> Wallet:
    """Give a wallet another policy without touching points there are."""
    for name, value in policy.items():
        setattr(wallet, name, value)
    wallet.save()
    return wallet


def active(member: Member, wallet: str = "points", *, at: datetime | None = None) -> int:
    """What the member can spend."""
    return next(each.active for each in balances_of(member, at) if each.wallet.code == wallet)


def pending(member: Member, wallet: str = "points") -> int:
    return next(each.pending for each in balances_of(member) if each.wallet.code == wallet)
