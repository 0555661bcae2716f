"""Rules, policies and explanations in plain words, in both voices."""

import re
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.utils import translation

from loyalty.programs import rules as rules_room
from loyalty.programs.rules.activation import ActivationPolicy
from loyalty.programs.rules.conditions import OPERATORS, Condition
from loyalty.programs.rules.earning import Rule
from loyalty.programs.rules.evaluation import evaluate
from loyalty.programs.rules.expiry import ExpiryPolicy
from loyalty.programs.rules.explanation import Step
from loyalty.programs.rules.invalid import InvalidSetting
from loyalty.programs.rules.wording.amounts import Units, list_of, money_of, points_of
from loyalty.programs.rules.wording.conditions import condition_from_params, phrase_for
from loyalty.programs.rules.wording.earning import sentence_for_rule
from loyalty.programs.rules.wording.invalid import MESSAGES, message_for
from loyalty.programs.rules.wording.policies import (
    sentence_for_activation,
    sentence_for_change,
    sentence_for_expiry,
)
from loyalty.programs.rules.wording.steps import why
from tests.programs.rules.till import (
    OSLO,
    basket,
    buy,
    category,
    excluding,
    fixed,
    line,
    product,
    rate,
    step_of,
    times,
)

POINTS = Units("point", "points")
STARS = ("star", "stars")
MONDAYS = Condition("weekday", "equals", 1)
WEEKENDS = Condition("weekday", "in", (6, 7))
NBSP = "\u00a0"


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


def plainly(text: str) -> str:
    return text.replace(NBSP, " ")


def told(rule: Rule, voice: str = "staff", currency: str = "EUR", **more) -> str:
    return plainly(sentence_for_rule(rule, POINTS, currency, voice, **more))


class TestAmounts:
    @pytest.mark.parametrize(
        ("amount", "currency", "short", "text"),
        [
            ("1", "EUR", True, "1 €"),
            ("1.00", "EUR", False, "1.00 €"),
            ("2.5", "EUR", True, "2.50 €"),
            ("19.9900", "EUR", False, "19.99 €"),
            ("0.005", "EUR", True, "0.005 €"),
            ("1234567.5", "USD", False, "$1,234,567.50"),
            ("100", "JPY", False, "¥100"),
            ("1.5", "KWD", False, "1.500 KWD"),
            ("10", "NOK", True, "10 kr"),
        ],
    )
    def test_money(self, amount, currency, short, text):
        assert plainly(money_of(Decimal(amount), currency, short=short)) == text

    def test_money_is_not_torn_apart_at_the_end_of_a_row(self):
        assert money_of(Decimal(1), "EUR", short=True) == f"1{NBSP}€"

    def test_money_in_another_language(self):
        with translation.override("nb"):
            assert plainly(money_of(Decimal("1234.5"), "NOK")) == "1 234,50 kr"

    @pytest.mark.parametrize(
        ("points", "text"),
        [(1, "1 star"), (2, "2 stars"), (0, "0 stars"), (-1, "-1 star"), (12000, "12,000 stars"), ("0.5", "0.5 stars")],
    )
    def test_points(self, points, text):
        assert points_of(Decimal(points), STARS) == text

    def test_lists(self):
        assert [list_of(list(each)) for each in ("A", "AB", "ABC")] == ["A", "A or B", "A, B or C"]


