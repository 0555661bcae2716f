"""The "if" of a rule: every subject, every operator, and what is refused."""

import pickle
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pytest

from loyalty.programs.rules.conditions import OPERATORS, Condition, condition_from_text
from loyalty.programs.rules.evaluation import evaluate
from loyalty.programs.rules.invalid import InvalidSetting
from tests.programs.rules.till import (
    MONDAY_NOON,
    OSLO,
    basket,
    buy,
    delivery,
    fixed,
    line,
    points,
    product,
    rate,
    step_of,
    why,
)


def holds(condition: Condition, occurrence) -> bool:
    return points([fixed("1", condition)], occurrence) == 1


def on(day: int, hour: int, minute: int = 0) -> datetime:
    """The second of March 2026 is a Monday."""
    return datetime(2026, 3, day, hour, minute, tzinfo=OSLO)


class TestBasketTotal:
    @pytest.mark.parametrize(
        ("operator", "value", "held"),
        [
            ("gte", "50", ["50.00", "60.00", "60.01"]),
            ("gt", "50", ["60.00", "60.01"]),
            ("lte", "50", ["49.99", "50.00"]),
            ("lt", "50", ["49.99"]),
            ("between", ("50", Decimal(60)), ["50.00", "60.00"]),
        ],
    )
    def test_is_compared_as_a_number(self, operator, value, held):
        condition = Condition("basket_total", operator, value)
        assert [each for each in ("49.99", "50.00", "60.00", "60.01") if holds(condition, basket(each))] == held

    def test_is_counted_as_the_rule_counts(self):
        at_least = Condition("basket_total", "gte", 50)
        receipt = buy(line("49.00", tax="9.00"), delivery("5.00"))
        assert points([rate("1", "1.00", at_least)], receipt) == 0
        assert points([rate("1", "1.00", at_least, with_shipping=True)], receipt) == 54
        assert points([rate("1", "1.00", at_least, with_shipping=True, with_tax=False)], receipt) == 0

    def test_counts_all_lines_also_those_that_others_claim_or_that_are_on_sale(self):
        rules = [
            rate("1", "1.00", Condition("basket_total", "gte", 50), id=1, with_discounted=False),
            rate("3", "1.00", product("X"), id=2, basis="lines"),
        ]
        assert points(rules, buy(line("20.00", "X"), line("20.00"), line("10.00", discount="1.00"))) == 60 + 20

    def test_tells_what_it_found(self):
        rule = rate("1", "1.00", Condition("basket_total", "gte", "50.00"))
        step = step_of(evaluate([rule], basket("40.00")), 1)
        assert (step.code, step.params) == (
            "condition-failed",
            {"subject": "basket_total", "operator": "gte", "value": "50.00", "actual": "40.00"},
        )


