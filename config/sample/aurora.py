"""Aurora: a café and shop. Points that expire a year after earning, at the end of the month."""

from decimal import Decimal

from loyalty.programs.models.earning import EarningRule, RuleCondition
from loyalty.programs.models.program import Program
from loyalty.programs.services.programs import create_program

ACTOR = "sample"


def open_aurora() -> Program:
    """The program with its wallet, five earning rules and its words; nothing earned yet."""
    program = create_program(
        code="aurora",
        name="Aurora Coffee",
        currency="EUR",
        time_zone="Europe/Oslo",
        points_per=Decimal("1.00"),
        expires_months=12,
        actor=ACTOR,
    )
    _dress(program)
    _pay_for_more_than_money(program)
    return program


def _dress(program: Program) -> None:
    program.brand_color, program.accent_color = "#5b2c1d", "#e8a33d"
    program.languages = ["en", "nb", "pl"]
    program.warn_days = [30, 7]
    program.terms_text = "Aurora Club is free. You can leave at any time from your profile."
    program.save()
    wallet = program.wallets.get(code="points")
    wallet.name, wallet.unit_one, wallet.unit_many = "Beans", "bean", "beans"
    wallet.point_value, wallet.expiry_rounding = Decimal("0.05"), "month"
    wallet.save()
    base = program.rules.get()
    base.name, base.priority = "Every euro counts", 0
    base.save()


def _pay_for_more_than_money(program: Program) -> None:
    wallet = program.wallets.get(code="points")

    def rule(name: str, **fields) -> EarningRule:
        return EarningRule.objects.create(program=program, wallet=wallet, name=name, **fields)

    beans = rule("Triple on whole beans", points=3, basis="lines", priority=10)
    _when(beans, "category", "equals", "whole beans")
    mornings = rule("Early birds: double before nine", effect="multiplier", factor=2, priority=5)
    _when(mornings, "time_of_day", "between", "07:00-09:00")
    _when(mornings, "weekday", "in", "mon,tue,wed,thu,fri")
    gifts = rule("Gift cards earn nothing", points=0, basis="lines", priority=20)
    _when(gifts, "category", "equals", "gift cards")
    rule("Thank you for your review", trigger="review", effect="fixed", points=20)
    welcome = rule("Welcome: 50 on your first purchase", effect="fixed", points=50)
    _when(welcome, "first_purchase", "equals", "yes")
    weekend = rule("Idea: double on Sundays", effect="multiplier", factor=2, is_shadow=True)
    _when(weekend, "weekday", "in", "sun")


def _when(rule: EarningRule, subject: str, operator: str, value: str) -> None:
    RuleCondition.objects.create(
        rule=rule, subject=subject, operator=operator, value=value, position=rule.conditions.count()
    )
