"""Signing in, one's address and password, the second factor: every page in our frame and in the brand."""

import re

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core import mail
from django.test import Client

from loyalty.members.models import User
from tests.portal.conftest import client_of
from tests.world import PASSWORD, new_user

pytestmark = pytest.mark.django_db
NEXT = "?next=/p/aurora/"


def code_in_mail() -> str:
    return mail.outbox[-1].subject.split()[0]


def ensure_ours(answer, *, brand: bool = True) -> str:
    page = answer.content.decode()
    assert answer.status_code == 200
    assert ("/p/aurora/brand.css" in page) is brand
    assert len(re.findall(r"<h1", page)) == 1
    assert " style=" not in page
    assert "<script>" not in page
    assert 'type="application/json"' not in page
    for label in re.findall(r'<label for="([^"]+)"', page):
        assert f'id="{label}"' in page
    return page


def sign_in(client: Client, email: str = "ada@example.org"):
    return client.post("/accounts/login/", {"login": email, "password": PASSWORD, "next": "/p/aurora/"})


def confirm(client: Client) -> None:
    """What is asked for before anything that could lock someone out."""
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})


@pytest.mark.parametrize("path", ["login/", "login/code/", "password/reset/"])
def test_pages_for_strangers_carry_the_brand_they_came_from(aurora, client, path):
    ensure_ours(client.get(f"/accounts/{path}{NEXT}"))
    ensure_ours(client.get(f"/accounts/{path}"))  # remembered
    ensure_ours(Client().get(f"/accounts/{path}"), brand=False)


@pytest.mark.parametrize(
    "target", ["https://evil.example/p/aurora/", "//evil.example/", "/p/../admin/", "javascript:x"]
)
def test_signing_in_leads_to_our_own_pages_alone(aurora, ada, target):
    answer = Client().post("/accounts/login/", {"login": "ada@example.org", "password": PASSWORD, "next": target})
    assert answer["Location"].startswith("/")
    assert "evil" not in answer["Location"]


def test_an_unknown_program_in_the_address_changes_nothing(aurora, client):
    ensure_ours(client.get("/accounts/login/?next=/p/nowhere/"), brand=False)


def test_a_wrong_password_says_so_beside_the_form(aurora, ada, client):
    answer = client.post(f"/accounts/login/{NEXT}", {"login": "ada@example.org", "password": "wrong"})
    page = ensure_ours(answer)
    assert 'role="alert"' in page
    assert "not correct" in page


def test_signing_in_without_an_address_leads_to_the_program_one_came_from(aurora, ada, client):
    client.get(f"/accounts/login/{NEXT}")
    answer = client.post("/accounts/login/", {"login": "ada@example.org", "password": PASSWORD}, follow=True)
    assert answer.redirect_chain[-1][0] == "/p/aurora/"


def test_a_forgotten_password_is_replaced_by_a_code(aurora, ada, client):
    client.get(f"/accounts/password/reset/{NEXT}")
    answer = client.post("/accounts/password/reset/", {"email": "ada@example.org"}, follow=True)
    ensure_ours(answer)
    code = re.search(r"^[A-Z0-9-]{6,}$", mail.outbox[-1].body, re.MULTILINE)
    answer = client.post("/accounts/password/reset/confirm/", {"code": code[0]}, follow=True)
    ensure_ours(answer)
    client.post("/accounts/password/reset/complete/", {"password1": "another horse 2", "password2": "another horse 2"})
    assert User.objects.get(email="ada@example.org").check_password("another horse 2")


def test_an_unknown_address_is_told_by_mail_alone(aurora, client):
    answer = client.post(
        f"/accounts/login/code/{NEXT}", {"email": "who@example.org", "next": "/p/aurora/"}, follow=True
    )
    ensure_ours(answer)
    assert mail.outbox[-1].subject == "There is no account with this address"
    assert "/p/aurora/join/" in mail.outbox[-1].body


@pytest.mark.parametrize("path", ["email/", "password/change/", "logout/", "2fa/", "2fa/totp/activate/"])
def test_pages_of_members_carry_their_brand(aurora, ada, path):
    client = Client()
    sign_in(client)
    confirm(client)
    client.get("/p/aurora/")
    page = ensure_ours(client.get(f"/accounts/{path}"))
    assert 'href="/p/aurora/me/"' in page


def test_a_new_address_is_proved_first_and_then_known_to_the_programs(aurora, ada):
    client = Client()
    sign_in(client)
    confirm(client)
    client.post("/accounts/email/", {"email": "new@example.org", "action_add": ""})
    ada.refresh_from_db()
    assert ada.email == "ada@example.org"
    client.post("/accounts/confirm-email/", {"code": code_in_mail()})
    ada.refresh_from_db()
    assert (ada.email, ada.user.email) == ("new@example.org", "new@example.org")


def test_a_new_address_that_another_member_has_leaves_the_membership_as_it_is(aurora, ada, dot):
    client = Client()
    sign_in(client)
    confirm(client)
    client.post("/accounts/email/", {"email": "dot@example.org", "action_add": ""})
    client.post("/accounts/confirm-email/", {"code": code_in_mail()})
    ada.refresh_from_db()
    assert (ada.email, ada.user.email) == ("ada@example.org", "dot@example.org")


@pytest.fixture
def secret(ada) -> str:
    secret = generate_totp_secret()
    TOTP.activate(ada.user, secret)
    RecoveryCodes.activate(ada.user)
    return secret


def app_code(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def test_the_second_factor_is_asked_for_in_the_brand(aurora, ada, secret):
    client = Client()
    client.get(f"/accounts/login/{NEXT}")
    answer = sign_in(client)
    assert answer["Location"].startswith("/accounts/2fa/authenticate/")
    ensure_ours(client.get(answer["Location"]))
    answer = client.post("/accounts/2fa/authenticate/", {"code": app_code(secret)})
    assert answer["Location"] == "/p/aurora/"


@pytest.mark.parametrize(
    "path",
    ["2fa/", "2fa/totp/deactivate/", "2fa/recovery-codes/", "2fa/recovery-codes/generate/", "2fa/reauthenticate/"],
)
def test_pages_of_the_second_factor(aurora, ada, secret, path):
    client = Client()
    sign_in(client)
    client.post("/accounts/2fa/authenticate/", {"code": app_code(secret)})
    confirm(client)
    client.get("/p/aurora/")
    ensure_ours(client.get(f"/accounts/{path}"))


def test_after_a_while_one_confirms_who_one_is(aurora, ada):
    client = client_of(ada)  # signed in without allauth's record of it: long ago
    answer = client.get("/accounts/2fa/totp/activate/", follow=True)
    assert answer.redirect_chain[-1][0].startswith("/accounts/reauthenticate/")
    ensure_ours(answer)


def test_too_many_tries_get_a_page(aurora, settings):
    settings.ACCOUNT_RATE_LIMITS = {"login": "1/m/ip"}
    client = Client()
    for _each in range(2):
        answer = client.post("/accounts/login/", {"login": "x@example.org", "password": "x"})
    assert answer.status_code == 429
    assert "a bit fast" in answer.content.decode()


def test_staff_without_a_membership_may_choose(aurora, client):
    user = new_user("sam@example.org")
    user.is_staff = True
    user.save()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert "/admin/" in client.get("/").content.decode()
    assert get_adapter() is not None
    assert Authenticator.objects.count() == 0