class TestLines:
    @pytest.mark.parametrize(
        ("condition", "earned"),
        [
            (Condition("sku", "equals", " ESP-1 "), 1),
            (Condition("sku", "not_equals", "esp-1"), 110),
            (Condition("sku", "in", ["ESP-1", "TEA"]), 11),
            (Condition("sku", "not_in", {"ESP-1", "TEA"}), 100),
            (Condition("sku", "contains", "sp-"), 1),
            (Condition("category", "equals", "Drinks"), 11),
            (Condition("line_attribute", "equals", "RED", name="colour"), 1),
            (Condition("line_attribute", "not_equals", "red", name="colour"), 110),
            (Condition("line_attribute", "gte", 5, name="weight"), 100),
            (Condition("line_attribute", "equals", True, name="organic"), 10),
            (Condition("line_attribute", "contains", "fair", name="labels"), 10),
        ],
    )
    def test_choose_lines(self, condition, earned):
        receipt = buy(
            line("1.00", "esp-1", category="drinks", attributes={"colour": "Red", "weight": "4.9"}),
            line("10.00", "tea", category="drinks ", attributes={"organic": True, "labels": ["fair", "local"]}),
            line("100.00", category="food", attributes={"weight": 5.0, "organic": False}),
        )
        assert points([rate("1", "1.00", condition, basis="lines")], receipt) == earned

    def test_all_must_hold_on_the_same_line(self):
        conditions = (Condition("category", "equals", "coffee"), Condition("sku", "not_equals", "X"))
        rule = rate("1", "1.00", *conditions, basis="lines")
        assert points([rule], buy(line("5.00", "X", category="coffee"), line("7.00", "Y"))) == 0
        assert points([rule], buy(line("5.00", "X", category="coffee"), line("7.00", "Y", category="coffee"))) == 7

    def test_on_a_basket_rule_they_ask_whether_the_basket_holds_such_a_line(self):
        rule = rate("1", "1.00", product("X"))
        assert points([rule], buy(line("40.00", "X"), line("60.00"))) == 100
        assert points([rule], buy(line("60.00"))) == 0

    def test_negative_ones_ask_whether_it_holds_none(self):
        rule = rate("1", "1.00", Condition("sku", "not_equals", "X"), Condition("sku", "not_in", ("Y", "Z")))
        assert points([rule], buy(line("40.00", "A"), line("60.00"))) == 100
        assert points([rule], buy(line("40.00", "A"), line("60.00", "Y"))) == 0

    def test_a_positive_with_a_negative_one_ask_for_one_line_that_is_both(self):
        rule = rate("1", "1.00", Condition("category", "equals", "coffee"), Condition("sku", "not_equals", "X"))
        assert points([rule], buy(line("40.00", "X", category="coffee"), line("60.00", "Y"))) == 0
        assert points([rule], buy(line("40.00", "X", category="coffee"), line("60.00", category="coffee"))) == 100

    def test_only_lines_that_count_are_asked(self):
        assert points([rate("1", "1.00", product("SHIP"))], buy(line("40.00"), delivery("5.00", sku="SHIP"))) == 0

    def test_tell_what_was_looked_for(self):
        step = step_of(evaluate([rate("1", "1.00", product("X"), basis="lines")], basket("40.00")), 1)
        assert step.params == {"conditions": [{"subject": "sku", "operator": "in", "value": ["X"]}]}


class TestPlace:
    def test_channel_and_store(self):
        web = Condition("channel", "equals", "web")
        city = Condition("store", "in", ("Oslo", "Bergen"))
        assert holds(web, basket("1", channel="WEB"))
        assert not holds(web, basket("1"))
        assert holds(city, basket("1", store="bergen"))
        assert not holds(city, basket("1", store="Paris"))
        assert holds(Condition("store", "not_in", ("Oslo",)), basket("1"))


class TestTime:
    @pytest.mark.parametrize(
        ("operator", "value", "days"),
        [
            ("equals", 1, [2]),
            ("not_equals", "monday", [3, 4, 5, 6, 7, 8]),
            ("in", ("sat", "7"), [7, 8]),
            ("not_in", (6, 7), [2, 3, 4, 5, 6]),
            ("between", (1, 5), [2, 3, 4, 5, 6]),
            ("between", ("sat", "mon"), [2, 7, 8]),
        ],
    )
    def test_weekdays(self, operator, value, days):
        condition = Condition("weekday", operator, value)
        assert [day for day in range(2, 9) if holds(condition, basket("1", at=on(day, 12)))] == days

    @pytest.mark.parametrize(
        ("operator", "value", "hours"),
        [
            ("between", ("07:00", "11:00"), [7, 10]),
            ("between", ("22:00", "02:00"), [0, 1, 22, 23]),
            ("between", (time(22), "24:00"), [22, 23]),
            ("gte", "22:00", [22, 23]),
            ("lt", "07:00", [0, 1, 2]),
        ],
    )
    def test_hours_are_half_open_and_may_run_over_midnight(self, operator, value, hours):
        condition = Condition("time_of_day", operator, value)
        asked = (0, 1, 2, 7, 10, 11, 22, 23)
        assert [hour for hour in asked if holds(condition, basket("1", at=on(2, hour)))] == hours

    def test_the_small_hours_of_a_night_belong_to_the_evening_before(self):
        night = (Condition("weekday", "equals", "fri"), Condition("time_of_day", "between", ("22:00", "02:00")))
        rule = fixed("1", *night)
        told = {
            "Thursday 23:00": on(5, 23),
            "Friday 01:00": on(6, 1),
            "Friday 21:59": on(6, 21, 59),
            "Friday 22:00": on(6, 22),
            "Saturday 01:59": on(7, 1, 59),
            "Saturday 02:00": on(7, 2),
            "Saturday 23:00": on(7, 23),
        }
        assert [name for name, at in told.items() if points([rule], basket("1", at=at))] == [
            "Friday 22:00",
            "Saturday 01:59",
        ]

    def test_a_window_by_day_shifts_no_weekday(self):
        rule = fixed("1", Condition("weekday", "equals", 5), Condition("time_of_day", "between", ("00:00", "02:00")))
        assert points([rule], basket("1", at=on(6, 1))) == 1
        assert points([rule], basket("1", at=on(7, 1))) == 0

    def test_it_is_the_programs_time_that_counts(self):
        at = on(2, 0, 30)
        assert holds(Condition("weekday", "equals", 1), basket("1", at=at))
        assert at.utcoffset() == timedelta(hours=1)


