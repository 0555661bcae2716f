"""What movements mean in figures, and where a chart's bars stand."""

from dataclasses import dataclass
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.insights.rules.charts import BOTTOM, HEIGHT, TOP, WIDTH, chart_of, nice_step
from loyalty.insights.rules.months import Month, Standing, by_month, flow_of, month_after, months_back, standing


@dataclass(frozen=True)
class Row:
    day: date
    contra: str
    points: int
    bucket: int | None = 0


@pytest.mark.parametrize(
    ("contra", "flow"),
    [
        ("issued", "earned"),
        ("expired", "expired"),
        ("redeemed", "spent"),
        ("donated", "spent"),
        ("active", ""),
        ("pending", ""),
        ("held", ""),
        ("transfer", ""),
        ("adjusted", ""),
    ],
)
def test_flows(contra, flow):
    assert flow_of(contra) == flow


def test_months_go_back_over_the_year():
    assert list(months_back(date(2026, 2, 28), 3)) == [date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1)]
    assert month_after(date(2026, 12, 31)) == date(2027, 1, 1)


def test_a_month_adds_up_what_fell_into_it():
    rows = [
        Row(date(2026, 3, 1), "issued", 100),
        Row(date(2026, 3, 31), "issued", -20),
        Row(date(2026, 3, 15), "redeemed", -30),
        Row(date(2026, 3, 15), "expired", -5),
        Row(date(2026, 3, 15), "adjusted", 1000),
        Row(date(2025, 3, 15), "issued", 7),
    ]
    assert by_month(rows, date(2026, 3, 9), 2) == [Month(date(2026, 2, 1)), Month(date(2026, 3, 1), 80, 30, 5)]


def test_what_is_left_stands_by_bucket():
    rows = [Row(date(2026, 3, 1), "issued", 10, 1), Row(date(2026, 3, 2), "pending", 4), Row(date.min, "", 9, None)]
    assert standing(rows) == Standing(active=4, pending=10)


@pytest.mark.parametrize(("largest", "step"), [(0, 1), (1, 1), (5, 2), (7, 5), (90, 50), (100, 50), (6100, 5000)])
def test_lines_are_at_round_numbers(largest, step):
    assert nice_step(largest) == step


@given(st.lists(st.tuples(*[st.integers(-1000, 10**12)] * 3), min_size=1, max_size=24))
def test_every_bar_stays_on_the_canvas(flows):
    months = [Month(date(2020, 1, 1), *each) for each in flows]
    chart = chart_of(months)
    for bar in chart.bars:
        assert bar.x >= 0
        assert bar.x + bar.width <= WIDTH + 0.1
        assert bar.y >= TOP - 1.1
        assert bar.y + bar.height <= HEIGHT - BOTTOM + 2.1
    assert len(chart.labels) == len(months)


def test_earned_stands_and_spent_hangs():
    chart = chart_of([Month(date(2026, 3, 1), 100, 50, 10)])
    by_flow = {bar.flow: bar for bar in chart.bars}
    assert by_flow["earned"].y + by_flow["earned"].height == pytest.approx(chart.zero, abs=0.2)
    assert by_flow["spent"].y == pytest.approx(chart.zero, abs=0.2)
    assert by_flow["expired"].y == pytest.approx(by_flow["spent"].y + by_flow["spent"].height, abs=0.2)


def test_an_empty_year_has_a_chart_too():
    chart = chart_of([Month(date(2026, 3, 1))])
    assert (chart.bars, len(chart.ticks)) == ([], 2)