class TestRules:
    def test_the_example(self):
        rule = rate("2", "1.00", MONDAYS, category("coffee"), basis="lines")
        assert told(rule) == "Members earn 2 points per 1 € on Mondays in category coffee."
        assert told(rule, "member") == "You earn 2 points per 1 € on Mondays in category coffee."

    @pytest.mark.parametrize(
        ("rule", "sentence"),
        [
            (rate("1"), "Members earn 1 point per 1 €."),
            (rate("10", "2.50", whole_steps=True), "Members earn 10 points for every full 2.50 €."),
            (rate("1", "1", trigger="deposit"), "Members earn 1 point per 1 € for each deposit."),
            (fixed("50"), "Members earn 50 points per purchase."),
            (fixed("50", trigger="product_review"), "Members earn 50 points for each product review."),
            (
                fixed("100", Condition("first_purchase", "equals", True)),
                "Members earn 100 points on their first purchase.",
            ),
            (
                fixed("5", Condition("first_purchase", "equals", False)),
                "Members earn 5 points per purchase on every purchase but the first.",
            ),
            (
                fixed("5", product("X"), effect="fixed_per_unit"),
                "Members earn 5 points for each item on product X.",
            ),
            (
                fixed("50", product("X", "Y")),
                "Members earn 50 points per purchase when the basket holds product X or Y.",
            ),
            (times("2", WEEKENDS), "Members earn double points at weekends."),
            (times("3", category("tea")), "Members earn triple points in category tea."),
            (times("1.5"), "Members earn 1.5 times the points."),
            (times("2.5"), "Members earn 2.5 times the points."),
            (times("4"), "Members earn 4 times the points."),
            (times("0"), "Members earn no points."),
            (times("2", trigger="review"), "Members earn double points for each review."),
            (excluding(category("tobacco")), "Members earn no points in category tobacco."),
            (rate("1", with_tax=False), "Members earn 1 point per 1 €. Tax does not count."),
            (rate("1", with_shipping=True), "Members earn 1 point per 1 €. Delivery counts too."),
            (rate("1", with_discounted=False), "Members earn 1 point per 1 €. Discounted items do not count."),
            (rate("1", stackable=False), "Members earn 1 point per 1 €. Cannot be combined with other rules."),
            (rate("1", is_active=False), "Members earn 1 point per 1 €. Switched off."),
            (
                rate("1", is_shadow=True),
                "Members earn 1 point per 1 €. On trial: it is worked out and logged, and pays nothing.",
            ),
        ],
    )
    def test_for_staff(self, rule, sentence):
        assert told(rule) == sentence

    @pytest.mark.parametrize(
        ("rule", "sentence"),
        [
            (fixed("100", Condition("first_purchase", "equals", True)), "You earn 100 points on your first purchase."),
            (times("2", stackable=False), "You earn double points. Cannot be combined with others."),
            (rate("1", is_active=False, is_shadow=True), "You earn 1 point per 1 €."),
        ],
    )
    def test_for_members(self, rule, sentence):
        assert told(rule, "member") == sentence

    def test_custom_activities_have_names(self):
        rule = fixed("50", trigger="shop_visit")
        assert told(rule, activities={"shop_visit": "visit to our shop"}) == (
            "Members earn 50 points for each visit to our shop."
        )

    @pytest.mark.parametrize(
        ("settings", "note"),
        [
            ({"starts_at": datetime(2026, 3, 1, tzinfo=OSLO)}, "Valid from 1 March 2026."),
            ({"ends_at": datetime(2026, 4, 1, tzinfo=OSLO)}, "Valid until 31 March 2026."),
            ({"ends_at": datetime(2026, 4, 1, 18, tzinfo=OSLO)}, "Valid until 1 April 2026, 6 p.m."),
            (
                {
                    "starts_at": datetime(2026, 3, 1, 8, 30, tzinfo=OSLO),
                    "ends_at": datetime(2026, 4, 1, tzinfo=OSLO).astimezone(UTC),
                },
                "Valid from 1 March 2026, 8:30 a.m. to 31 March 2026.",
            ),
            (
                {"starts_at": datetime(2026, 3, 1, tzinfo=OSLO), "ends_at": datetime(2026, 3, 2, tzinfo=OSLO)},
                "Valid on 1 March 2026.",
            ),
        ],
    )
    def test_validity_in_the_programs_days(self, settings, note):
        assert told(rate("1", **settings), zone="Europe/Oslo") == f"Members earn 1 point per 1 €. {note}"

    def test_a_sentence_has_one_full_stop(self):
        evenings = Condition("time_of_day", "gte", "18:00")
        assert told(rate("1", "1", evenings)) == "Members earn 1 point per 1 € from 6 p.m."

    def test_every_voice_and_clause_is_there(self):
        for rule in (
            rate("1"),
            rate("1", whole_steps=True),
            fixed("1"),
            times("2"),
            times("3"),
            times("7"),
            times("0"),
        ):
            assert told(rule).replace("Members earn", "You earn") == told(rule, "member")


