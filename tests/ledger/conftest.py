"""Every test that takes a purse ends with the proof that the ledger still adds up."""

from collections.abc import Iterator

import pytest

from tests.ledger.purse import Purse, violations


@pytest.fixture
def purse(db) -> Iterator[Purse]:
    yield Purse()
    assert violations() == {}
