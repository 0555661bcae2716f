"""A basket that nobody bought, judged by the live rules or by one that is not saved yet. Stores nothing."""

from dataclasses import dataclass, replace
from datetime import datetime

from loyalty.lib import clock
from loyalty.members.models import Member
from loyalty.members.queries import member_by_number
from loyalty.programs.forms.baskets import BasketForm
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.activities import Told, has_bought, told
from loyalty.programs.queries.configuration import Configuration
from loyalty.programs.rules.earning import Rule
from loyalty.programs.rules.evaluation import RuleBook
from loyalty.programs.services.judging import evaluate, plan_from


@dataclass(frozen=True, slots=True)
class Given:
    """Points in one wallet, with their dates. Instants are UTC; None is never, or at once."""

    wallet: Wallet
    points: int
    expires_at: datetime | None
    activates_at: datetime | None
    is_pending: bool


@dataclass(frozen=True, slots=True)
class Tried:
    """What a basket would earn, and why."""

    given: list[Given]
    lines: list[Told]
    member: Member | None


def with_rule(configuration: Configuration, rule: Rule) -> Configuration:
    """The configuration as if `rule` were saved and on."""
    rules = (*(each for each in configuration.rules if each.id != rule.id), rule)
    return replace(configuration, rules=rules, book=RuleBook(rules, configuration.book.benefits))


def try_basket(configuration: Configuration, form: BasketForm) -> Tried:
    """Judge what was filled in. Raises UnknownMember, TooManyPoints."""
    filled = form.cleaned_data
    member = member_by_number(configuration.program, filled["member"]) if filled["member"] else None
    at = filled["at"] or clock.now()
    evaluation = evaluate(
        configuration,
        filled["type"],
        at,
        lines=form.basket(),
        channel=filled["channel"],
        store=filled["store"],
        attributes={},
        is_first=not has_bought(member) if member else filled["is_first"],
        member=member.attributes if member else {},
    )
    plan = plan_from(configuration, evaluation, filled["type"], at)
    given = [
        Given(configuration.wallets[pk].wallet, grant.points, grant.expires_at, grant.activates_at, grant.is_pending)
        for pk, grant in plan.granted.items()
    ]
    wallets = {pk: terms.wallet for pk, terms in configuration.wallets.items()}
    return Tried(given, told(plan.steps, wallets, configuration.program, voice="staff"), member)
