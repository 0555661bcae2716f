"""The product's wires, and one more: every purchase leaves a message in the outbox, which has to be part of its price.

No doorbell: a ring would go to the operator's queue.
"""

from config import wiring

WIRES = {**wiring.WIRES, "loyalty.programs.events.ActivityRecorded": ["config.bench.wiring.listen"]}
EVERY = wiring.EVERY
DOORBELL = ""
PORTAL_NAV, PORTAL_TILES = wiring.PORTAL_NAV, wiring.PORTAL_TILES


def listen(event: object) -> None:
    """A subscriber that is never called: nothing relays here."""
