"""The explanation: every rule, in plain values that JSON keeps, adding up to the award."""

import json

from loyalty.programs.rules.evaluation import evaluate
from loyalty.programs.rules.explanation import Award, Step, steps_from_json
from tests.programs.rules.till import POINTS, basket, buy, category, excluding, fixed, line, product, rate, times

RULES = [
    rate("1", id=1, name="Base"),
    rate("3", "1.00", product("X"), id=2, name="Three times X", basis="lines"),
    excluding(category("tobacco"), id=3, name="No tobacco"),
    times("2", product("X"), id=4, name="Double X"),
    fixed("50", id=5, name="Reviews", trigger="review"),
    fixed("100", product("Q"), id=6, name="Bonus on Q"),
    rate("9", id=7, name="Trial", is_shadow=True),
]
RECEIPT = buy(line("40.00", "X"), line("19.99", "Y"), line("8.00", "Z", category="tobacco"))


def test_every_rule_of_this_activity_is_told_paying_ones_first_shadows_last():
    evaluation = evaluate(RULES, RECEIPT)
    assert evaluation.awards == (Award(POINTS, 259, (2, 1, 4)),)
    assert [(step.rule_id, step.matched, step.points, step.code) for step in evaluation.explanation] == [
        (3, True, 0, "excluded"),
        (2, True, 120, "rate"),
        (1, True, 19, "rate"),
        (4, True, 120, "multiplier"),
        (6, False, 0, "no-matching-lines"),
        (7, True, 0, "rate"),
    ]


def test_a_step_carries_what_words_need():
    told = {step.rule_id: step.params for step in evaluate(RULES, RECEIPT).explanation}
    assert told[2] == {
        "points": "3",
        "per_amount": "1.00",
        "amount": "40.00",
        "whole_steps": False,
        "products": ["X"],
        "more": 0,
    }
    assert told[1] == {"points": "1", "per_amount": "1.00", "amount": "19.99", "whole_steps": False}
    assert told[3] == {"amount": "8.00", "products": ["Z"], "more": 0}
    assert told[4] == {"factor": "2", "products": ["X"], "more": 0}


def test_what_rounding_drops_is_missing_from_the_step_that_crossed_it():
    rules = [rate("0.5", id=1), rate("0.5", id=2), rate("0.5", id=3)]
    assert [step.points for step in evaluate(rules, basket("1.00")).explanation] == [0, 1, 0]


def test_json_keeps_it_word_for_word():
    evaluation = evaluate(RULES, RECEIPT)
    stored = json.loads(json.dumps(evaluation.to_json()))
    assert steps_from_json(stored) == evaluation.explanation


def test_a_step_in_json():
    step = Step(rule_id=1, rule_name="Base", wallet=POINTS, matched=False, points=0, code="inactive")
    assert step.to_json() == {
        "rule": 1,
        "name": "Base",
        "wallet": POINTS,
        "matched": False,
        "points": 0,
        "code": "inactive",
        "params": {},
        "shadow": False,
    }


def test_long_baskets_name_five_products():
    receipt = buy(*[line("1.00", sku) for sku in "ABCDEFGA"], line("1.00"))
    (step,) = evaluate([rate("1", id=1, basis="lines")], receipt).explanation
    assert (step.params["products"], step.params["more"]) == (["A", "B", "C", "D", "E"], 2)


def test_a_product_without_sku_is_named_by_its_category():
    (step,) = evaluate([rate("1", id=1, basis="lines")], buy(line("1.00", category="tea"))).explanation
    assert step.params["products"] == ["tea"]


def test_no_rule_nothing_to_tell():
    evaluation = evaluate([], RECEIPT)
    assert (evaluation.awards, evaluation.explanation, evaluation.to_json()) == ((), (), [])
