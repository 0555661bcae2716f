"""Inviting friends: the link, who came through it, and joining with a code."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client

from loyalty.lib import clock
from loyalty.members.models import Member
from tests.factories_of_activities import ReferralFactory, ReferralPolicyFactory
from tests.till import rule
from tests.world import new_user

pytestmark = pytest.mark.django_db
FRIENDS = "/p/aurora/friends/"


@pytest.fixture
def policy(aurora):
    rule(aurora, "For bringing", trigger="referral", effect="fixed", points=100)
    rule(aurora, "For coming", trigger="referred", effect="fixed", points=50)
    return ReferralPolicyFactory(program=aurora, minimum_purchase=25)


def words(answer) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def link_of(member: Member) -> str:
    return f"/p/aurora/r/{member.referral_code}/"


def signed_in(email: str) -> Client:
    browser = Client()
    browser.force_login(new_user(email), backend="allauth.account.auth_backends.AuthenticationBackend")
    return browser


def join(browser: Client, **filled):
    return browser.post("/p/aurora/join/", {"consent_terms": "on", **filled})


def test_the_page_shows_the_link_and_what_it_pays(as_ada, ada, policy):
    answer = as_ada.get(FRIENDS)
    assert "100 points for you. 50 points for your friend." in words(answer)
    assert "first purchase is at least 25" in words(answer)
    assert f'value="http://testserver{link_of(ada)}"' in answer.content.decode()
    assert "Nobody yet" in words(answer)
    assert f'href="{FRIENDS}"' in as_ada.get("/p/aurora/earn/").content.decode()


def test_friends_are_told_by_their_state_alone(as_ada, ada, policy):
    for state, reason in (("pending", ""), ("rewarded", ""), ("refused", "same_email"), ("pending", "below_minimum")):
        ReferralFactory(program=ada.program, referrer=ada, state=state, reason=reason)
    page = words(as_ada.get(FRIENDS))
    told = ("Waits for the first purchase", "Rewarded", "both addresses lead to one mailbox", "was too small")
    assert [each for each in told if each not in page] == []
    assert [each for each in Member.objects.exclude(pk=ada.pk) if each.name in page or each.number in page] == []


def test_without_a_policy_there_is_no_page(as_ada, aurora):
    assert as_ada.get(FRIENDS).status_code == 404


def test_the_link_is_remembered_until_joining(ada, policy):
    browser = signed_in("eve@example.org")
    assert browser.get(link_of(ada)).url == "/p/aurora/"
    assert f'value="{ada.referral_code}"' in browser.get("/p/aurora/join/").content.decode()
    join(browser, invited_by=ada.referral_code)
    assert Member.objects.get(email="eve@example.org").referred_by == ada


def test_after_thirty_days_it_is_forgotten(ada, policy):
    browser = signed_in("eve@example.org")
    now = clock.now()
    with time_machine.travel(now - timedelta(days=31), tick=False):
        browser.get(link_of(ada))
    browser.cookies["invited_by"]["max-age"] = ""  # a browser that keeps it regardless
    assert ada.referral_code not in browser.get("/p/aurora/join/").content.decode()


def test_a_code_that_nobody_has_is_refused(ada, policy):
    browser = signed_in("eve@example.org")
    answer = join(browser, invited_by="NOBODY")
    assert (answer.status_code, "Nobody has this code." in words(answer)) == (422, True)
    assert not Member.objects.filter(email="eve@example.org").exists()


def test_a_new_person_joins_with_the_code(ada, policy):
    browser = Client()
    browser.get(link_of(ada))
    filled = {"name": "Eve", "email": "eve@example.org", "password1": "a long enough one"}
    join(browser, invited_by=ada.referral_code, **filled)
    code = re.search(r"\b[A-Z0-9]{4,}-?[A-Z0-9]{2,}\b", mail.outbox[-1].body)
    assert browser.session["joining"]["invited_by"] == ada.referral_code
    assert code


def test_unknown_links_and_members_simply_arrive(as_ada, ada, policy):
    for browser, address in ((Client(), "/p/aurora/r/NOBODY/"), (as_ada, link_of(ada))):
        answer = browser.get(address)
        assert (answer.url, "invited_by" in answer.cookies) == ("/p/aurora/", False)
