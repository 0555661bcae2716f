import pytest

from tests.outbox import wires


@pytest.fixture(autouse=True)
def _wired(settings):
    settings.OUTBOX_WIRING = "tests.outbox.wires"
    wires.forget()
