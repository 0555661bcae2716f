"""Whatever colours a brand chooses, its words stay readable."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.lib.colours import contrast, ink_on
from loyalty.portal.rules import (
    DARK_PAGE,
    DARK_SURFACE,
    LIGHT_PAGE,
    LIGHT_SURFACE,
    first_day,
    mix,
    palette,
    stylesheet,
)

colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def test_contrast_is_that_of_wcag():
    assert contrast("#000000", "#ffffff") == 21
    assert contrast("#777777", "#777777") == 1
    assert round(contrast("#767676", "#ffffff"), 2) == 4.54


@pytest.mark.parametrize(
    ("fill", "ink"), [("#1f4d3a", "#ffffff"), ("#ffcc00", "#1c1917"), ("#ffffff", "#1c1917"), ("#777777", "#000000")]
)
def test_ink_is_white_where_it_reads_and_dark_elsewhere(fill, ink):
    assert ink_on(fill) == ink


def test_mix_takes_a_share_of_the_other():
    assert [mix("#000000", "#ffffff", share) for share in (0, 0.5, 1)] == ["#000000", "#808080", "#ffffff"]


@given(colours, colours)
def test_every_pair_of_words_and_ground_has_enough_contrast(brand, accent):
    colours_of = palette(brand, accent)
    for night, (surface, ground) in enumerate([(LIGHT_SURFACE, LIGHT_PAGE), (DARK_SURFACE, DARK_PAGE)]):
        at = {name: pair[night] for name, pair in colours_of.items()}
        assert contrast(at["--brand-ink"], at["--brand"]) >= 4.5
        assert contrast(at["--card-ink"], at["--card-start"]) >= 4.5
        assert contrast(at["--card-ink"], at["--card-end"]) >= 4.5
        assert all(contrast(at["--brand-text"], each) >= 4.5 for each in (surface, ground, at["--brand-tint"]))
        assert contrast(at["--accent"], surface) >= 3


def test_a_brand_that_reads_is_left_as_it_is():
    assert palette("#1f4d3a", "#c98a1b")["--brand"][0] == "#1f4d3a"
    assert palette("#1f4d3a", "#c98a1b")["--brand-text"][0] == "#1f4d3a"


def test_the_stylesheet_holds_inside_its_program_alone():
    css = stylesheet("aurora", "#5b2c1d", "#e8a33d")
    assert css.startswith(".brand-aurora {\n  --brand: light-dark(#5b2c1d, ")
    assert css.count("light-dark(") == 8


@pytest.mark.parametrize(
    ("period", "today", "first"),
    [
        ("", date(2026, 11, 21), None),
        ("nonsense", date(2026, 11, 21), None),
        ("month", date(2026, 11, 21), date(2026, 11, 1)),
        ("quarter", date(2026, 11, 21), date(2026, 9, 1)),
        ("quarter", date(2026, 1, 31), date(2025, 11, 1)),
        ("quarter", date(2026, 2, 1), date(2025, 12, 1)),
        ("quarter", date(2026, 3, 1), date(2026, 1, 1)),
        ("year", date(2026, 11, 21), date(2026, 1, 1)),
    ],
)
def test_periods_begin_on_a_first(period, today, first):
    assert first_day(period, today) == first
