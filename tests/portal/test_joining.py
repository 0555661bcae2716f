"""Joining in one step: an account, a proved address, a membership with its consents."""

import re

import pytest
from django.core import mail
from django.test import Client

from loyalty.members.models import Member, User
from loyalty.members.queries import consents_of, membership_of
from loyalty.members.services.consents import put_consent_text
from tests.portal.conftest import HTMX
from tests.world import PASSWORD, new_user

pytestmark = pytest.mark.django_db
NEW = {"name": "Ben Okri", "email": "ben@example.org", "password1": PASSWORD, "consent_terms": "on"}
URL = "/p/aurora/join/"
CONFIRM = "/accounts/confirm-email/"


def code_in_mail() -> str:
    """The code of the newest mail; it stands in the subject."""
    return mail.outbox[-1].subject.split()[0]


def sign_up(client: Client, **changes: str):
    return client.post(URL, {name: value for name, value in (NEW | changes).items() if value})


def test_the_page_asks_for_little_and_ticks_nothing(aurora, client):
    page = client.get(URL)
    assert page.status_code == 200
    assert page.context["form"].fields.keys() == {"name", "email", "password1", "consent_terms", "consent_marketing"}
    assert " checked" not in page.content.decode()
    assert "brand-aurora" in page.content.decode()


def test_the_fragment_is_the_form_alone(aurora, client):
    part = client.get(URL, headers=HTMX)
    assert part.content.decode().lstrip().startswith('<form class="tile form"')
    assert part["Vary"].count("HX-Request") == 1


def test_a_new_person_becomes_a_member_once_the_address_is_proved(aurora, client):
    answer = sign_up(client)
    assert (answer.status_code, answer["Location"]) == (302, CONFIRM)
    assert Member.objects.count() == 0
    answer = client.post(CONFIRM, {"code": code_in_mail()}, follow=True)
    assert answer.redirect_chain[-1][0] == "/p/aurora/"
    member = membership_of(User.objects.get(email="ben@example.org"), "aurora")
    assert (member.name, member.email, member.channel) == ("Ben Okri", "ben@example.org", "portal")
    assert {purpose: consent.is_granted for purpose, consent in consents_of(member).items()} == {
        "terms": True, "marketing": False,
    }  # fmt: skip
    assert "Your card is ready" in answer.content.decode()


def test_the_page_for_the_code_is_in_the_brand(aurora, client):
    sign_up(client)
    page = client.get(CONFIRM).content.decode()
    assert "/p/aurora/brand.css" in page
    assert ">Aurora<" in page


def test_the_mail_begins_with_the_code_and_ends_with_the_brand(aurora, client):
    sign_up(client)
    assert re.match(r"^\S+ confirms your e-mail address$", mail.outbox[0].subject)
    assert mail.outbox[0].body.endswith("Aurora")
    assert mail.outbox[0].to == ["ben@example.org"]


def test_without_a_password_one_signs_in_by_code(aurora, client):
    sign_up(client, password1="")
    client.post(CONFIRM, {"code": code_in_mail()})
    assert not User.objects.get(email="ben@example.org").has_usable_password()
    later = Client()
    later.post("/accounts/login/code/?next=/p/aurora/", {"email": "ben@example.org", "next": "/p/aurora/"})
    answer = later.post("/accounts/login/code/confirm/", {"code": code_in_mail(), "next": "/p/aurora/"}, follow=True)
    assert answer.redirect_chain[-1][0] == "/p/aurora/"
    assert answer.context["member"].name == "Ben Okri"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "Ben \u202eirkO"}, "name"),
        ({"name": "Ben\u200b Okri"}, "name"),
        ({"email": "ben@exa\u200bmple.org"}, "email"),
        ({"email": "not an address"}, "email"),
        ({"email": ""}, "email"),
        ({"password1": "short"}, "password1"),
        ({"password1": "password12"}, "password1"),
        ({"consent_terms": ""}, "consent_terms"),
    ],
)
def test_a_refused_form_answers_422_and_makes_nothing(aurora, client, changes, field):
    answer = sign_up(client, **changes)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert User.objects.count() == Member.objects.count() == len(mail.outbox) == 0


