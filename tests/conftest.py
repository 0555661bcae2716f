"""What every test stands on: a real PostgreSQL, one cast of people, and a database that is new to every test."""

import os
import uuid

import pytest
from django.conf import settings
from django.test import TransactionTestCase, override_settings

from tests.world import world  # noqa: F401 a fixture for everyone

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


def pytest_configure(config):
    from django.conf import settings

    from config import embedded

    # Django was set up before this file could say so by STATIC_MANIFEST: no test needs collected static files.
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
    settings.STATIC_ROOT = None
    # Hundreds of people sign in; what keeps a stolen table of passwords safe would cost minutes.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    embedded.start()


def pytest_unconfigure(config):
    from config import embedded

    embedded.leave()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings, django_db_blocker):
    """Our test database, named by now, is a copy of one that was migrated once for all."""
    from tests import databases

    with django_db_blocker.unblock():
        settings.DATABASES["default"]["TEST"]["TEMPLATE"] = databases.template()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """What the database holds now is what tests that commit find; Django would truncate it and prepare it anew."""
    from tests import databases

    with django_db_blocker.unblock():
        databases.remember()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _case: databases.restore())
        yield


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
