"""What is received is divided by the ends of what was given, and sums exactly."""

from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loyalty.programs.rules.conversions import parts_of, received_of

ENDS = st.none() | st.integers(1, 5).map(lambda day: datetime(2026, 1, day, tzinfo=UTC))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the first draw takes a second
@given(st.lists(st.tuples(st.integers(1, 999), ENDS), min_size=1, max_size=9), st.integers(1, 500), st.integers(1, 500))
def test_parts_sum_to_what_is_received(lots, give, get):
    received = received_of(sum(points for points, _end in lots), give, get)
    parts = parts_of(received, lots)
    assert sum(points for points, _end in parts) == received
    assert all(points > 0 for points, _end in parts)
    assert {end for _points, end in parts} <= {end for _points, end in lots}