def test_a_wrong_code_makes_no_member(aurora, client):
    sign_up(client)
    client.post(CONFIRM, {"code": "WRONG-00"})
    assert Member.objects.count() == 0


def test_someone_known_is_told_by_mail_alone(aurora, client):
    new_user("ben@example.org")
    answer = sign_up(client)
    assert (answer.status_code, answer["Location"]) == (302, CONFIRM)
    assert mail.outbox[-1].subject == "You have an account already"
    assert "/accounts/login/?next=/p/aurora/" in mail.outbox[-1].body
    assert Member.objects.count() == 0


def test_someone_known_joins_by_signing_in_afterwards(aurora, client):
    user = new_user("ben@example.org")
    sign_up(client, consent_marketing="on")
    client.post("/accounts/logout/", {"next": "/accounts/login/"})  # "Cancel" on the page that asks for the code
    client.post("/accounts/login/", {"login": "ben@example.org", "password": PASSWORD})
    assert consents_of(membership_of(user, "aurora"))["marketing"].is_granted is True


def test_the_joining_of_one_person_is_not_finished_for_another(aurora, client):
    sign_up(client)
    session = client.session
    kept = session["joining"]
    other = new_user("eve@example.org")
    client.force_login(other, backend="allauth.account.auth_backends.AuthenticationBackend")
    session = client.session
    session["joining"] = kept
    session.save()
    from loyalty.portal.services import finish_joining, pop_joining

    assert finish_joining(other, pop_joining(session)) is None
    assert Member.objects.count() == 0


def test_words_that_changed_meanwhile_are_agreed_to_anew(aurora, client):
    sign_up(client)
    put_consent_text(aurora, purpose="terms", text="New words.", is_required=True, actor="test")
    answer = client.post(CONFIRM, {"code": code_in_mail()}, follow=True)
    assert answer.redirect_chain[-1][0] == "/p/aurora/"
    assert "/p/aurora/join/" in answer.content.decode()
    assert Member.objects.count() == 0


def test_someone_signed_in_joins_with_one_button(aurora, fjord, as_cleo, cleo):
    page = as_cleo.get(URL)
    assert page.context["form"].fields.keys() == {"consent_terms", "consent_marketing"}
    answer = as_cleo.post(URL, {"consent_terms": "on", "consent_marketing": "on"})
    assert (answer.status_code, answer["Location"]) == (302, "/p/aurora/")
    member = membership_of(cleo.user, "aurora")
    assert (member.name, consents_of(member)["marketing"].is_granted) == ("Cleo", True)


def test_someone_signed_in_must_agree_too(aurora, as_cleo, cleo):
    answer = as_cleo.post(URL, {})
    assert answer.status_code == 422
    assert membership_of(cleo.user, "aurora") is None


def test_a_membership_from_the_till_is_taken_over_after_the_proof_never_before(aurora, dot, client):
    sign_up(client, email="Dot@Example.org", name="Dorothea")
    dot.refresh_from_db()
    assert dot.user is None
    client.post(CONFIRM, {"code": code_in_mail()})
    dot.refresh_from_db()
    assert dot.user == User.objects.get(email="dot@example.org")
    assert Member.objects.count() == 1
    assert "30" in client.get("/p/aurora/").content.decode()


def test_a_member_is_led_home(aurora, as_ada):
    assert as_ada.get(URL)["Location"] == "/p/aurora/"


def test_a_closed_program_takes_no_one(aurora, client):
    aurora.is_active = False
    aurora.save()
    assert client.get(URL)["Location"] == "/p/aurora/"
    assert "takes no new members" in client.get("/p/aurora/").content.decode()


def test_the_general_page_for_signing_up_leads_to_the_program(aurora, client):
    assert client.get("/accounts/signup/?next=/p/aurora/")["Location"] == URL
    assert Client().get("/accounts/signup/")["Location"] == "/"


def test_an_unknown_program_cannot_be_joined(aurora, client):
    assert client.get("/p/nowhere/join/").status_code == 404


def test_posting_without_a_token_is_refused_in_words(aurora):
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post(URL, NEW)
    assert answer.status_code == 403
    assert "open too long" in answer.content.decode()
