"""A wiring by which every event becomes one message."""

WIRES: dict[str, list[str]] = {}
EVERY = ["tests.members.ears.hear"]


def hear(event: object) -> None:
    """Nothing follows."""
