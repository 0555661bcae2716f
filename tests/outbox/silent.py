"""A wiring without a bell, where one subscriber hears everything."""

WIRES: dict[str, list[str]] = {}
EVERY = ["tests.outbox.wires.keep"]