class TestConditions:
    @pytest.mark.parametrize(
        ("condition", "phrase"),
        [
            (MONDAYS, "on Mondays"),
            (WEEKENDS, "at weekends"),
            (Condition("weekday", "between", (1, 5)), "from Monday to Friday"),
            (Condition("weekday", "not_in", (6, 7)), "from Monday to Friday"),
            (Condition("weekday", "in", (1, 3, 5)), "on Mondays, Wednesdays or Fridays"),
            (Condition("time_of_day", "between", ("22:00", "02:30")), "between 10 p.m. and 2:30 a.m."),
            (Condition("time_of_day", "gte", time(18)), "from 6 p.m."),
            (Condition("time_of_day", "lt", "10:00"), "before 10 a.m."),
            (Condition("basket_total", "gte", 50), "when the basket is at least 50 €"),
            (Condition("basket_total", "between", (5, "9.50")), "when the basket is between 5 € and 9.50 €"),
            (Condition("channel", "equals", "web"), "in channel web"),
            (Condition("store", "not_in", ("Oslo", "Bergen")), "in any store but Oslo or Bergen"),
            (Condition("store", "contains", "mall"), "in stores with “mall” in their name"),
            (Condition("sku", "not_equals", "X"), "on any product but X"),
            (Condition("category", "contains", "tea"), "in categories with “tea” in their name"),
            (Condition("line_attribute", "equals", "red", "colour"), "on items whose colour is red"),
            (Condition("line_attribute", "gte", "2.50", "weight"), "on items whose weight is at least 2.5"),
            (Condition("member_attribute", "in", ("gold", "vip"), "status"), "for members whose status is gold or vip"),
            (Condition("member_attribute", "equals", True, "newsletter"), "for members whose newsletter is yes"),
            (Condition("member_attribute", "equals", False, "newsletter"), "for members whose newsletter is no"),
            (
                Condition("member_attribute", "between", ("2026-01-01", "2026-02-01"), "joined"),
                "for members whose joined is between 1 January 2026 and 1 February 2026",
            ),
            (Condition("activity_attribute", "gt", 3, "stars"), "when stars is more than 3"),
            (Condition("first_purchase", "equals", True), "on a first purchase"),
        ],
    )
    def test_as_phrases(self, condition, phrase):
        assert plainly(phrase_for(condition, "EUR")) == phrase

    @pytest.mark.parametrize(
        ("condition", "phrase"),
        [
            (Condition("sku", "equals", "X"), "when the basket holds product X"),
            (Condition("sku", "not_equals", "X"), "when the basket does not hold product X"),
            (Condition("category", "equals", "tea"), "when the basket holds something in category tea"),
            (Condition("category", "not_equals", "tea"), "when the basket holds nothing in category tea"),
            (Condition("sku", "contains", "A-"), "when the basket holds a product with “A-” in its number"),
            (Condition("line_attribute", "equals", "red", "colour"), "when the basket holds items whose colour is red"),
        ],
    )
    def test_about_the_basket(self, condition, phrase):
        assert phrase_for(condition, "EUR", of_basket=True) == phrase

    def test_for_the_member(self):
        gold = Condition("member_attribute", "equals", "gold", "status")
        assert phrase_for(gold, "EUR", "member") == "if your status is gold"

    @pytest.mark.parametrize(
        ("operator", "value", "phrase"),
        [
            ("gte", "1", "for members with “review” in the last 30 days"),
            ("gt", "0", "for members with “review” in the last 30 days"),
            ("equals", "0", "for members without “review” in the last 30 days"),
            ("lt", "1", "for members without “review” in the last 30 days"),
            ("gte", "3", "for members whose number of “review” in the last 30 days is at least 3"),
            ("equals", "1", "for members whose number of “review” in the last 30 days is exactly 1"),
        ],
    )
    def test_what_was_done_lately(self, operator, value, phrase):
        assert phrase_for(Condition("activities_in_days", operator, value, "Review, 30"), "EUR") == phrase

    @pytest.mark.parametrize("name", ["", "review", "30", "purchase 30", "review 0", "review 99999", "a b 3"])
    def test_what_was_done_wants_a_type_and_days(self, name):
        with pytest.raises(InvalidSetting):
            Condition("activities_in_days", "gte", 1, name)

    def test_every_subject_and_operator_has_words(self):
        values = {"weekday": 1, "time_of_day": "10:00", "first_purchase": True, "basket_total": 5}
        for subject, operators in OPERATORS.items():
            for operator in operators:
                value = values.get(subject, "5")
                pair = {"time_of_day": ("10:00", "11:00"), "weekday": (1, 2)}.get(subject, (5, 6))
                given = pair if operator in ("between", "in", "not_in") else value
                name = "name" if subject.endswith("_attribute") else "30" if subject.endswith("_in_days") else ""
                name = "review 30" if subject == "activities_in_days" else name
                condition = Condition(subject, operator, given, name)
                assert "%" not in phrase_for(condition, "EUR")
                assert condition_from_params(condition.told) == condition


