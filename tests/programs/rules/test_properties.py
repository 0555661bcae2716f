"""What holds for all rules and receipts, found by Hypothesis; and days, judged by walking minute by minute."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import floor
from zoneinfo import ZoneInfo

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from loyalty.programs.rules.activation import ActivationPolicy, lot_dates
from loyalty.programs.rules.conditions import Condition
from loyalty.programs.rules.days import start_of_day
from loyalty.programs.rules.earning import Rule
from loyalty.programs.rules.evaluation import evaluate
from loyalty.programs.rules.expiry import ExpiryPolicy, after_policy_change, expires_at
from loyalty.programs.rules.explanation import steps_from_json
from tests.programs.rules.till import buy, line, points

ZONES = ["UTC", "Europe/Oslo", "America/St_Johns", "America/Havana", "America/Santiago", "Asia/Beirut", "Pacific/Apia"]

money = st.decimals(Decimal(-20), Decimal(300), places=2)
prices = st.decimals(Decimal("0.01"), Decimal(300), places=2)
skus = st.sampled_from("ABC")
on_lines = st.lists(
    st.builds(
        Condition,
        st.just("sku"),
        st.sampled_from(["in", "not_in"]),
        st.lists(skus, min_size=1, max_size=2, unique=True),
    ),
    max_size=1,
)
gates = st.lists(st.builds(Condition, st.just("basket_total"), st.just("gte"), money), max_size=1)


@st.composite
def receipts(draw, amounts=money):
    return buy(
        *draw(
            st.lists(
                st.builds(
                    lambda amount, sku, quantity, discounted, kind: line(
                        str(amount), sku, quantity=str(quantity), discount="1" if discounted else "0", kind=kind
                    ),
                    amounts,
                    skus,
                    st.integers(0, 4),
                    st.booleans(),
                    st.sampled_from(["item", "item", "item", "shipping"]),
                ),
                max_size=6,
            )
        )
    )


@st.composite
def rules(draw, id: int, shadow: bool = False, **fixed_settings):
    drawn = {
        "conditions": (*draw(on_lines), *draw(gates)),
        "effect": draw(st.sampled_from(["rate", "rate", "fixed", "fixed_per_unit", "multiplier"])),
        "basis": draw(st.sampled_from(["basket", "lines"])),
        "points": draw(st.sampled_from([Decimal(each) for each in ("0", "0.3", "1", "2.5", "10")])),
        "per_amount": draw(st.sampled_from([Decimal(each) for each in ("0.5", "1", "3", "7")])),
        "factor": draw(st.sampled_from([Decimal(each) for each in ("0", "0.5", "1", "1.1", "3")])),
        "whole_steps": draw(st.booleans()),
        "stackable": draw(st.booleans()),
        "priority": draw(st.integers(0, 2)),
        "with_shipping": draw(st.booleans()),
        "with_discounted": draw(st.booleans()),
        "rounding": draw(st.sampled_from(["down", "half_up", "up"])),
        "wallet": draw(st.integers(1, 2)),
    }
    return Rule(id=id, name=f"rule {id}", is_shadow=shadow, **drawn | fixed_settings)


@st.composite
def programs(draw, largest: int = 7, **fixed_settings):
    return [draw(rules(number, **fixed_settings)) for number in range(1, draw(st.integers(0, largest)) + 1)]


@given(programs(), receipts())
def test_points_are_whole_and_never_negative(program, receipt):
    for award in evaluate(program, receipt).awards:
        assert type(award.points) is int
        assert award.points > 0


@given(programs(), receipts(), st.randoms())
def test_the_order_of_rules_does_not_matter(program, receipt, random):
    shuffled = list(program)
    random.shuffle(shuffled)
    assert evaluate(shuffled, receipt) == evaluate(program, receipt)


@given(programs(), rules(99, shadow=True), receipts())
def test_a_shadow_rule_changes_nothing(program, shadow, receipt):
    plain, watched = evaluate(program, receipt), evaluate([*program, shadow], receipt)
    assert watched.awards == plain.awards
    assert tuple(step for step in watched.explanation if not step.is_shadow) == plain.explanation


@given(programs(), rules(99), receipts())
def test_a_shadow_rule_tells_what_going_live_changes(program, rule, receipt):
    live = evaluate([*program, rule], receipt).points_in(rule.wallet)
    (step,) = [s for s in evaluate([*program, replace(rule, is_shadow=True)], receipt).explanation if s.is_shadow]
    change = live - evaluate(program, receipt).points_in(rule.wallet)
    assert step.params.get("would_change", 0) == change


@given(programs(), receipts())
def test_the_explanation_names_every_rule_once_and_adds_up(program, receipt):
    evaluation = evaluate(program, receipt)
    assert sorted(step.rule_id for step in evaluation.explanation) == [rule.id for rule in program]
    for wallet in {rule.wallet for rule in program}:
        told = sum(step.points for step in evaluation.explanation if step.wallet == wallet)
        assert told == evaluation.points_in(wallet)
    assert all(step.points == 0 for step in evaluation.explanation if not step.matched)


@given(programs(), receipts())
def test_the_explanation_survives_json(program, receipt):
    evaluation = evaluate(program, receipt)
    assert steps_from_json(json.loads(json.dumps(evaluation.to_json()))) == evaluation.explanation


@given(rules(1, wallet=1, basis="basket", conditions=(), effect="rate", with_discounted=True), receipts(), st.data())
def test_splitting_a_line_in_two_changes_nothing_on_the_basket(rule, receipt, data):
    assume(receipt.lines)
    index = data.draw(st.integers(0, len(receipt.lines) - 1))
    whole = receipt.lines[index]
    half = replace(whole, amount=whole.amount / 2, quantity=whole.quantity / 2)
    split = replace(receipt, lines=(*receipt.lines[:index], half, half, *receipt.lines[index + 1 :]))
    assert points([rule], split) == points([rule], receipt)


@given(programs(wallet=1, stackable=True, basis="basket", rounding="down"), receipts())
def test_stackable_rules_on_the_basket_add_up(program, receipt):
    """Together they give what each gives alone, but for the fractions that rounding once saves."""
    earning = [rule for rule in program if rule.effect != "multiplier"]
    apart = sum(points([rule], receipt) for rule in earning)
    assert apart <= points(earning, receipt) <= apart + max(len(earning) - 1, 0)


@given(
    programs(wallet=1, stackable=True, with_shipping=True, with_discounted=True, whole_steps=False), receipts(prices)
)
def test_rates_against_a_plain_sum_over_lines(program, receipt):
    """Stackable rates and multipliers only: the plainest program, written again from its description."""
    program = [
        replace(rule, conditions=tuple(c for c in rule.conditions if c.is_on_lines), rounding="down")
        for rule in program
        if rule.effect in ("rate", "multiplier")
    ]
    assert points(program, receipt) == _plain_sum(program, receipt.lines)


def _plain_sum(program, lines) -> int:
    def meets(rule, each) -> bool:
        return all((each.sku in c.value) == (c.operator == "in") for c in rule.conditions)

    def applies(rule) -> bool:
        found = [meets(rule, each) for each in lines]
        negative = all(c.operator == "not_in" for c in rule.conditions)
        return all(found) if negative else any(found)

    rates = [rule for rule in program if rule.effect == "rate"]
    on_lines = [rule for rule in rates if rule.basis == "lines"]
    on_basket = [rule for rule in rates if rule.basis == "basket" and applies(rule)]
    total = Fraction(0)
    for each in lines:
        mine = [rule for rule in on_lines if meets(rule, each)]
        if any(rule.points == 0 for rule in mine):
            continue
        earned = sum(Fraction(rule.points) / Fraction(rule.per_amount) for rule in mine or on_basket) * Fraction(
            each.amount
        )
        for rule in program:
            if rule.effect == "multiplier" and meets(rule, each):
                earned *= Fraction(rule.factor)
        total += earned
    return floor(total)


# --- Days ---------------------------------------------------------------------------------------------------

instants = st.datetimes(datetime(2009, 1, 1), datetime(2032, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
zones = st.sampled_from(ZONES).map(ZoneInfo)
policies = st.one_of(
    st.builds(
        ExpiryPolicy,
        st.sampled_from(["rolling", "sliding"]),
        months=st.integers(0, 40),
        rounding=st.sampled_from(["none", "month", "quarter", "half_year", "year"]),
        grace_days=st.integers(0, 40),
    ),
    st.builds(
        ExpiryPolicy,
        st.just("calendar"),
        dates=st.lists(st.sampled_from(["01-31", "02-29", "06-30", "12-31"]), min_size=1).map(tuple),
        min_age_months=st.integers(0, 14),
        grace_days=st.integers(0, 40),
    ),
)


def _last_minute_of(day: date, zone: ZoneInfo) -> datetime:
    """The last minute that the clocks of `zone` call `day` or an earlier day, found by trying every one."""
    minute = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=40)
    while minute.astimezone(zone).date() > day:
        minute -= timedelta(minutes=1)
    return minute


def _walk_months(day: date, months: int) -> date:
    """`months` later, found by walking days: the same day of the month, or the last one before it that exists."""
    month = (day.month - 1 + months) % 12 + 1
    year = day.year + (day.month - 1 + months) // 12
    walker = date(year, month, 1)
    while walker.day < day.day and (walker + timedelta(days=1)).month == month:
        walker += timedelta(days=1)
    return walker


def _walk_to_end(policy: ExpiryPolicy, earned_on: date) -> date:
    if policy.kind == "calendar":
        walker = _walk_months(earned_on, policy.min_age_months)
        while not any(_falls_on(walker, month, day) for month, day in policy.dates):
            walker += timedelta(days=1)
    else:
        walker = _walk_months(earned_on, policy.months)
        ends = {"none": None, "month": range(1, 13), "quarter": (3, 6, 9, 12), "half_year": (6, 12), "year": (12,)}
        months = ends[policy.rounding]
        while months and not (walker.month in months and (walker + timedelta(days=1)).day == 1):
            walker += timedelta(days=1)
    return walker + timedelta(days=policy.grace_days)


def _falls_on(day: date, month: int, number: int) -> bool:
    if (month, number) == (2, 29) and day.year % 4 != 0:
        number = 28
    return (day.month, day.day) == (month, number)


@settings(max_examples=150, deadline=None)
@given(policies, instants, zones)
def test_expiry_against_a_walk_day_by_day_and_minute_by_minute(policy, earned_at, zone):
    last = _last_minute_of(_walk_to_end(policy, earned_at.astimezone(zone).date()), zone)
    assert expires_at(policy, earned_at, zone) == last + timedelta(minutes=1)


@given(policies, instants, zones)
def test_points_live_at_least_through_the_day_they_were_earned(policy, earned_at, zone):
    expires = expires_at(policy, earned_at, zone)
    assert expires > earned_at
    assert expires >= start_of_day(earned_at.astimezone(zone).date() + timedelta(days=1), zone)
    assert expires.utcoffset() == timedelta(0)


@given(policies, instants, instants, zones)
def test_what_is_earned_later_never_ends_earlier(policy, one, other, zone):
    first, second = sorted((one, other))
    assert expires_at(policy, first, zone) <= expires_at(policy, second, zone)


@given(policies, policies, instants, st.integers(0, 2000), zones)
def test_a_change_of_policy_takes_nothing_early(old, new, earned_at, days, zone):
    changed_at = earned_at + timedelta(days=days)
    before = expires_at(old, earned_at, zone)
    after = after_policy_change(before, earned_at, new, changed_at, zone)
    if before <= changed_at:
        assert after == before
        return
    assert after >= min(before, expires_at(new, changed_at, zone))
    assert after <= max(before, expires_at(new, earned_at, zone))


@given(policies, instants, st.integers(0, 2000), zones)
def test_switching_expiry_on_spares_every_lot_for_a_period(policy, earned_at, days, zone):
    changed_at = earned_at + timedelta(days=days)
    after = after_policy_change(None, earned_at, policy, changed_at, zone)
    assert after >= expires_at(policy, changed_at, zone)
    assert after >= expires_at(policy, earned_at, zone)


@given(
    policies,
    st.builds(ActivationPolicy, st.sampled_from(["after_days", "after_months"]), count=st.integers(0, 90)),
    instants,
    zones,
)
def test_pending_points_become_active_before_they_end(policy, activation, earned_at, zone):
    dates = lot_dates(activation, policy, earned_at, zone)
    assert earned_at <= dates.activates_at < dates.expires_at
