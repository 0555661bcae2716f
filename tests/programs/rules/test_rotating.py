"""Codes that change every 30 seconds."""

from datetime import UTC, datetime, timedelta

import pytest

from loyalty.programs.rules.rotating import LENGTH, code_for, is_current, seconds_left, step_of

SECRET, OTHER = "ab" * 32, "cd" * 32
AT = datetime(2026, 3, 2, 10, 30, 10, tzinfo=UTC)
SHOWN = code_for(SECRET, step_of(AT))


@pytest.mark.parametrize(
    ("later", "is_good"),
    [(-11, False), (-10, True), (0, True), (19, True), (20, True), (49, True), (50, False), (3600, False)],
)
def test_a_code_lives_for_its_own_step_and_the_next(later, is_good):
    assert is_current(SECRET, SHOWN, AT + timedelta(seconds=later)) is is_good


def test_every_step_and_every_place_has_its_own():
    assert len({code_for(secret, step) for secret in (SECRET, OTHER) for step in range(100)}) == 200


@pytest.mark.parametrize(
    "guess", ["", "x", SHOWN[:-1], SHOWN.upper(), SHOWN + "a", "ключ", code_for(OTHER, step_of(AT))]
)
def test_anything_else_is_refused(guess):
    assert not is_current(SECRET, guess, AT)


def test_how_long_it_is_shown():
    assert (len(SHOWN), seconds_left(AT), seconds_left(AT.replace(second=30))) == (LENGTH, 20, 30)
