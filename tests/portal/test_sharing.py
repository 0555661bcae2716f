"""Sharing in the portal, and where visitors of a link arrive."""

import pytest
from django.test import Client

from loyalty.programs.models.sharing import Share
from tests.factories_of_activities import ShareItemFactory
from tests.portal.test_earn import EARN, fixed, words
from tests.till import active

pytestmark = pytest.mark.django_db
PAGE = "/p/aurora/share/roast/"
KEY = {"key": "k" * 22}


@pytest.fixture
def item(aurora):
    fixed(aurora, "share", 10)
    return ShareItemFactory(program=aurora, code="roast")


def link_of(as_ada) -> str:
    as_ada.get(PAGE)
    return f"/p/aurora/s/{Share.objects.get().token}/"


def test_a_link_of_ones_own_and_plain_addresses_of_the_networks(as_ada, item):
    assert "Our new roast It counts when somebody else opens your link, once. +10 points" in words(as_ada.get(EARN))
    page = as_ada.get(PAGE).content.decode()
    assert "http://testserver/p/aurora/s/" in page
    assert 'href="https://wa.me/?text=Tastes+of+plums.+http' in page
    assert page.count('rel="noopener noreferrer"') == 5
    assert "<script>" not in page
    assert "I have shared it" not in page


def test_looking_counts_nothing_going_on_pays_once(as_ada, ada, item):
    link, visitor = link_of(as_ada), Client(headers={"User-Agent": "Another"})
    landing = visitor.get(link)
    assert '<meta property="og:title" content="Our new roast">' in landing.content.decode()
    assert active(ada) == 0
    for _again in range(2):
        answer = visitor.post(link)
        assert (answer.status_code, answer.headers["Refresh"]) == (200, "0;url=https://shop.example.org/roast")
    assert (active(ada), Share.objects.get().visits) == (10, 1)
    assert "You earned 10 for sharing this. It counts once." in words(as_ada.get(PAGE))
    assert "Done Our new roast Today" in words(as_ada.get(EARN))
    assert "Ada" not in landing.content.decode()


def test_ones_own_browser_counts_nothing_signed_in_or_not(as_ada, ada, item):
    link = link_of(as_ada)
    for browser in (as_ada, Client()):  # the same address and browser
        assert browser.post(link).status_code == 200
    assert (active(ada), Share.objects.get().visits) == (0, 0)


def test_saying_so_where_that_earns(as_ada, ada, item):
    item.pays_on = "share"
    item.save()
    assert "I have shared it" in words(as_ada.get(PAGE))
    for _double_click in range(2):
        assert as_ada.post(PAGE, KEY).url == PAGE
    assert active(ada) == 10
    assert "Thank you for sharing." in words(as_ada.get(PAGE))


def test_a_form_without_a_key_does_nothing(as_ada, ada, item):
    item.pays_on = "share"
    item.save()
    assert as_ada.post(PAGE).status_code == 422
    assert active(ada) == 0


def test_closed_and_unknown(as_ada, as_cleo, item, client):
    link = link_of(as_ada)
    item.is_archived = True
    item.save()
    assert as_ada.get(PAGE).status_code == 404
    assert client.post(link).headers["Refresh"] == "0;url=https://shop.example.org/roast"  # it still leads on
    assert client.get("/p/aurora/s/nobody/").status_code == 404
    assert as_cleo.get(link.replace("aurora", "fjord")).status_code == 404
    assert as_cleo.get(PAGE).status_code == 404