class TestPeople:
    def test_first_purchase(self):
        first, later = Condition("first_purchase", "equals", True), Condition("first_purchase", "equals", "no")
        assert holds(first, basket("1", is_first=True))
        assert not holds(first, basket("1"))
        assert holds(later, basket("1"))

    @pytest.mark.parametrize(
        ("operator", "value", "held"),
        [
            ("equals", "Gold", ["gold"]),
            ("not_equals", "gold", ["nothing", "list", "number", "empty", "none"]),
            ("in", ("gold", "vip"), ["gold", "list"]),
            ("not_in", ("gold", "vip"), ["nothing", "number", "empty", "none"]),
            ("equals", "vip", ["list"]),
            ("contains", "vip", ["list"]),
            ("contains", "ol", ["gold"]),
            ("equals", "5", ["number"]),
            ("equals", Decimal("5.00"), ["number"]),
            ("gte", 5, ["number"]),
            ("lt", 5, []),
        ],
    )
    def test_member_attributes_of_any_shape(self, operator, value, held):
        condition = Condition("member_attribute", operator, value, name="status")
        members = {
            "gold": {"status": "GOLD "},
            "nothing": {},
            "list": {"status": ["VIP", "staff", None]},
            "number": {"status": 5},
            "empty": {"status": []},
            "none": {"status": None},
        }
        assert [name for name, member in members.items() if holds(condition, basket("1", member=member))] == held

    @pytest.mark.parametrize(
        ("value", "held"),
        [(5.50, True), ("5.5", True), (Decimal("5.500"), True), (5, False), (True, False), ({}, False)],
    )
    def test_numbers_are_equal_in_every_form(self, value, held):
        condition = Condition("member_attribute", "equals", Decimal("5.50"), name="score")
        assert holds(condition, basket("1", member={"score": value})) is held

    @pytest.mark.parametrize(
        ("value", "held"), [(True, True), ("true", True), (False, False), (1, False), (float("nan"), False)]
    )
    def test_truth_values_are_words(self, value, held):
        condition = Condition("activity_attribute", "equals", True, name="verified")
        assert holds(condition, basket("1", attributes={"verified": value})) is held

    @pytest.mark.parametrize(
        ("value", "held"),
        [
            ("2026-03-01", True),
            ("2026-03-01T23:00:00+01:00", True),
            (date(2026, 3, 1), True),
            (MONDAY_NOON, True),
            ("2026-02-28", False),
            ("soon", False),
            (20260301, True),
            (None, False),
        ],
    )
    def test_dates_are_compared_as_dates(self, value, held):
        condition = Condition("member_attribute", "gte", "2026-03-01", name="joined")
        assert holds(condition, basket("1", member={"joined": value})) is held

    def test_between_dates_and_numbers(self):
        spring = Condition(
            "activity_attribute", "between", (date(2026, 3, 1), MONDAY_NOON + timedelta(days=89)), name="on"
        )
        assert holds(spring, basket("1", attributes={"on": "2026-05-30"}))
        assert not holds(spring, basket("1", attributes={"on": "2026-05-31"}))
        stars = Condition("activity_attribute", "between", ("4", 5), name="stars")
        assert holds(stars, basket("1", attributes={"stars": "4.5"}))
        assert not holds(stars, basket("1", attributes={"stars": "many"}))
        assert holds(stars, basket("1", attributes={"stars": [1, 4]}))

    def test_personal_values_are_not_told(self):
        rule = rate("1", "1.00", Condition("member_attribute", "equals", "gold", name="status"))
        step = step_of(evaluate([rule], basket("1", member={"status": "secret"})), 1)
        assert step.params == {
            "subject": "member_attribute",
            "operator": "equals",
            "value": "gold",
            "name": "status",
        }

    def test_the_first_condition_that_fails_is_told(self):
        rule = fixed("1", Condition("channel", "equals", "web"), Condition("store", "equals", "Oslo"))
        assert step_of(evaluate([rule], basket("1", channel="web")), 1).params["subject"] == "store"
        assert why([rule], basket("1"), 1) == ("condition-failed", 0)


