"""What a brand watches, and an afternoon at Aurora that somebody should look at."""

from datetime import datetime, timedelta
from decimal import Decimal

from loyalty.members.models import Member
from loyalty.programs.models.program import Program
from loyalty.programs.models.velocity import VelocityRule
from loyalty.programs.rules.occurrence import Line
from loyalty.programs.services.activities import record_purchase
from loyalty.programs.services.cases import save_watch_rule
from loyalty.programs.services.facts import PurchaseFacts

RULES = (
    ("Busy card", VelocityRule.Pattern.CARD_AT_TILL, 3, 60),
    ("Shared device", VelocityRule.Pattern.DEVICE, 2, 1440),
    ("A cashier’s favourite", VelocityRule.Pattern.CASHIER, 2, 480),
    ("Many a day", VelocityRule.Pattern.PURCHASES, 8, 1440),
)


def watch(program: Program, *, actor: str) -> None:
    """The rules that most brands begin with."""
    for name, pattern, most, minutes in RULES:
        rule = VelocityRule(program=program, name=name, pattern=pattern, most=most, minutes=minutes)
        save_watch_rule(rule, actor=actor)


def odd_afternoon(program: Program, now: datetime, *, actor: str) -> None:
    """A cashier rings up four baskets for one guest, one card pays for four guests, three guests share a phone."""
    guests = list(Member.objects.of(program).filter(external_id__in=["0003", "0004", "0005", "0006"]).order_by("pk"))
    start = now - timedelta(days=1, hours=3)
    visits = [(guests[0], {"cashier": "C-17"}, 7 * number) for number in range(4)]
    visits += [(guest, {"card": "tok_5b1e", "cashier": "C-04"}, 40 + number) for number, guest in enumerate(guests)]
    visits += [(guest, {"device": "phone-91"}, 60 + number) for number, guest in enumerate(guests[1:])]
    for number, (guest, attributes, minutes) in enumerate(visits):
        lines = (Line(amount=Decimal("12.50"), quantity=Decimal(1), sku="beans-250", category="beans"),)
        facts = PurchaseFacts(
            source="till", receipt=f"odd-{number}", member=guest, at=start + timedelta(minutes=minutes),
            currency=program.currency, channel="till", store="Oslo 1", lines=lines, attributes=attributes,
        )  # fmt: skip
        record_purchase(program, facts, actor=actor)
