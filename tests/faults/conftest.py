import pytest

from tests.faults.homes import Home


@pytest.fixture(scope="session")
def home(django_db_blocker):
    """Servers that may be killed; one set for all the tests of a process."""
    home = Home(django_db_blocker)
    yield home
    home.end()


@pytest.fixture
def shop(home):
    """A fresh, migrated database."""
    shop = home.shop()
    yield shop
    shop.end()
