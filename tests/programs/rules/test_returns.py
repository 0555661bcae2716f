"""How much of what a purchase earned goes back with its goods: every order of steps comes to the same sum."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from loyalty.programs.rules.returns import Sold, brought_by, money_of, paid_for, points_for, share_texts, step_of


def sold(*amounts: str, quantity: str = "1") -> list[Sold]:
    return [Sold(place, Decimal(quantity), Decimal(amount)) for place, amount in enumerate(amounts, start=1)]


def bring_back(points: int, lines: list[Sold], steps: list[tuple[int, str]], stored: dict[str, str] | None = None):
    """What each step takes; a step is a line and a quantity."""
    shares, taken, parts = brought_by(stored, lines), 0, []
    for position, quantity in steps:
        lines = [
            replace(line, back=line.back + Decimal(quantity)) if line.position == position else line for line in lines
        ]
        parts.append(step_of(points, taken, shares, lines))
        taken += parts[-1]
    return parts


def test_s55_three_equal_lines_one_by_one():
    lines = sold("33.33", "33.33", "33.33")
    assert bring_back(99, lines, [(1, "1"), (2, "1"), (3, "1")]) == [33, 33, 33]
    assert bring_back(100, lines, [(3, "1"), (1, "1"), (2, "1")]) == [33, 33, 34]


def test_a_line_takes_what_it_brought_not_what_it_cost():
    lines = sold("40", "60")
    assert bring_back(180, lines, [(1, "1"), (2, "1")], {"1": "120", "2": "60"}) == [120, 60]
    assert bring_back(60, lines, [(1, "1"), (2, "1")], {"2": "60"}) == [0, 60]


def test_part_of_a_line():
    lines = sold("10", quantity="3")
    assert bring_back(10, lines, [(1, "1"), (1, "1"), (1, "1")]) == [3, 3, 4]
    assert bring_back(10, lines, [(1, "0.001"), (1, "2.999")]) == [0, 10]


def test_delivery_brings_points_only_where_it_earned_them():
    lines = [*sold("90"), Sold(2, Decimal(1), Decimal(10), is_item=False)]
    assert bring_back(90, lines, [(1, "1"), (2, "1")]) == [90, 0]
    assert bring_back(100, lines, [(2, "1"), (1, "1")], {"1": "90", "2": "10"}) == [10, 90]
    assert bring_back(7, [replace(line, is_item=False) for line in lines], [(1, "1"), (2, "1")]) == [6, 1]


def test_lines_that_cost_nothing_share_alike():
    assert bring_back(50, sold("0", "0"), [(2, "1"), (1, "1")]) == [25, 25]


def test_points_spent_paid_for_the_delivery_too():
    lines = [Sold(1, Decimal(1), Decimal(90), back=Decimal(1)), Sold(2, Decimal(1), Decimal(10), is_item=False)]
    assert points_for(50, paid_for(lines), lines) == 45


def test_points_that_no_line_brought_go_with_the_first_step():
    assert points_for(50, {}, sold("10")) == 50


def test_money_by_parts_comes_to_the_amount():
    line, parts = Sold(1, Decimal(3), Decimal("10.00")), []
    for _ in range(3):
        parts.append(money_of(line, Decimal(1), 2))
        line = replace(line, back=line.back + 1)
    assert parts == [Decimal("3.33"), Decimal("3.34"), Decimal("3.33")]
    assert money_of(Sold(1, Decimal(8), Decimal("0.12")), Decimal(1), 2) == Decimal("0.02")


def test_shares_as_stored_are_exact_and_never_endless():
    thirds = [Fraction(100, 3), Fraction(0), Fraction(5, 2)]
    assert share_texts(thirds) == {"1": "100/3", "3": "5/2"}
    (endless,) = share_texts([Fraction(1, 3**100)]).values()
    assert len(endless) < 70


amounts = st.decimals(0, 10_000, places=2)
quantities = st.decimals("0.001", 50, places=3)
numbers = st.fractions(0, 1000, max_denominator=10**6)


@st.composite
def baskets(draw) -> tuple[list[Sold], dict[str, str]]:
    lines = [
        Sold(place, draw(quantities), draw(amounts), is_item=draw(st.booleans()))
        for place in range(1, draw(st.integers(1, 6)) + 1)
    ]
    return lines, share_texts(draw(st.lists(numbers, min_size=len(lines), max_size=len(lines))))


@given(baskets(), st.integers(0, 10**9), st.data())
def test_all_parts_come_to_what_was_earned(basket, points, data):
    lines, stored = basket
    shares, taken = brought_by(data.draw(st.sampled_from([stored, None])), lines), 0
    cost = Decimal(0)
    while any(line.left for line in lines):
        index = data.draw(st.sampled_from([index for index, line in enumerate(lines) if line.left]))
        line = lines[index]
        some = data.draw(st.one_of(st.just(line.left), st.decimals("0.001", line.left, places=3)))
        cost += money_of(line, some, 2)
        lines[index] = replace(line, back=line.back + some)
        part = step_of(points, taken, shares, lines)
        assert 0 <= part <= points - taken
        taken += part
    assert (taken, cost) == (points, sum(line.amount for line in lines))


@given(baskets(), st.integers(0, 10**9), st.randoms())
def test_the_order_of_whole_lines_shifts_no_line_by_more_than_a_point(basket, points, random):
    lines, stored = basket
    shares = brought_by(stored, lines)
    whole = sum(shares.values())
    steps = [(line.position, str(line.quantity)) for line in lines]
    random.shuffle(steps)
    for (position, _quantity), part in zip(steps, bring_back(points, lines, steps, stored), strict=True):
        if shares.get(position) and sum(1 for share in shares.values() if share) > 1:
            assert abs(part - points * shares[position] / whole) < 2
