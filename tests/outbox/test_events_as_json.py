import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.outbox import rules
from tests.outbox.wires import Bought, Line

lines = st.builds(Line, st.text(), st.decimals(allow_nan=False, allow_infinity=False))
events = st.builds(
    Bought,
    st.text(),
    at=st.none() | st.datetimes(timezones=st.just(UTC)),
    day=st.none() | st.dates(),
    subject=st.none() | st.uuids(),
    amount=st.decimals(allow_nan=False, allow_infinity=False),
    lines=st.lists(lines).map(tuple),
    best=st.none() | lines,
    tags=st.lists(st.text()),
    counts=st.dictionaries(st.text(), st.integers()),
)


@given(events)
def test_an_event_comes_back_as_it_was(event):
    stored = json.loads(json.dumps(rules.to_plain(event)))

    assert rules.rebuild(Bought, stored) == event


@pytest.mark.parametrize("value", [1.5, datetime(2026, 1, 1), object(), Bought, {1.5}])  # noqa: DTZ001 the point
def test_what_may_not_stand_near_value_is_refused(value):
    with pytest.raises(TypeError):
        rules.to_plain(value)


def test_fields_that_went_are_dropped_and_new_ones_take_their_default():
    assert rules.rebuild(Bought, {"name": "coffee", "colour": "black"}) == Bought("coffee")


@dataclass(frozen=True)
class Bare:
    rows: list
    pairs: dict
    total: Decimal


def test_containers_that_do_not_say_what_they_hold_keep_plain_values():
    stored = rules.to_plain(Bare([1, "a"], {"k": True}, Decimal("1.10")))

    assert stored == {"rows": [1, "a"], "pairs": {"k": True}, "total": "1.10"}
    assert rules.rebuild(Bare, stored) == Bare([1, "a"], {"k": True}, Decimal("1.10"))


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 5), (2, 10), (3, 20), (10, 2560), (11, 3600), (900, 3600)])
def test_the_pause_doubles_up_to_an_hour(attempts, seconds):
    assert rules.wait_after(attempts) == timedelta(seconds=seconds)
