"""What every test stands on: a real PostgreSQL, one cast of people, and a ledger that tests may wipe."""

import os
import uuid

import pytest
from django.conf import settings
from django.test import override_settings

from tests.world import world  # noqa: F401 a fixture for everyone

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

LEDGER_TABLES = [
    "ledger_account",
    "ledger_posting",
    "ledger_lot",
    "ledger_lot_use",
    "ledger_hold",
    "ledger_redating",
]


def pytest_configure(config):
    from django.conf import settings

    from config import embedded

    # Django was set up before this file could say so by STATIC_MANIFEST: no test needs collected static files.
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
    # Hundreds of people sign in; what keeps a stolen table of passwords safe would cost minutes.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    embedded.start()


def pytest_unconfigure(config):
    from config import embedded

    embedded.leave()


@pytest.fixture(scope="session", autouse=True)
def _wipeable_ledger():
    """Between transactional tests Django truncates; the ledger's triggers refuse that to everyone else."""
    from django.db.backends.postgresql.operations import DatabaseOperations

    original = DatabaseOperations.sql_flush

    def sql_flush(self, style, tables, **kwargs):
        # Django knows nothing of tables that SQL owns, and would stumble over their foreign keys
        statements = original(self, style, [*tables, *LEDGER_TABLES] if tables else tables, **kwargs)
        if not statements:
            return statements
        return ["SET session_replication_role = replica", *statements, "SET session_replication_role = DEFAULT"]

    DatabaseOperations.sql_flush = sql_flush
    yield
    DatabaseOperations.sql_flush = original


@pytest.fixture(autouse=True)
def _own_cache():
    """The cache outlives a test and is everybody's: limits of one test's sign-ins would shut out the next one's."""
    own = {**settings.CACHES["default"], "KEY_PREFIX": uuid.uuid4().hex}
    with override_settings(CACHES={**settings.CACHES, "default": own}):
        yield


@pytest.fixture(autouse=True)
def _english():
    """A request leaves its language with the thread; the next test begins in English."""
    from django.utils import translation

    translation.activate("en")
    yield
    translation.deactivate()