def explained(rules, occurrence, rule_id: int = 1, voice: str = "staff", **more) -> str:
    return plainly(why(step_of(evaluate(rules, occurrence), rule_id), POINTS, "EUR", voice, **more))


class TestSteps:
    @pytest.mark.parametrize(
        ("rule", "text"),
        [
            (rate("3", "1.00", product("X"), basis="lines"), "3 points per 1.00 € on 40.00 € of X: 120 points"),
            (rate("1"), "1 point per 1.00 € on 100.00 €: 100 points"),
            (rate("5", "30", whole_steps=True), "5 points for every full 30.00 € of 100.00 €: 15 points"),
            (
                rate("5", "30", product("X"), basis="lines", whole_steps=True),
                "5 points for every full 30.00 € of 40.00 € on X: 5 points",
            ),
            (fixed("50"), "A bonus of 50 points"),
            (fixed("50", product("X"), basis="lines"), "50 points for X"),
            (fixed("5", effect="fixed_per_unit"), "5 points for each of 4 items: 20 points"),
            (
                fixed("5", product("X"), effect="fixed_per_unit"),
                "5 points for each of 3 items of X: 15 points",
            ),
            (fixed("5", product("Y"), effect="fixed_per_unit"), "5 points for 1 item of Y: 5 points"),
            (excluding(product("X")), "No points on X"),
            (rate("0"), "This rule gives no points"),
        ],
    )
    def test_what_was_given(self, rule, text):
        assert explained([rule], buy(line("40.00", "X", quantity="3"), line("60.00", "Y"))) == text

    def test_products_without_a_name(self):
        assert explained([excluding()], basket("1")) == "No points on these items"
        assert explained([rate("1", basis="lines")], basket("1")) == "1 point per 1.00 € on 1.00 €: 1 point"

    def test_parts_of_items(self):
        rule = fixed("5", effect="fixed_per_unit")
        assert explained([rule], buy(line("1", quantity="1.5"))) == "5 points for each of 1.5 items: 7 points"

    def test_long_baskets(self):
        receipt = buy(*[line("1.00", sku) for sku in "ABCDEFG"])
        assert explained([rate("1", basis="lines")], receipt) == (
            "1 point per 1.00 € on 7.00 € of A, B, C, D, E and 2 more: 7 points"
        )

    @pytest.mark.parametrize(
        ("factor", "text"),
        [
            (times("2", id=2), "times 2: 100 points more"),
            (times("2", product("X"), id=2), "times 2 on X: 40 points more"),
            (times("0.5", id=2), "times 0.5: 50 points fewer"),
        ],
    )
    def test_multipliers(self, factor, text):
        assert explained([rate("1"), factor], buy(line("40.00", "X"), line("60.00")), 2) == text

    @pytest.mark.parametrize(
        ("rules", "text"),
        [
            ([rate("1", "1", WEEKENDS)], "Not applied: only at weekends"),
            (
                [rate("1", "1", Condition("basket_total", "gte", 50))],
                "Not applied: only when the basket is at least 50 €; it is 40.00 €",
            ),
            ([rate("1", "1", product("Q"), basis="lines")], "Not applied: only on product Q"),
            ([rate("1", is_active=False)], "Not applied: the rule is switched off"),
            ([rate("10", "50", whole_steps=True)], "Not applied: 40.00 € does not reach 50.00 €"),
            (
                [rate("1"), rate("2", id=2, basis="lines", name="All")],
                "Not applied: “All” earns on these items instead",
            ),
            ([rate("1"), excluding(id=2, name="None")], "Not applied: “None” excludes these items"),
            (
                [rate("1"), rate("2", id=2, stackable=False, priority=1, name="Big")],
                "Not applied: “Big” comes first and cannot be combined with it",
            ),
            ([times("2")], "Not applied: there is nothing to multiply"),
        ],
    )
    def test_why_not(self, rules, text):
        assert explained(rules, buy(line("40.00", "X"))) == text

    def test_why_not_at_other_receipts(self):
        assert explained([rate("1")], basket("0")) == "Not applied: there is no amount to earn on"
        assert explained([rate("1", basis="lines")], buy()) == "Not applied: there are no items"
        weighed = buy(line("1", quantity="0.5"))
        rule = fixed("5", effect="fixed_per_unit", whole_steps=True)
        assert explained([rule], weighed) == "Not applied: less than one whole item"

    def test_why_not_yet_and_no_longer(self):
        at = basket("1").at
        assert explained([rate("1", starts_at=at + timedelta(days=1))], basket("1"), zone=OSLO) == (
            "Not applied: it starts on 3 March 2026, noon"
        )
        assert explained([rate("1", ends_at=at.replace(hour=0))], basket("1"), zone=OSLO) == (
            "Not applied: it ended on 2 March 2026"
        )

    def test_in_the_members_voice(self):
        rule = rate("1", "1", Condition("member_attribute", "equals", "gold", "status"))
        assert explained([rule], basket("1"), voice="member") == "Not applied: only if your status is gold"

    def test_shadows(self):
        receipt = buy(line("40.00", "X"), line("60.00"))
        shadow = rate("3", "1.00", product("X"), id=2, basis="lines", is_shadow=True)
        assert explained([rate("1"), shadow], receipt, 2) == (
            "On trial, pays nothing. 3 points per 1.00 € on 40.00 € of X: 120 points. "
            "Going live would change the total by +80 points"
        )
        without = excluding(product("X"), id=2, is_shadow=True)
        assert explained([rate("1"), without], receipt, 2) == (
            "On trial, pays nothing. No points on X. Going live would change the total by -40 points"
        )
        silly = rate("1000000000", "0.01", id=2, is_shadow=True)
        assert explained([rate("1"), silly], basket("100000.00"), 2) == (
            "On trial, pays nothing. It would give more points than a wallet can hold"
        )
        missed = rate("1", "1", WEEKENDS, id=2, is_shadow=True)
        assert explained([rate("1"), missed], receipt, 2) == "On trial, pays nothing. Not applied: only at weekends"

    def test_codes_of_tomorrow_are_told_by_their_points(self):
        step = Step(rule_id=1, rule_name="New", wallet=1, matched=True, points=7, code="moon")
        assert why(step, STARS, "EUR") == "7 stars"
        missed = Step(rule_id=1, rule_name="New", wallet=1, matched=False, points=0, code="moon")
        assert why(missed, STARS, "EUR") == "Not applied: it does not fit here"


