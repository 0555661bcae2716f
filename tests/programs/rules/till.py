"""Short words for rules and receipts, so that a test reads like its scenario."""

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from loyalty.programs.rules.conditions import Condition
from loyalty.programs.rules.earning import Rule
from loyalty.programs.rules.evaluation import evaluate
from loyalty.programs.rules.explanation import Evaluation, Step
from loyalty.programs.rules.occurrence import Line, Occurrence

OSLO = ZoneInfo("Europe/Oslo")
POINTS = 1
MONDAY_NOON = datetime(2026, 3, 2, 12, tzinfo=OSLO)


def line(amount: str, sku: str = "", **facts) -> Line:
    numbers = {name: Decimal(facts.pop(name)) for name in ("quantity", "tax", "discount") if name in facts}
    return Line(Decimal(amount), sku=sku, **numbers, **facts)


def delivery(amount: str, **facts) -> Line:
    return line(amount, kind="shipping", **facts)


def buy(*lines: Line, at: datetime = MONDAY_NOON, type: str = "purchase", **facts) -> Occurrence:
    return Occurrence(type=type, at=at, local=at, lines=lines, **facts)


def basket(amount: str, **facts) -> Occurrence:
    return buy(line(amount), **facts)


def rate(points: str, per: str = "1.00", *conditions: Condition, id: int = 1, **settings) -> Rule:
    settings = {"name": f"rule {id}", "wallet": POINTS} | settings
    return Rule(id=id, points=Decimal(points), per_amount=Decimal(per), conditions=conditions, **settings)


def fixed(points: str, *conditions: Condition, id: int = 1, **settings) -> Rule:
    return rate(points, "1.00", *conditions, id=id, **{"effect": "fixed"} | settings)


def times(factor: str, *conditions: Condition, id: int = 1, **settings) -> Rule:
    return rate("0", "1.00", *conditions, id=id, effect="multiplier", factor=Decimal(factor), **settings)


def excluding(*conditions: Condition, id: int = 1, **settings) -> Rule:
    return rate("0", "1.00", *conditions, id=id, basis="lines", **settings)


def product(*skus: str) -> Condition:
    return Condition("sku", "in", skus)


def category(name: str) -> Condition:
    return Condition("category", "equals", name)


def coloured(colour: str) -> Condition:
    return Condition("line_attribute", "equals", colour, name="colour")


def points(rules, occurrence: Occurrence) -> int:
    return evaluate(rules, occurrence).points_in(POINTS)


def step_of(evaluation: Evaluation, rule_id: int) -> Step:
    (step,) = [step for step in evaluation.explanation if step.rule_id == rule_id]
    return step


def why(rules, occurrence: Occurrence, rule_id: int) -> tuple[str, int]:
    step = step_of(evaluate(rules, occurrence), rule_id)
    return step.code, step.points
