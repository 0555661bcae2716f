"""Wires for tests that look at what is published: every event has one listener, who does nothing."""

WIRES: dict[str, list[str]] = {}
EVERY = ["tests.wires.listen"]


def listen(_event) -> None:
    """Hear it."""
