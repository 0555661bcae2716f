"""A basket that nobody bought, judged by the live rules or by one that is not saved yet, with the member's standing
and with caps in force. Stores nothing."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import uuid4

from loyalty.lib import clock
from loyalty.members.models import Member
from loyalty.members.queries import member_by_number
from loyalty.programs.forms.baskets import BasketForm
from loyalty.programs.models.activity import Activity
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.activities import Told, told
from loyalty.programs.queries.configuration import Configuration
from loyalty.programs.rules.earning import Rule
from loyalty.programs.rules.evaluation import RuleBook
from loyalty.programs.rules.occurrence import PURCHASE
from loyalty.programs.rules.standing import needs_of
from loyalty.programs.services.drafts import Draft
from loyalty.programs.services.trying import plan_for


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
    needs = configuration.needs.joined(needs_of(rule.asked))
    return replace(configuration, rules=rules, book=RuleBook(rules, configuration.book.benefits), needs=needs)


def try_basket(configuration: Configuration, form: BasketForm) -> Tried:
    """Judge what was filled in. Raises UnknownMember, TooManyPoints."""
    filled = form.cleaned_data
    member = member_by_number(configuration.program, filled["member"]) if filled["member"] else None
    plan = plan_for(configuration, member, _draft(configuration, form, member), is_first=filled["is_first"])
    given = [
        Given(configuration.wallets[pk].wallet, grant.points, grant.expires_at, grant.activates_at, grant.is_pending)
        for pk, grant in plan.granted.items()
    ]
    wallets = {pk: terms.wallet for pk, terms in configuration.wallets.items()}
    return Tried(given, told(plan.steps, wallets, configuration.program, voice="staff"), member)


def _draft(configuration: Configuration, form: BasketForm, member: Member | None) -> Draft:
    filled, lines = form.cleaned_data, form.basket()
    told = {name: filled[name] for name in ("card", "device", "cashier") if filled.get(name)}
    is_purchase = filled["type"] == PURCHASE
    return Draft(
        kind=Activity.Kind.PURCHASE if is_purchase else Activity.Kind.ACTIVITY, type=filled["type"],
        source=filled["source"] or "till", external_id=f"try-{uuid4()}", number=member.number if member else "",
        at=filled["at"] or clock.now(), digest="", attributes=told, attributes_json="{}",
        currency=configuration.program.currency, total=sum((line.amount for line in lines), Decimal(0)),
        channel=filled["channel"], store=filled["store"], lines=lines,
    )  # fmt: skip
