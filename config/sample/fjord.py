"""Fjord: fashion. Points wait two weeks, until goods can no longer be returned, and live to the end of next year."""

from decimal import Decimal

from loyalty.programs.models.earning import EarningRule, RuleCondition
from loyalty.programs.models.program import Program
from loyalty.programs.services.programs import create_program

ACTOR = "sample"


def open_fjord() -> Program:
    """The program with its wallet and three earning rules; nothing earned yet."""
    program = create_program(
        code="fjord",
        name="Fjord",
        currency="EUR",
        time_zone="Europe/Oslo",
        points_per=Decimal("2.00"),
        expires_months=12,
        actor=ACTOR,
    )
    program.brand_color, program.accent_color = "#12395b", "#7fb7c9"
    program.languages, program.warn_days = ["nb", "en"], [30]
    program.save()
    wallet = program.wallets.get(code="points")
    wallet.point_value = Decimal("0.04")
    wallet.expiry, wallet.expiry_dates, wallet.expiry_min_months = "calendar", ["12-31"], 12
    wallet.activation, wallet.activation_count = "after_days", 14
    wallet.save()
    outerwear = EarningRule.objects.create(
        program=program,
        wallet=wallet,
        name="Outerwear: five per 2.00",
        points=5,
        per_amount=2,
        basis="lines",
        priority=10,
    )
    RuleCondition.objects.create(rule=outerwear, subject="category", operator="equals", value="outerwear")
    EarningRule.objects.create(
        program=program, wallet=wallet, name="Fitted in store", trigger="visit", effect="fixed", points=25
    )
    return program
