"""What a purchase earns: the published cases (S…, see the scenarios), and others of their kind."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from loyalty.programs.rules.conditions import Condition
from loyalty.programs.rules.earning import Rule
from loyalty.programs.rules.evaluation import RuleBook, evaluate
from loyalty.programs.rules.exact import MAX_POINTS, PointsOutOfRange
from loyalty.programs.rules.explanation import Award
from loyalty.programs.rules.invalid import InvalidSetting
from loyalty.programs.rules.occurrence import Line
from tests.programs.rules.till import (
    MONDAY_NOON,
    POINTS,
    basket,
    buy,
    category,
    coloured,
    delivery,
    excluding,
    fixed,
    line,
    points,
    product,
    rate,
    step_of,
    times,
    why,
)


class TestScenarios:
    def test_s1_one_point_per_unit_of_money_floored(self):
        assert points([rate("1")], basket("100.00")) == 100
        assert points([rate("1")], basket("19.99")) == 19

    def test_s2_a_product_rule_claims_its_lines_before_the_basket_rule(self):
        rules = [rate("1", id=1), rate("3", "1.00", product("X"), id=2, basis="lines")]
        assert points(rules, buy(line("40.00", "X"), line("60.00", "other"))) == 180

    def test_s4_stackable_rules_add_up_and_a_non_stackable_one_of_higher_priority_wins_alone(self):
        stacking = [rate("1", id=1), rate("2", id=2)]
        alone = rate("5", id=3, stackable=False, priority=10)
        assert points(stacking, basket("100.00")) == 300
        assert points([*stacking, alone], basket("100.00")) == 500

    def test_s5_multipliers_multiply_and_a_non_stackable_one_of_higher_priority_wins_alone(self):
        base = rate("1", id=1)
        assert points([base, times("2", id=2), times("3", id=3)], basket("100.00")) == 600
        alone = times("5", id=3, stackable=False, priority=10)
        assert points([base, times("2", id=2), alone], basket("100.00")) == 500

    def test_s8_basis_without_tax_and_basis_with_shipping(self):
        taxed = buy(line("50.00", tax="10.00"), line("30.00", tax="6.00"))
        assert points([rate("1", with_tax=False)], taxed) == 64
        shipped = buy(line("50.00"), line("30.00"), delivery("15.00"))
        assert points([rate("1", with_shipping=True)], shipped) == 95
        assert points([rate("1")], shipped) == 80

    @pytest.mark.parametrize(
        ("excluded", "earned"),
        [
            ([], 608),
            ([product("B")], 208),
            ([coloured("red")], 560),
            ([coloured("red"), category("delivery")], 400),
        ],
    )
    def test_s9_zero_rate_rules_exclude_products_and_delivery(self, excluded, earned):
        cart = buy(
            line("12", "A", attributes={"colour": "red"}),
            line("100", "B", attributes={"colour": "blue"}),
            delivery("40", category="delivery"),
        )
        exclusions = [excluding(each, id=number, with_shipping=True) for number, each in enumerate(excluded, start=2)]
        assert points([rate("4", with_shipping=True), *exclusions], cart) == earned

    def test_s13_whole_steps_ignore_the_rest(self):
        assert points([rate("10", "2.00", whole_steps=True)], basket("7.00")) == 30
        assert points([rate("5", "2.50", whole_steps=True)], basket("3.00")) == 5
        assert points([rate("5", "2.50")], basket("3.00")) == 6

    def test_s14_what_a_discount_takes_off_earns_nothing(self):
        by_order_discount = buy(line("90.00", discount="10.00"))
        by_code = buy(line("54.00", discount="6.00"), line("36.00", discount="4.00"))
        assert points([rate("1")], by_order_discount) == 90
        assert points([rate("1")], by_code) == 90

    def test_s16_payment_is_not_discount(self):
        """What was paid by wallet or gift card is no part of a line, so that it cannot take anything off."""
        assert "payments" not in Line.__slots__
        assert points([rate("1")], basket("100.00")) == 100

    def test_s43_earning_on_a_sale_and_on_an_order_paid_partly_with_points(self):
        assert points([rate("1")], basket("106.25")) == 106
        assert points([rate("1")], buy(line("56.00", discount="50.00"))) == 56


class TestRates:
    def test_steps_are_counted_on_the_sum_not_line_by_line(self):
        assert points([rate("10", "2.00", whole_steps=True)], buy(line("1.50"), line("1.50"), line("1.00"))) == 20

    def test_a_rate_that_no_decimal_holds_is_exact(self):
        thirds = buy(line("1.00", "X"), line("1.00", "X"), line("1.00"))
        assert points([rate("1", "3.00")], thirds) == 1
        assert points([rate("1", "3.00"), times("3", product("X"), id=2)], buy(line("1.00", "X"), line("2.00"))) == 1
        assert points([rate("1", "3.00"), times("4", product("X"), id=2)], buy(line("1.00", "X"), line("2.00"))) == 2

    def test_thirds_add_up_to_a_whole_and_stay_exact(self):
        rules = [rate("10", "3.00", id=1), rate("20", "3.00", id=2), times("0.7", id=3)]
        assert points(rules, basket("1.00")) == 7

    def test_fractions_of_points_add_up_before_they_are_rounded(self):
        assert points([rate("0.5", id=1), rate("0.5", id=2)], basket("1.00")) == 1
        assert points([rate("0.25")], basket("7.99")) == 1

    @pytest.mark.parametrize(("rounding", "earned"), [("down", 1), ("half_up", 2), ("up", 2)])
    def test_a_half_is_rounded_as_the_rule_says(self, rounding, earned):
        assert points([rate("1", rounding=rounding)], basket("1.50")) == earned

    @pytest.mark.parametrize(("rounding", "earned"), [("down", 1), ("half_up", 1), ("up", 2)])
    def test_less_than_half_is_rounded_as_the_rule_says(self, rounding, earned):
        assert points([rate("1", rounding=rounding)], basket("1.49")) == earned

    def test_where_rules_round_differently_the_kindest_counts_once(self):
        rules = [rate("1", id=1, rounding="down"), rate("1", id=2, rounding="up")]
        assert points(rules, basket("1.20")) == 3  # 1.20 + 1.20, up, and not 1 + 2

    def test_a_rule_that_gave_nothing_has_no_say_in_rounding(self):
        rules = [rate("1", id=1), rate("1", "1.00", category("tea"), id=2, rounding="up", basis="lines")]
        assert points(rules, basket("1.90")) == 1
        without = [rate("1", id=1), excluding(category("tea"), id=2, rounding="up")]
        assert points(without, buy(line("1.90"), line("5.00", category="tea"))) == 1

    @pytest.mark.parametrize("amount", ["0", "0.00", "-5.00"])
    def test_nothing_paid_earns_nothing(self, amount):
        rules = [rate("1", id=1), fixed("100", id=2), fixed("10", id=3, effect="fixed_per_unit")]
        evaluation = evaluate(rules, basket(amount))
        assert evaluation.awards == ()
        assert {step.code for step in evaluation.explanation} == {"nothing-to-earn-on"}

    def test_a_line_taken_back_counts_against_the_others(self):
        assert points([rate("1")], buy(line("30.00"), line("-10.00", "bottles"))) == 20

    def test_a_multiplied_line_taken_back_never_makes_points_negative(self):
        rules = [rate("1", id=1), times("100", product("bottles"), id=2)]
        assert points(rules, buy(line("30.00"), line("-10.00", "bottles"))) == 0

    def test_an_empty_purchase_earns_nothing(self):
        assert points([rate("1", id=1), fixed("50", id=2)], buy()) == 0

    def test_a_lines_rule_without_conditions_claims_every_line(self):
        assert points([rate("1", id=1), rate("2", id=2, basis="lines")], basket("10.00")) == 20

    def test_discounted_lines_count_only_where_the_rule_says_so(self):
        sale = buy(line("60.00"), line("30.00", discount="10.00"))
        assert points([rate("1", with_discounted=False)], sale) == 60
        assert points([rate("1")], sale) == 90

    def test_a_product_rule_that_does_not_count_a_discounted_line_leaves_it_to_the_basket(self):
        rules = [rate("1", id=1), rate("3", "1.00", product("X"), id=2, basis="lines", with_discounted=False)]
        assert points(rules, buy(line("10.00", "X"), line("8.00", "X", discount="2.00"))) == 38

    def test_a_discount_on_the_basket_earns_like_any_amount_paid(self):
        assert points([rate("2.5", "10.00", whole_steps=True)], basket("99.99")) == 22


class TestFixedPoints:
    def test_once_per_activity(self):
        assert points([fixed("50")], buy(line("1.00"), line("2.00"))) == 50
        assert points([fixed("50", product("X"), basis="lines")], buy(line("1.00", "X"), line("2.00", "X"))) == 50

    def test_an_activity_without_lines_earns_them(self):
        review = buy(type="review")
        assert points([fixed("50", trigger="review")], review) == 50
        assert points([rate("1", trigger="review")], review) == 0

    def test_per_item(self):
        rule = fixed("5", product("X"), effect="fixed_per_unit")
        assert points([rule], buy(line("9.00", "X", quantity="3"), line("9.00", "Y", quantity="7"))) == 15

    def test_per_item_of_the_whole_basket_delivery_aside(self):
        rule = fixed("5", effect="fixed_per_unit", with_shipping=True)
        assert points([rule], buy(line("9.00", quantity="3"), line("9.00"), delivery("4.00"))) == 20

    def test_half_an_item_earns_half_unless_only_whole_items_count(self):
        weighed = buy(line("9.00", "X", quantity="1.5"))
        assert points([fixed("10", effect="fixed_per_unit")], weighed) == 15
        assert points([fixed("10", effect="fixed_per_unit", whole_steps=True)], weighed) == 10
        assert points([fixed("10", effect="fixed_per_unit", whole_steps=True)], buy(line("3", quantity="0.9"))) == 0

    def test_items_taken_back_earn_nothing(self):
        rule = fixed("10", effect="fixed_per_unit", trigger="deposit")
        assert points([rule], buy(line("0", quantity="-2"), type="deposit")) == 0
        assert points([rule], buy(line("0", quantity="4"), type="deposit")) == 40

    def test_a_bonus_on_the_basket_comes_on_top_and_one_on_lines_instead(self):
        base, receipt = rate("1", id=1), buy(line("40.00", "X"), line("60.00"))
        assert points([base, fixed("50", product("X"), id=2)], receipt) == 150
        assert points([base, fixed("50", product("X"), id=2, basis="lines")], receipt) == 110

    def test_a_bonus_per_item_on_the_basket_comes_on_top(self):
        rules = [rate("1", id=1), fixed("5", product("X"), id=2, effect="fixed_per_unit")]
        assert points(rules, buy(line("40.00", "X", quantity="2"), line("60.00"))) == 110

    def test_a_welcome_bonus_is_paid_although_products_are_claimed(self):
        rules = [fixed("100", id=1), rate("3", "1.00", product("X"), id=2, basis="lines")]
        assert points(rules, buy(line("10.00", "X"))) == 130

    def test_but_not_on_a_basket_of_excluded_products(self):
        rules = [fixed("100", id=1), excluding(category("tobacco"), id=2)]
        receipt = buy(line("10.00", category="tobacco"))
        assert points(rules, receipt) == 0
        assert why(rules, receipt, 1) == ("lines-excluded", 0)

    def test_on_lines_of_an_activity_that_costs_nothing(self):
        rules = [fixed("30", product("A", "B"), id=1, basis="lines", trigger="visit")]
        visit = buy(line("0", "A"), line("0", "B"), type="visit")
        assert points(rules, visit) == 30
        assert points([*rules, times("3", product("A"), id=2, trigger="visit")], visit) == 60


class TestClaims:
    def test_two_product_rules_add_up_on_one_line(self):
        rules = [
            rate("1", id=1),
            rate("2", "1.00", category("coffee"), id=2, basis="lines"),
            rate("3", "1.00", product("X"), id=3, basis="lines"),
        ]
        receipt = buy(line("10.00", "X", category="coffee"), line("10.00", "Y", category="coffee"), line("10.00"))
        assert points(rules, receipt) == 50 + 20 + 10

    def test_a_non_stackable_product_rule_takes_only_its_own_lines(self):
        rules = [
            rate("2", "1.00", category("coffee"), id=1, basis="lines"),
            rate("9", "1.00", product("X"), id=2, basis="lines", stackable=False, priority=1),
        ]
        receipt = buy(line("10.00", "X", category="coffee"), line("10.00", "Y", category="coffee"))
        assert points(rules, receipt) == 90 + 20

    def test_a_non_stackable_product_rule_of_lower_priority_stays_away_from_taken_lines(self):
        rules = [
            rate("2", "1.00", product("X"), id=1, basis="lines", priority=1),
            rate("9", "1.00", category("coffee"), id=2, basis="lines", stackable=False),
        ]
        receipt = buy(line("10.00", "X", category="coffee"), line("10.00", "Y", category="coffee"))
        assert points(rules, receipt) == 20 + 90
        assert why(rules, buy(line("10.00", "X", category="coffee")), 2) == ("outranked", 0)

    def test_products_claim_before_even_a_non_stackable_basket_rule(self):
        rules = [rate("5", id=1, stackable=False, priority=9), rate("3", "1.00", product("X"), id=2, basis="lines")]
        assert points(rules, buy(line("40.00", "X"), line("60.00"))) == 120 + 300

    def test_a_basket_rule_left_without_lines_says_who_claimed_them(self):
        rules = [rate("1", id=1), rate("3", "1.00", product("X"), id=2, basis="lines")]
        assert why(rules, buy(line("40.00", "X")), 1) == ("lines-claimed", 0)

    def test_a_product_rule_below_its_first_step_claims_nothing(self):
        rules = [rate("1", id=1), rate("100", "50.00", product("X"), id=2, basis="lines", whole_steps=True)]
        assert points(rules, buy(line("49.00", "X"))) == 49
        assert points(rules, buy(line("51.00", "X"))) == 100
        assert why(rules, buy(line("49.00", "X")), 2) == ("below-first-step", 0)

    def test_a_non_stackable_rule_below_its_first_step_outranks_nobody(self):
        rules = [rate("1", id=1), rate("10", "50.00", id=2, whole_steps=True, stackable=False, priority=9)]
        assert points(rules, basket("40.00")) == 40
        assert points(rules, basket("50.00")) == 10

    def test_exclusion_beats_every_priority(self):
        rules = [
            rate("1", id=1),
            rate("3", "1.00", product("X"), id=2, basis="lines", priority=9, stackable=False),
            excluding(category("tobacco"), id=3),
        ]
        receipt = buy(line("40.00", "X", category="tobacco"), line("60.00", "X"))
        assert points(rules, receipt) == 180
        assert why(rules, buy(line("40.00", "X", category="tobacco")), 2) == ("lines-excluded", 0)
        assert why(rules, receipt, 3) == ("excluded", 0)

    def test_a_fixed_zero_on_lines_excludes_too(self):
        rules = [rate("1", id=1), fixed("0", product("X"), id=2, basis="lines")]
        assert points(rules, buy(line("40.00", "X"), line("60.00"))) == 60

    def test_two_exclusions_of_one_line(self):
        rules = [rate("1", id=1), excluding(product("X"), id=2), excluding(category("tobacco"), id=3, priority=1)]
        receipt = buy(line("40.00", "X", category="tobacco"))
        assert points(rules, receipt) == 0
        assert why(rules, receipt, 2) == why(rules, receipt, 3) == ("excluded", 0)

    def test_a_zero_rate_on_the_basket_stops_points_where_it_wins_alone(self):
        closed = rate("0", id=2, stackable=False, priority=9)
        assert points([rate("1", id=1), closed], basket("40.00")) == 0
        assert why([rate("1", id=1), closed], basket("40.00"), 2) == ("pays-nothing", 0)
        assert points([rate("1", id=1), replace(closed, stackable=True)], basket("40.00")) == 40

    def test_wallets_know_nothing_of_one_another(self):
        rules = [
            rate("1", id=1, wallet="points"),
            rate("2", "1.00", product("X"), id=2, wallet="stars", basis="lines"),
            excluding(product("Y"), id=3, wallet="stars"),
            rate("5", id=4, wallet="miles", stackable=False, priority=9),
        ]
        evaluation = evaluate(rules, buy(line("10.00", "X"), line("10.00", "Y")))
        assert evaluation.awards == (Award("miles", 100, (4,)), Award("stars", 20, (2,)), Award("points", 20, (1,)))
        assert evaluation.points_in("coins") == 0


class TestPriority:
    def test_a_stackable_rule_of_higher_priority_leaves_no_room_for_a_non_stackable_one(self):
        rules = [rate("1", id=1, priority=5), rate("9", id=2, stackable=False)]
        assert points(rules, basket("10.00")) == 10
        assert why(rules, basket("10.00"), 2) == ("outranked", 0)

    def test_at_the_same_priority_the_rule_worth_most_goes_first(self):
        rules = [rate("2", id=1, stackable=False), rate("5", id=2, stackable=False), fixed("30", id=3, stackable=False)]
        assert points(rules, basket("10.00")) == 50
        assert points(rules, basket("4.00")) == 30

    def test_a_rule_with_nothing_to_give_tells_that_rather_than_who_came_first(self):
        rules = [rate("1", id=1, priority=9), rate("10", "50.00", id=2, whole_steps=True, stackable=False)]
        assert why(rules, basket("40.00"), 2) == ("below-first-step", 0)

    def test_the_first_of_several_is_named(self):
        rules = [
            rate("1", "1.00", product("X"), id=1, basis="lines", priority=2, name="First"),
            rate("1", "1.00", product("X"), id=2, basis="lines", priority=1, name="Second"),
            rate("1", "1.00", product("X"), id=3, basis="lines", stackable=False),
        ]
        step = step_of(evaluate(rules, buy(line("1.00", "X"))), 3)
        assert (step.code, step.params) == ("outranked", {"by": 1, "by_name": "First"})

    def test_at_the_same_priority_and_worth_the_lowest_id_goes_first(self):
        rules = [rate("2", id=10, stackable=False), rate("2", id=9, stackable=False), rate("2", id="x1")]
        evaluation = evaluate(rules, basket("10.00"))
        assert evaluation.awards == (Award(POINTS, 20, (9,)),)

    def test_two_rules_may_not_share_an_id(self):
        with pytest.raises(InvalidSetting, match="id: not-unique"):
            RuleBook([rate("1"), rate("2")])


class TestMultipliers:
    def test_without_conditions_on_lines_everything_is_multiplied(self):
        rules = [rate("1", id=1), fixed("50", id=2), rate("3", "1.00", product("X"), id=3, basis="lines")]
        receipt = buy(line("40.00", "X"), line("60.00"))
        assert points(rules, receipt) == 230
        assert points([*rules, times("2", id=4)], receipt) == 460

    def test_with_conditions_on_lines_only_what_those_earned(self):
        rules = [
            rate("1", id=1),
            fixed("50", id=2),
            rate("3", "1.00", product("X"), id=3, basis="lines"),
            times("2", product("X"), id=4),
        ]
        assert points(rules, buy(line("40.00", "X"), line("60.00"))) == 60 + 50 + 240

    def test_on_a_line_of_the_basket_its_share_is_multiplied(self):
        assert points([rate("1", id=1), times("2", product("X"), id=2)], buy(line("40.00", "X"), line("60.00"))) == 140

    def test_on_items_their_share_is_multiplied(self):
        rules = [fixed("5", id=1, effect="fixed_per_unit"), times("2", product("X"), id=2)]
        assert points(rules, buy(line("1.00", "X", quantity="3"), line("99.00", quantity="1"))) == 35

    def test_on_a_fixed_bonus_of_lines_the_share_by_amount_is_multiplied(self):
        rules = [fixed("100", product("X", "Y"), id=1, basis="lines"), times("2", product("X"), id=2)]
        assert points(rules, buy(line("25.00", "X"), line("75.00", "Y"))) == 125

    def test_two_that_choose_overlapping_lines(self):
        rules = [rate("1", id=1), times("2", product("X"), id=2), times("3", category("coffee"), id=3)]
        receipt = buy(
            line("10.00", "X", category="coffee"), line("10.00", "X"), line("10.00", category="coffee"), line("10.00")
        )
        assert points(rules, receipt) == 60 + 20 + 30 + 10

    def test_a_non_stackable_one_wins_alone_on_its_lines_only(self):
        rules = [
            rate("1", id=1),
            times("5", product("X"), id=2, stackable=False, priority=9),
            times("2", id=3),
        ]
        assert points(rules, buy(line("10.00", "X"), line("10.00"))) == 50 + 20

    def test_one_that_finds_everything_taken_is_outranked(self):
        rules = [rate("1", id=1), times("5", id=2, stackable=False, priority=9), times("2", product("X"), id=3)]
        assert why(rules, buy(line("10.00", "X")), 3) == ("outranked", 0)

    def test_at_the_same_priority_the_larger_goes_first(self):
        rules = [rate("1", id=1), times("2", id=2, stackable=False), times("3", id=3, stackable=False)]
        assert points(rules, basket("10.00")) == 30

    def test_points_of_no_line_are_reached_by_those_that_choose_none(self):
        rules = [rate("1", id=1), fixed("50", id=2), times("2", id=3), times("3", product("X"), id=4)]
        assert points(rules, buy(line("10.00", "X"), line("10.00"))) == 60 + 20 + 100

    def test_a_line_that_cost_nothing_is_nothing_to_multiply(self):
        rules = [rate("1", id=1), times("2", product("GIFT"), id=2)]
        assert why(rules, buy(line("10.00"), line("0.00", "GIFT")), 2) == ("nothing-to-multiply", 0)

    def test_nothing_earned_is_nothing_to_multiply(self):
        rules = [times("2", id=1), rate("3", "1.00", product("X"), id=2, basis="lines"), times("2", product("Y"), id=3)]
        assert why(rules, basket("10.00"), 1) == ("nothing-to-multiply", 0)
        assert why(rules, buy(line("10.00", "X"), line("1.00", "Y")), 3) == ("nothing-to-multiply", 0)

    def test_excluded_lines_have_nothing_to_multiply(self):
        rules = [rate("1", id=1), excluding(product("X"), id=2), times("9", product("X"), id=3)]
        assert points(rules, buy(line("10.00", "X"), line("10.00"))) == 10

    def test_a_factor_below_one_takes_away(self):
        rules = [rate("1", id=1), times("0.5", id=2)]
        assert points(rules, basket("11.00")) == 5
        assert [step.points for step in evaluate(rules, basket("11.00")).explanation] == [11, -6]

    def test_a_factor_of_nothing_leaves_nothing(self):
        assert evaluate([rate("1", id=1), times("0", id=2)], basket("11.00")).awards == ()

    def test_multiplied_before_rounding(self):
        assert points([rate("1", id=1), times("1.5", id=2)], basket("1.99")) == 2
        assert points([rate("1", id=1), times("10", id=2)], basket("1.99")) == 19

    def test_of_another_activity_multiplies_its_fixed_points(self):
        rules = [fixed("50", id=1, trigger="review"), times("2", id=2, trigger="review")]
        assert points(rules, buy(type="review")) == 100


class TestShadow:
    def test_pays_claims_and_multiplies_nothing(self):
        live = rate("1", id=1)
        shadows = [
            rate("5", id=2, is_shadow=True, stackable=False, priority=9),
            rate("3", "1.00", product("X"), id=3, basis="lines", is_shadow=True),
            times("7", id=4, is_shadow=True),
            excluding(product("X"), id=5, is_shadow=True),
        ]
        evaluation = evaluate([live, *shadows], buy(line("40.00", "X"), line("60.00")))
        assert evaluation.awards == (Award(POINTS, 100, (1,)),)
        told = {step.rule_id: (step.matched, step.points) for step in evaluation.explanation if step.is_shadow}
        assert told == {2: (True, 0), 3: (True, 0), 4: (True, 0), 5: (True, 0)}
        would = {
            step.rule_id: (step.params["would_earn"], step.params["would_change"])
            for step in evaluation.explanation
            if step.is_shadow
        }
        assert would == {2: (500, 400), 3: (120, 80), 4: (600, 600), 5: (0, -40)}

    def test_says_why_it_would_not_have_applied(self):
        rules = [rate("1", id=1, priority=1), rate("5", id=2, is_shadow=True, stackable=False)]
        assert why(rules, basket("10.00"), 2) == ("outranked", 0)
        assert why([rate("1", "1.00", product("X"), is_shadow=True, basis="lines")], basket("10.00"), 1) == (
            "no-matching-lines",
            0,
        )

    def test_a_silly_one_does_no_harm(self):
        rules = [rate("1", id=1), rate("1000000000", "0.01", id=2, is_shadow=True)]
        receipt = basket("100000.00")
        assert points(rules, receipt) == 100000
        assert why(rules, receipt, 2) == ("too-many-points", 0)


class TestValidity:
    starts, ends = MONDAY_NOON, MONDAY_NOON + timedelta(days=1)
    instant = timedelta(microseconds=1)

    def test_half_open(self):
        rule = rate("1", starts_at=self.starts, ends_at=self.ends)
        earned = [
            points([rule], basket("5.00", at=at))
            for at in (self.starts - self.instant, self.starts, self.ends - self.instant, self.ends)
        ]
        assert earned == [0, 5, 5, 0]

    def test_says_so(self):
        rule = rate("1", starts_at=self.starts, ends_at=self.ends)
        assert why([rule], basket("5.00", at=self.starts - self.instant), 1) == ("not-started", 0)
        assert why([rule], basket("5.00", at=self.ends), 1) == ("ended", 0)
        assert why([rate("1", is_active=False)], basket("5.00"), 1) == ("inactive", 0)

    def test_an_instant_is_the_same_in_every_zone(self):
        rule = rate("1", starts_at=self.starts.astimezone(UTC))
        assert points([rule], basket("5.00", at=self.starts)) == 5


class TestNonsense:
    @pytest.mark.parametrize(
        ("setting", "field", "code"),
        [
            ({"points": Decimal(-1)}, "points", "negative"),
            ({"points": Decimal(10) ** 10}, "points", "too-large"),
            ({"points": 1.5}, "points", "not-a-number"),
            ({"points": True}, "points", "not-a-number"),
            ({"points": Decimal("NaN")}, "points", "not-a-number"),
            ({"points": Decimal("1E+40")}, "points", "out-of-range"),
            ({"points": Decimal("1E-40")}, "points", "out-of-range"),
            ({"per_amount": Decimal(0)}, "per_amount", "not-positive"),
            ({"per_amount": Decimal(-1)}, "per_amount", "negative"),
            ({"factor": Decimal(-1)}, "factor", "negative"),
            ({"factor": Decimal(1001)}, "factor", "too-large"),
            ({"basis": "moon"}, "basis", "unknown-choice"),
            ({"effect": "magic"}, "effect", "unknown-choice"),
            ({"rounding": "sideways"}, "rounding", "unknown-choice"),
            ({"trigger": " "}, "trigger", "required"),
            ({"starts_at": datetime(2026, 1, 1)}, "starts_at", "not-aware"),  # noqa: DTZ001
            ({"starts_at": MONDAY_NOON, "ends_at": MONDAY_NOON}, "ends_at", "ends-before-start"),
        ],
    )
    def test_is_refused_at_construction(self, setting, field, code):
        with pytest.raises(InvalidSetting) as caught:
            Rule(**{"id": 1, "name": "rule", "wallet": 1} | setting)
        assert (caught.value.field, caught.value.code) == (field, code)
        assert isinstance(caught.value, ValueError)

    def test_in_an_occurrence_too(self):
        with pytest.raises(InvalidSetting, match="kind: unknown-choice value=gift"):
            line("1.00", kind="gift")
        with pytest.raises(InvalidSetting, match="amount: not-a-number"):
            Line(1.5)
        with pytest.raises(InvalidSetting, match="at: not-aware"):
            buy(at=datetime(2026, 1, 1))  # noqa: DTZ001
        with pytest.raises(InvalidSetting, match="local: another-instant"):
            replace(basket("1.00"), local=MONDAY_NOON + timedelta(hours=1))

    def test_whole_numbers_are_numbers(self):
        assert points([Rule(id=1, name="", wallet=POINTS, points=2)], buy(Line(3))) == 6

    def test_more_points_than_a_wallet_holds_are_refused(self):
        silly = rate("1000000000", "0.01")
        with pytest.raises(PointsOutOfRange):
            evaluate([silly], basket("100000.00"))
        assert points([rate("1")], buy(*[line("1000000000000000")] * 9)) == 9 * 10**15 < MAX_POINTS

    def test_rules_are_read_in_any_form_of_collection(self):
        rule = Rule(id=1, name="", wallet=POINTS, points=2, conditions=[Condition("channel", "equals", "web")])
        assert points((each for each in [rule]), basket("5.00", channel="Web")) == 10
        assert hash(rule) == hash(replace(rule))

    def test_a_book_judges_many(self):
        book = RuleBook([rate("1"), fixed("5", id=2, trigger="review")])
        assert [book.evaluate(each).points_in(POINTS) for each in (basket("3"), buy(type="review"), buy(type="x"))] == [
            3,
            5,
            0,
        ]