class TestPolicies:
    @pytest.mark.parametrize(
        ("policy", "sentence"),
        [
            (ExpiryPolicy(), "Points never expire."),
            (ExpiryPolicy("rolling", 12), "Points are valid for 12 months after you earned them."),
            (ExpiryPolicy("rolling", 1), "Points are valid for 1 month after you earned them."),
            (ExpiryPolicy("rolling", 0), "Points are valid on the day you earned them."),
            (
                ExpiryPolicy("rolling", 12, "month"),
                "Points are valid for 12 months after you earned them, and until the end of that month.",
            ),
            (
                ExpiryPolicy("rolling", 0, "year"),
                "Points are valid until the end of the year in which you earned them.",
            ),
            (
                ExpiryPolicy("sliding", 6),
                "Points stay valid while you are active, and expire after 6 months without activity.",
            ),
            (
                ExpiryPolicy("sliding", 6, "quarter"),
                "Points stay valid while you are active, and expire after 6 months without activity, "
                "at the end of that quarter.",
            ),
            (
                ExpiryPolicy("calendar", dates=((6, 30), (12, 31))),
                "Points expire at the end of the next 30 June or 31 December.",
            ),
            (
                ExpiryPolicy("calendar", dates=((12, 31),), min_age_months=3, grace_days=10),
                "Points expire at the end of the next 31 December on which they are at least 3 months old. "
                "Then come 10 days of grace.",
            ),
        ],
    )
    def test_expiry_for_members(self, policy, sentence):
        assert sentence_for_expiry(policy, POINTS, "member") == sentence

    def test_expiry_for_staff_in_the_wallets_units(self):
        assert sentence_for_expiry(ExpiryPolicy("rolling", 2, "half_year"), STARS) == (
            "Stars are valid for 2 months after they are earned, and until the end of that half-year."
        )

    @pytest.mark.parametrize(
        ("policy", "staff", "member"),
        [
            (ActivationPolicy(), "Points can be spent at once.", "You can spend points at once."),
            (ActivationPolicy("after_days"), "Points can be spent at once.", "You can spend points at once."),
            (
                ActivationPolicy("after_days", 14),
                "Points can be spent 14 days after they are earned.",
                "You can spend points 14 days after you earned them.",
            ),
            (
                ActivationPolicy("after_months", 1),
                "Points can be spent 1 month after they are earned.",
                "You can spend points 1 month after you earned them.",
            ),
            (
                ActivationPolicy("fixed_dates", dates=((1, 1), (7, 1))),
                "Points can be spent from the next 1 January or 1 July on.",
                "You can spend points from the next 1 January or 1 July on.",
            ),
            (
                ActivationPolicy("on_confirmation"),
                "Points can be spent once the activity is confirmed.",
                "You can spend points once what you did is confirmed.",
            ),
            (
                ActivationPolicy("on_confirmation", cancel_after_days=30),
                "Points can be spent once the activity is confirmed. "
                "What is not confirmed within 30 days is cancelled.",
                "You can spend points once what you did is confirmed. "
                "What is not confirmed within 30 days is cancelled.",
            ),
        ],
    )
    def test_activation(self, policy, staff, member):
        assert sentence_for_activation(policy, POINTS) == staff
        assert sentence_for_activation(policy, POINTS, "member") == member

    def test_what_a_change_means(self):
        changed = datetime(2022, 3, 1, 12, tzinfo=OSLO)
        assert sentence_for_change(ExpiryPolicy("rolling", 12), changed, OSLO, POINTS) == (
            "Points that members hold stay valid through 1 March 2023, unless they would have expired before."
        )
        assert sentence_for_change(ExpiryPolicy(), changed, OSLO, POINTS) == (
            "Points that members hold no longer expire."
        )


class TestRefusals:
    def test_in_words(self):
        with pytest.raises(InvalidSetting) as caught:
            Condition("weekday", "equals", "someday")
        assert message_for(caught.value) == "“someday” is not a weekday. Write 1 for Monday to 7 for Sunday."
        assert message_for(InvalidSetting("points", "too-large", limit="1000")) == "This is more than 1000."

    def test_a_refusal_of_tomorrow(self):
        assert message_for(InvalidSetting("points", "moon")) == "This does not make sense."

    def test_every_code_that_the_rules_raise_has_its_message(self):
        sources = [path.read_text() for path in Path(rules_room.__file__).parent.glob("*.py")]
        raised = {code for source in sources for code in re.findall(r'InvalidSetting\([^"]*"\w+", "([a-z-]+)"', source)}
        raised |= {code for source in sources for code in re.findall(r'InvalidSetting\(\w+, "([a-z-]+)"', source)}
        raised |= {"required", "not-used"}  # chosen between, in conditions.py
        assert raised == set(MESSAGES)
