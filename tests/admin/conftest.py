"""The back office's cast: a superuser, and staff of one program in any role, each with a browser of their own."""

import pytest
from django.test import Client

from loyalty.members.models import User
from loyalty.members.services.staff import grant_access
from tests.world import PASSWORD, make_world


@pytest.fixture(autouse=True)
def _no_second_factor(settings):
    settings.STAFF_MFA_REQUIRED = False


@pytest.fixture
def world(db):
    return make_world()


@pytest.fixture
def boss(world) -> Client:
    """Whoever runs the installation."""
    return _browser(User.objects.create_superuser("boss@example.org", PASSWORD))


@pytest.fixture
def staff(world):
    """A browser of someone with `role` in `program` (Aurora unless told)."""

    def browser(role: str, program=None) -> Client:
        user = User.objects.create_user(f"{role}@staff.example.org", PASSWORD, name=role, is_staff=True)
        grant_access(user, program or world.aurora, role, actor="test")
        return _browser(user)

    return browser


def _browser(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="loyalty.members.middleware.StaffAccessBackend")
    client.user = user
    return client
