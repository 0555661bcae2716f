"""Fifty hands on the same review: it pays once, and it is its guards that see to that."""

from uuid import uuid4

import pytest

from loyalty.members.models import Member
from loyalty.members.services.crowds import enrol_many
from loyalty.programs.models.activity import Activity
from loyalty.programs.models.reviews import Review
from loyalty.programs.services import reviews
from loyalty.programs.services.reviews import approve_review, refuse_review, write_review
from tests.factories_of_activities import ReviewPolicyFactory
from tests.ledger.purse import violations
from tests.races.crowd import crowd, failures
from tests.till import active, rule
from tests.world import open_program

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def guest(settings) -> Member:
    settings.OUTBOX_WIRING = "tests.wires"
    cafe = open_program("cafe", "Café", currency="EUR", languages=["en"])
    for type in ("review", "survey", "share"):
        rule(cafe, f"For {type}", trigger=type, effect="fixed", points=50)
    ReviewPolicyFactory(program=cafe, shortest=0)
    enrol_many(cafe, ["guest"], actor="test")
    return Member.objects.select_related("program").get(program=cafe)


@pytest.fixture(autouse=True)
def _proved(guest):
    yield
    assert violations() == {}


@pytest.fixture
def review(guest) -> Review:
    return write_review(guest, "", stars=5, text="", actor="test")


def approvals(review: Review) -> int:
    """How often fifty at once were paid for the same review."""
    results = crowd(lambda number: approve_review(review, seen=1, actor=f"staff:{number}"))
    assert failures(results) == []
    return Activity.objects.filter(type="review").count()


def test_fifty_approvals_of_one_review_pay_once(guest, review):
    assert (approvals(review), active(guest)) == (1, 50)


def test_the_natural_key_alone_would_hold(guest, review, monkeypatch):
    monkeypatch.setattr(reviews, "_locked", unlocked)
    assert (approvals(review), active(guest)) == (1, 50)


def test_without_lock_and_key_it_pays_many_times(guest, review, monkeypatch):
    monkeypatch.setattr(reviews, "_locked", unlocked)
    monkeypatch.setattr(reviews, "key_of", lambda review: f"review:{uuid4()}")
    assert approvals(review) > 1


def test_approved_or_refused_never_both(guest, review):
    def decide(number: int) -> Review:
        if number % 2:
            return approve_review(review, seen=1, actor="staff:1")
        return refuse_review(review, seen=1, reason="No.", actor="staff:2")

    assert failures(crowd(decide)) == []
    review.refresh_from_db()
    assert (review.state, active(guest)) == ("approved", 50)  # a refusal may be thought better of, an approval not


def test_fifty_clicks_write_one_review(guest):
    results = crowd(lambda number: write_review(guest, "", stars=4, text="Fine.", actor="test"))
    assert failures(results) == []
    assert {each.version for each in results} == {1}
    assert Review.objects.count() == 1


def unlocked(**which) -> Review | None:
    return Review.objects.select_related("program", "member__program").filter(**which).first()
