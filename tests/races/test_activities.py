"""Fifty hands on the same review, survey or link: it pays once, and it is the guards that see to that."""

from contextlib import contextmanager
from uuid import uuid4

import pytest
from django.db import connection

from loyalty.members.models import Member
from loyalty.members.services.crowds import enrol_many
from loyalty.programs.models.activity import Activity
from loyalty.programs.models.kinds import ActivityKind
from loyalty.programs.models.reviews import Review
from loyalty.programs.models.sharing import Share
from loyalty.programs.models.surveys import Survey, SurveyAnswer, SurveyReply
from loyalty.programs.services import reviews, sharing, surveys
from loyalty.programs.services.reviews import approve_review, refuse_review, write_review
from loyalty.programs.services.sharing import count_visit, link_for
from loyalty.programs.services.surveys import answer_survey
from tests.factories_of_activities import (
    ActivityKindFactory,
    KindAttributeFactory,
    ReviewPolicyFactory,
    ShareItemFactory,
    SurveyQuestionFactory,
)
from tests.factories_of_programs import CapFactory
from tests.ledger.purse import violations
from tests.races.crowd import crowd, failures
from tests.till import active, do, rule
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


@pytest.fixture
def survey(guest) -> Survey:
    return SurveyQuestionFactory(survey__program=guest.program).survey


def answers(survey: Survey, guest: Member, key: str = "") -> tuple[int, int]:
    """How many answers and how many paid activities come of fifty at once."""
    replies = {survey.questions.get().pk: ["Tea"]}
    results = crowd(lambda number: answer_survey(survey, guest, replies, key=key or f"k{number}", actor="test"))
    assert failures(results) == []
    return SurveyAnswer.objects.count(), Activity.objects.filter(type="survey").count()


def test_fifty_forms_of_one_member_are_one_answer(guest, survey):
    assert (answers(survey, guest), active(guest), SurveyReply.objects.count()) == ((1, 1), 50, 1)


def test_fifty_clicks_on_one_form_are_one_answer(guest, survey):
    assert (answers(survey, guest, key="form"), active(guest)) == ((1, 1), 50)


def test_the_natural_key_pays_once_even_where_answers_double(guest, survey):
    with without_one_answer():
        found, paid = answers(survey, guest)
    assert (found > 1, paid, active(guest)) == (True, 1, 50)


def test_without_both_guards_answers_pay_many_times(guest, survey, monkeypatch):
    monkeypatch.setattr(surveys, "key_of", lambda answer: f"survey:{uuid4()}")
    with without_one_answer():
        assert answers(survey, guest)[1] > 1


@contextmanager
def without_one_answer():
    """The table without its guard; the answers go before it comes back."""
    table = "ALTER TABLE loyalty_surveyanswer"
    with connection.cursor() as cursor:
        cursor.execute(f"{table} DROP CONSTRAINT survey_answer_once")
    try:
        yield
    finally:
        SurveyAnswer.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute(f"{table} ADD CONSTRAINT survey_answer_once UNIQUE (survey_id, member_id)")


def visits(guest: Member) -> tuple[int, int]:
    """How many visits and how many paid activities come of fifty visitors of one link at once."""
    share = link_for(ShareItemFactory(program=guest.program), guest, origin="own")
    results = crowd(lambda number: count_visit(share, visitor=f"v{number}", user_id=None))
    assert failures(results) == []
    share.refresh_from_db()
    return share.visits, Activity.objects.filter(type="share").count()


def test_fifty_visitors_of_one_link_pay_once(guest):
    assert (visits(guest), active(guest)) == ((50, 1), 50)


def test_without_the_lock_visits_are_lost_and_the_key_still_pays_once(guest, monkeypatch):
    monkeypatch.setattr(
        sharing, "_locked", lambda share_id: Share.objects.select_related("item", "member__program").get(pk=share_id)
    )
    found, paid = visits(guest)
    assert (found < 50, paid, active(guest)) == (True, 1, 50)


@pytest.fixture
def film(guest) -> ActivityKind:
    rule(guest.program, "For films", trigger="film", effect="fixed", points=50)
    kind = ActivityKindFactory(program=guest.program, code="film", pays="value", pays_for="film")
    KindAttributeFactory(kind=kind, name="film", is_required=True)
    do(guest, "film", id="first", attributes={"film": "another"})  # the version of the rules is recorded
    return kind


def films(guest: Member) -> tuple[int, int]:
    """How many activities come of fifty ids for one film, and what they and the other film paid."""
    results = crowd(lambda number: do(guest, "film", id=f"film-{number}", attributes={"film": "intro"}))
    assert failures(results) == []
    return Activity.objects.filter(type="film").count(), active(guest)


def test_one_act_under_fifty_ids_pays_once(guest, film):
    assert films(guest) == (51, 100)


def test_one_act_under_fifty_ids_pays_once_where_purchases_take_turns(guest, film):
    """In a transaction each, with members locked and counters of caps."""
    CapFactory(program=guest.program, rule=None, activity_type="film", period="ever", measure="points", limit=30)
    guest.program.wallets.update(balance_cap=120)
    film.save()
    assert films(guest) == (51, 80)


def test_without_the_constraint_one_act_pays_more_than_once(guest, film):
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX activity_pays_once")
    try:
        assert films(guest)[1] > 100
    finally:
        Activity.objects.filter(type="film").update(once=None)
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE UNIQUE INDEX activity_pays_once ON loyalty_activity (member_id, type, once) WHERE once > ''"
            )
