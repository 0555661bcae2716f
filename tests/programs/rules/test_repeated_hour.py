"""The hour that clocks repeat in autumn: a purchase in it is as good as any other."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from loyalty.programs.rules.invalid import InvalidSetting
from loyalty.programs.rules.occurrence import Occurrence

OSLO = ZoneInfo("Europe/Oslo")


@pytest.mark.parametrize("hour", [0, 1])
def test_an_instant_in_the_repeated_hour_is_itself_in_both_zones(hour):
    at = datetime(2026, 10, 25, hour, 15, tzinfo=UTC)  # 02:15 in Oslo, before and after the clocks go back
    assert Occurrence(type="purchase", at=at, local=at.astimezone(OSLO)).local.hour == 2


def test_the_other_one_of_the_two_is_another_instant():
    at = datetime(2026, 10, 25, 0, 15, tzinfo=UTC)
    with pytest.raises(InvalidSetting):
        Occurrence(type="purchase", at=at, local=at.astimezone(OSLO).replace(fold=1))
