"""Every test with people ends with the proof that the ledger still adds up."""

import pytest

from tests.ledger.purse import violations


@pytest.fixture(autouse=True)
def _proved(request):
    if "world" not in request.fixturenames:
        yield
        return
    request.getfixturevalue("world")  # set up before and so torn down after the proof
    yield
    assert violations() == {}
