"""What a wallet's policies mean, by example, before anything is saved."""

from datetime import UTC, datetime

import pytest

from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.samples import sample_expiry

pytestmark = pytest.mark.django_db
EARNED = datetime(2026, 1, 25, 12, tzinfo=UTC)


def sample(world, **policy):
    facts = {"unit_many": "stars", "name": "Stars", "code": "stars", "expiry": "rolling", "expiry_months": 1}
    return sample_expiry(Wallet(program=world.aurora, **facts | policy), EARNED)


def test_points_earned_today(world):
    found = sample(world)
    assert found.sentence == "stars earned today expire at the end of 25 February 2026."
    assert found.lines[1:] == (
        "stars earned on 31 January 2026 expire at the end of 28 February 2026.",
        "stars earned on 25 July 2026 expire at the end of 25 August 2026.",
    )
    assert found.dates.expires_at == datetime(2026, 2, 25, 23, tzinfo=UTC)


def test_points_that_never_expire(world):
    found = sample(world, expiry="never")
    assert found.sentence == "stars earned today never expire."
    assert len(found.lines) == 1


def test_points_that_wait(world):
    found = sample(world, activation="after_days", activation_count=14)
    assert found.sentence == (
        "stars earned today can be spent from 8 February 2026 on and expire at the end of 25 February 2026."
    )


def test_points_that_wait_for_a_confirmation(world):
    found = sample(world, activation="on_confirmation", expiry="never")
    assert found.sentence == "stars earned today can be spent once confirmed and never expire."
    assert len(found.lines) == 2
