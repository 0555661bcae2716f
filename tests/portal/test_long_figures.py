"""A balance of any length stays within its tile: a figure of many characters is set smaller."""

import pytest

from loyalty.templatetags.portal import length_class
from tests.portal.conftest import client_of
from tests.world import earn


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (0, ""),
        (99_999_999, ""),
        (999_999_999, " figure-long"),
        (-99_999_999, " figure-long"),
        (99_999_999_999, " figure-long"),
        (123_456_789_012, " figure-longer"),
        (10**15, " figure-longest"),
        (2**63 - 1, " figure-longest"),
    ],
)
def test_the_class_follows_from_the_characters(number, name):
    assert length_class(number) == name


@pytest.mark.django_db
def test_home_sets_a_long_balance_smaller(ada):
    earn(ada, 123_456_789_012)
    page = client_of(ada).get("/p/aurora/").content.decode()
    assert '<span class="figure figure-longer">123,456,789,012</span>' in page