class TestRefusals:
    @pytest.mark.parametrize(
        ("arguments", "field", "code"),
        [
            (("moon", "equals", "x"), "subject", "unknown-choice"),
            (("sku", "gte", "x"), "operator", "unknown-choice"),
            (("sku", "equals", "  "), "value", "required"),
            (("sku", "equals", True), "value", "not-text"),
            (("sku", "equals", None), "value", "not-text"),
            (("sku", "in", "x"), "value", "required"),
            (("sku", "in", ()), "value", "required"),
            (("sku", "in", 5), "value", "required"),
            (("sku", "equals", "x", "name"), "name", "not-used"),
            (("member_attribute", "equals", "x"), "name", "required"),
            (("member_attribute", "gte", "x", "name"), "value", "not-ordered"),
            (("member_attribute", "between", (), "name"), "value", "required"),
            (("member_attribute", "between", (5, "2026-01-01"), "name"), "value", "ends-reversed"),
            (("basket_total", "gte", "x"), "value", "not-a-number"),
            (("basket_total", "gte", 1.5), "value", "not-a-number"),
            (("basket_total", "between", (5, 4)), "value", "ends-reversed"),
            (("basket_total", "between", (5,)), "value", "not-two"),
            (("weekday", "equals", "someday"), "value", "not-a-weekday"),
            (("weekday", "equals", 8), "value", "not-a-weekday"),
            (("time_of_day", "gte", "25:00"), "value", "not-a-time"),
            (("time_of_day", "gte", "10:00+01:00"), "value", "not-a-time"),
            (("time_of_day", "between", ("10:00", "10:00")), "value", "empty-window"),
            (("first_purchase", "equals", "maybe"), "value", "not-yes-or-no"),
        ],
    )
    def test_nonsense(self, arguments, field, code):
        with pytest.raises(InvalidSetting) as caught:
            Condition(*arguments)
        assert (caught.value.field, caught.value.code) == (field, code)


class TestText:
    @pytest.mark.parametrize(
        ("subject", "operator", "text", "value"),
        [
            ("sku", "equals", " X, Y ", "X, Y"),
            ("sku", "in", "X, Y;Z ,", ("X", "Y", "Z")),
            ("weekday", "in", "1, sat", (1, 6)),
            ("weekday", "between", "mon-fri", (1, 5)),
            ("time_of_day", "between", "07:00-11:00", (time(7), time(11))),
            ("time_of_day", "between", "07:00 – 11:30", (time(7), time(11, 30))),
            ("basket_total", "between", "50 - 100.50", (Decimal(50), Decimal("100.50"))),
            ("basket_total", "between", "50..100", (Decimal(50), Decimal(100))),
            ("basket_total", "gte", "12.50", Decimal("12.50")),
            ("first_purchase", "equals", "Yes", True),
        ],
    )
    def test_as_staff_type_it(self, subject, operator, text, value):
        assert condition_from_text(subject, operator, text).value == value

    def test_dates_between(self):
        condition = condition_from_text("member_attribute", "between", "2026-01-01 - 2026-02-01", "joined")
        assert condition.value == (date(2026, 1, 1), date(2026, 2, 1))

    def test_nothing_is_refused(self):
        for operator in OPERATORS["sku"]:
            with pytest.raises(InvalidSetting, match="value: required"):
                condition_from_text("sku", operator, " ")

    @pytest.mark.parametrize(
        ("condition", "shown"),
        [
            (Condition("basket_total", "between", (5, "6.50")), ["5", "6.50"]),
            (Condition("time_of_day", "gte", "07:30"), "07:30:00"),
            (Condition("member_attribute", "gte", "2026-01-01", "joined"), "2026-01-01"),
            (Condition("first_purchase", "equals", "yes"), True),
            (Condition("weekday", "equals", "sun"), 7),
        ],
    )
    def test_is_shown_as_plain_values(self, condition, shown):
        assert condition.told["value"] == shown

    def test_a_condition_is_a_plain_value_itself(self):
        for condition in (Condition("sku", "in", ["X"]), Condition("time_of_day", "between", ("22:00", "02:00"))):
            assert pickle.loads(pickle.dumps(condition)) == condition  # noqa: S301
            assert hash(condition) == hash(pickle.loads(pickle.dumps(condition)))  # noqa: S301
