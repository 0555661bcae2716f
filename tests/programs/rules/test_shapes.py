"""What codes, zones and dates look like on a form."""

import pytest
from django.core.exceptions import ValidationError

from loyalty.programs.rules.shapes import validate_code, validate_month_day, validate_zone


@pytest.mark.parametrize("value", ["12-31", "02-29", "4-30", "1-1"])
def test_days_of_the_year(value):
    validate_month_day(value)


@pytest.mark.parametrize(
    "value", ["", "12", "12/31", "13-01", "00-01", "04-31", "02-30", "01-00", "01-32", "a-b", "1-1-1"]
)
def test_what_is_none(value):
    with pytest.raises(ValidationError):
        validate_month_day(value)


def test_zones():
    validate_zone("Europe/Oslo")
    with pytest.raises(ValidationError, match="Mars/Olympus"):
        validate_zone("Mars/Olympus")


def test_codes_that_addresses_need():
    validate_code("aurora")
    with pytest.raises(ValidationError, match="admin"):
        validate_code("admin")
