"""A chart of months as shapes: what was earned stands above the line, what was used up hangs below it.

It is as wide as its place on the page, so what lies along it is in percent of the width; heights are in pixels. Nothing
is scaled, so that its words are as large as those around it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from loyalty.insights.rules.months import Month

WIDTH, HEIGHT = 100, 250
TOP, BOTTOM = 10, 26
GAP = 0.34


@dataclass(frozen=True, slots=True)
class Bar:
    """One flow of one month: `x` and `width` in percent, `y` and `height` in pixels."""

    flow: str
    month: date
    points: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Tick:
    """A line across the chart at a number of points (always shown without sign)."""

    points: int
    y: float


@dataclass(frozen=True, slots=True)
class Label:
    """A month's name below the chart, at its middle (in percent)."""

    month: date
    x: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything a template needs to draw it."""

    bars: list[Bar]
    ticks: list[Tick]
    labels: list[Label]
    zero: float
    height: int = HEIGHT
    bottom: int = HEIGHT - 8


def nice_step(largest: int, lines: int = 3) -> int:
    """A round distance (1, 2 or 5 times a power of ten) of which about `lines` reach `largest`."""
    rough = max(largest / lines, 1)
    power = 10 ** (len(str(int(rough))) - 1)
    return next(step * power for step in (1, 2, 5, 10) if step * power >= rough)


def chart_of(months: list[Month]) -> Chart:
    """Where the bars of `months` stand."""
    up = max((month.earned for month in months), default=0)
    down = max((max(month.spent, 0) + max(month.expired, 0) for month in months), default=0)
    step = nice_step(max(up, down, 1))
    above, below = max(-(-up // step), 1) * step, -(-down // step) * step
    scale = (HEIGHT - TOP - BOTTOM) / (above + below)
    zero = TOP + above * scale
    slot = WIDTH / max(len(months), 1)
    return Chart(
        bars=[bar for number, month in enumerate(months) for bar in _bars(month, number, slot, zero, scale)],
        ticks=[Tick(abs(points), round(zero - points * scale, 1)) for points in range(-below, above + 1, step)],
        labels=[Label(month.first, round((number + 0.5) * slot, 2)) for number, month in enumerate(months)],
        zero=round(zero, 1),
    )


def _bars(month: Month, number: int, slot: float, zero: float, scale: float) -> Iterable[Bar]:
    x, width = (number + GAP / 2) * slot, slot * (1 - GAP)
    hanging = zero
    for flow, points in (("earned", month.earned), ("spent", month.spent), ("expired", month.expired)):
        height = max(points, 0) * scale
        if height <= 0:
            continue
        y = zero - height if flow == "earned" else hanging
        hanging += 0 if flow == "earned" else height
        yield Bar(flow, month.first, points, round(x, 2), round(y, 1), round(width, 2), round(max(height, 1), 1))
