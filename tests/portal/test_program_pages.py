"""What anyone sees: the list of programs, a program's first page, its terms, colours and logo; and the error pages."""

import re

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from loyalty.members.services.members import join_program
from loyalty.portal import urls as portal
from loyalty.portal.rules import stylesheet
from tests.portal.conftest import HTMX, client_of

pytestmark = pytest.mark.django_db


def test_the_only_program_is_opened_at_once(aurora, client):
    assert client.get("/")["Location"] == "/p/aurora/"


def test_several_programs_are_offered(aurora, fjord, client):
    page = client.get("/")
    assert [program.code for program in page.context["others"]] == ["aurora", "fjord"]
    assert page.context["memberships"] == []


def test_closed_programs_are_not_offered(aurora, fjord, client):
    fjord.is_active = False
    fjord.save()
    assert client.get("/?choose=1").context["others"] == [aurora]


def test_a_member_goes_straight_home_and_may_choose(aurora, fjord, ada, as_ada):
    assert as_ada.get("/")["Location"] == "/p/aurora/"
    page = as_ada.get("/?choose=1")
    assert page.context["memberships"] == [ada]
    assert page.context["others"] == [fjord]


def test_a_member_of_two_chooses(aurora, fjord, ada, as_ada):
    join_program(fjord, ada.user, consents={"terms": True}, actor="test")
    assert [member.program.code for member in as_ada.get("/").context["memberships"]] == ["aurora", "fjord"]


def test_nothing_to_join_is_said(client, db):
    assert "Nothing to join yet" in client.get("/").content.decode()


def test_strangers_see_what_the_program_offers(aurora, client):
    page = client.get("/p/aurora/").content.decode()
    assert "Every visit to Aurora counts" in page
    assert "/p/aurora/join/" in page
    assert "/accounts/login/?next=/p/aurora/" in page


def test_a_member_of_another_program_is_a_stranger_here(aurora, as_cleo):
    page = as_cleo.get("/p/aurora/").content.decode()
    assert "/p/aurora/join/" in page
    assert "/accounts/login/" not in page


def test_the_terms_are_open_to_all(aurora, client, as_ada):
    aurora.terms_text, aurora.terms_url = "Free of charge.", "https://example.org/terms"
    aurora.save()
    page = client.get("/p/aurora/terms/").content.decode()
    assert "Free of charge." in page
    assert "https://example.org/terms" in page
    assert "Join for free" in page
    assert 'aria-current="page"' in as_ada.get("/p/aurora/terms/").content.decode()


@pytest.mark.parametrize("path", ["", "join/", "terms/", "card/", "statement/", "me/", "inbox/", "brand.css"])
def test_an_unknown_program_is_not_found_in_our_own_look(aurora, client, path):
    answer = client.get(f"/p/nowhere/{path}")
    assert answer.status_code == 404
    assert "Laurel" in answer.content.decode()
    assert 'href="/p/' not in answer.content.decode()


def test_the_colours_are_a_stylesheet_that_may_be_kept(aurora, client):
    answer = client.get("/p/aurora/brand.css")
    assert answer.content.decode() == stylesheet("aurora", "#5b2c1d", "#c98a1b")
    assert answer["Content-Type"] == "text/css; charset=utf-8"
    assert "immutable" in answer["Cache-Control"]


def test_new_colours_have_a_new_address(aurora, client):
    def address():
        return client.get("/p/aurora/").content.decode().partition("brand.css?v=")[2][:8]

    before = address()
    aurora.brand_color = "#123456"
    aurora.save()
    assert before != address()


PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


@pytest.fixture
def uploads(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def test_a_logo_is_served_as_a_picture_and_nothing_else(aurora, client, uploads):
    aurora.logo = SimpleUploadedFile("aurora.png", PNG)
    aurora.save()
    answer = client.get(aurora.logo.url)
    assert b"".join(answer.streaming_content) == PNG
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("image/png", "nosniff")
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert aurora.logo.url in client.get("/p/aurora/").content.decode()


@pytest.mark.parametrize("name", ["none.png", "page.html", "vector.svg", "%2e%2e%2fimports%2fsecret.csv", ".."])
def test_other_uploads_are_not_served(client, db, uploads, name):
    for path in ("logos/page.html", "logos/vector.svg", "imports/secret.csv"):
        default_storage.save(path, SimpleUploadedFile("x", b"secret"))
    assert client.get(f"/media/logos/{name}").status_code == 404
    assert client.get("/media/imports/secret.csv").status_code == 404


def test_pages_forbid_everything_inline(aurora, client):
    answer = client.get("/p/aurora/")
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    page = answer.content.decode()
    assert " style=" not in page
    assert "<style" not in page
    assert "onclick" not in page


def test_error_pages(client, db, settings, rf):
    from config import views

    assert "There is nothing here" in client.get("/nowhere/").content.decode()
    broken = views.server_error(rf.get("/p/aurora/"))
    assert (broken.status_code, "on our side" in broken.content.decode()) == (500, True)


def test_forbidden_is_a_page(rf, db):
    from django.contrib.auth.models import AnonymousUser
    from django.contrib.messages.storage.fallback import FallbackStorage

    from config import views

    request = rf.get("/")
    request.user, request.session = AnonymousUser(), {}
    request._messages = FallbackStorage(request)
    answer = views.forbidden(request, Exception())
    assert (answer.status_code, "You may not do this" in answer.content.decode()) == (403, True)


def test_members_only_pages_send_strangers_to_sign_in(aurora):
    answer = Client().get("/p/aurora/statement/?kind=earned")
    assert answer["Location"] == "/accounts/login/?next=/p/aurora/statement/%3Fkind%3Dearned"
    answer = Client().get("/p/aurora/statement/", headers=HTMX)
    assert answer["HX-Redirect"] == "/accounts/login/?next=/p/aurora/statement/"


# Pages for everyone: the brand's first page, its words and colours, and where links and codes lead.
FOR_ALL = {"home", "brand_css", "join", "terms", "shared", "invited", "here", "scanned"}
FILLED = {"int": 1, "slug": "x", "str": "x"}
OF_MEMBERS = [
    each
    for each in portal.urlpatterns
    if str(each.pattern).startswith("p/<slug:code>/") and each.name not in FOR_ALL
]  # fmt: skip


def address_of(route) -> str:
    """With something in every place that has to be filled."""
    filled = re.sub(r"<(int|slug|str):(?!code)\w+>", lambda found: str(FILLED[found[1]]), str(route.pattern))
    return "/" + filled.replace("<slug:code>", "aurora")


@pytest.mark.parametrize("route", OF_MEMBERS, ids=lambda route: route.name)
def test_members_pages_are_for_members(aurora, fjord, as_cleo, route):
    """Whoever adds a page finds it here: strangers sign in first, and other programs' members find nothing."""
    address = address_of(route)
    strangers = [Client().get(address), Client().post(address)]
    answers = {answer.status_code for answer in strangers}
    assert answers in ({302}, {302, 405})
    assert all(answer["Location"].startswith("/accounts/login/") for answer in strangers if answer.status_code == 302)
    assert {as_cleo.get(address).status_code, as_cleo.post(address).status_code} in ({404}, {404, 405})


def test_who_left_is_a_stranger(aurora, ada):
    client = client_of(ada)
    ada.status = "left"
    ada.save()
    assert client.get("/p/aurora/card/").status_code == 404
    assert "/p/aurora/join/" in client.get("/p/aurora/").content.decode()
