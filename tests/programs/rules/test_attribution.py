"""Which line brought how many points: as many as its own rules gave, and its part of what belongs to them all."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from loyalty.programs.rules.evaluation import evaluate
from tests.programs.rules.test_properties import programs, receipts
from tests.programs.rules.till import basket, buy, delivery, fixed, line, product, rate, times


def shares(rules, occurrence):
    (award,) = evaluate(rules, occurrence).awards
    return list(award.shares)


def test_one_line_is_the_whole():
    assert shares([rate("1")], basket("10.00")) == []


def test_a_rate_goes_by_the_amount():
    assert shares([rate("1")], buy(line("19.99"), line("0.01"))) == [Fraction("19.99"), Fraction("0.01")]
    assert shares([rate("1", per="3.00")], buy(line("1"), line("2"))) == [Fraction(1, 3), Fraction(2, 3)]


def test_products_with_rules_of_their_own_bring_their_own():
    rules = [rate("1"), rate("3", "1.00", product("X"), id=2, basis="lines")]
    assert shares(rules, buy(line("40.00", "X"), line("60.00"))) == [120, 60]


def test_delivery_brings_what_it_earned():
    assert shares([rate("1")], buy(line("80"), delivery("15"))) == [80, 0]
    assert shares([rate("1", with_shipping=True)], buy(line("80"), delivery("15"))) == [80, 15]


def test_a_bonus_is_spread_over_the_items_by_what_they_cost():
    assert shares([fixed("50")], buy(line("30"), line("70"), delivery("10"))) == [15, 35, 0]


def test_items_count_by_their_number():
    rules = [fixed("5", effect="fixed_per_unit")]
    assert shares(rules, buy(line("1", quantity="3"), line("100"))) == [15, 5]


def test_a_multiplier_raises_what_it_reaches():
    rules = [rate("1"), fixed("10", id=2), times("3", product("X"), id=3), times("2", id=4)]
    assert shares(rules, buy(line("40", "X"), line("60"))) == [40 * 3 * 2 + 8, 60 * 2 + 12]
    assert evaluate(rules, buy(line("40", "X"), line("60"))).points_in(1) == 380


def test_whole_steps_are_shared():
    assert shares([rate("10", "2.00", whole_steps=True)], buy(line("3.00"), line("4.00"))) == [
        Fraction(90, 7), Fraction(120, 7),
    ]  # fmt: skip


@given(programs(), receipts(st.decimals("0.01", 300, places=2)))
def test_the_shares_come_to_the_award(rules, receipt):
    for award in evaluate(rules, receipt).awards:
        if len(receipt.lines) > 1:
            assert len(award.shares) == len(receipt.lines)
            assert min(award.shares) >= 0
            assert abs(sum(award.shares) - award.points) < 1
