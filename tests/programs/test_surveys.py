"""Surveys: answered once within their time and by those they are for, paid once; answered questions stay."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from loyalty.lib import clock
from loyalty.members.errors import MemberNotActive
from loyalty.members.services.members import update_member
from loyalty.programs.errors.surveys import AlreadyAnswered, NothingAsked, SurveyClosed, UnknownSurvey, WrongAnswer
from loyalty.programs.models.activity import Activity
from loyalty.programs.models.surveys import SurveyAnswer, SurveyReply
from loyalty.programs.queries.surveys import answer_rows, summary_of
from loyalty.programs.services.surveys import answer_survey, archive_survey, copy_survey, publish_survey
from tests.factories import SegmentFactory
from tests.factories_of_activities import SurveyFactory, SurveyQuestionFactory
from tests.till import active, rule

pytestmark = pytest.mark.django_db


@pytest.fixture
def survey(world):
    rule(world.aurora, "For answers", trigger="survey", effect="fixed", points=30)
    made = SurveyFactory(program=world.aurora, code="autumn")
    SurveyQuestionFactory(survey=made, position=1)
    SurveyQuestionFactory(survey=made, position=2, kind="many", text="With what?", choices="Milk\nSugar\nLemon")
    SurveyQuestionFactory(survey=made, position=3, kind="rating", text="How good?", choices="")
    SurveyQuestionFactory(survey=made, position=4, kind="long", text="Why?", choices="", is_required=False)
    return made


def said(survey, *answers) -> dict[int, list[str]]:
    return {question.pk: list(each) for question, each in zip(survey.questions.all(), answers, strict=False)}


def whole(survey) -> dict[int, list[str]]:
    return said(survey, ["Tea"], ["Milk", "Lemon"], ["4"], ["It warms."])


def answer(survey, member, replies=None, *, key="k1", **facts) -> SurveyAnswer:
    return answer_survey(survey, member, replies or whole(survey), key=key, actor="member:1", **facts)


def test_an_answer_is_kept_and_paid_once(world, survey):
    first = answer(survey, world.ada)
    assert answer(survey, world.ada).pk == first.pk  # a double click
    with pytest.raises(AlreadyAnswered):
        answer(survey, world.ada, key="k2")
    assert active(world.ada) == 30
    activity = Activity.objects.get(type="survey")
    assert (activity.external_id, activity.attributes) == (
        f"survey:{survey.pk}:{world.ada.number}",
        {"survey": "autumn"},
    )
    assert first.activity == activity
    kept = SurveyReply.objects.order_by("question__position", "number").values_list("question__text", "value")
    assert list(kept) == [
        ("Coffee or tea?", "Tea"),
        ("With what?", "Milk"),
        ("With what?", "Lemon"),
        ("How good?", "4"),
        ("Why?", "It warms."),
    ]


def test_rules_may_ask_which_survey(world, survey):
    rule(
        world.aurora, "Other", ("activity_attribute.survey", "equals", "x"), trigger="survey", effect="fixed", points=9
    )
    answer(survey, world.ada)
    assert active(world.ada) == 30


@pytest.mark.parametrize(
    ("position", "values"),
    [
        (0, []),
        (0, ["Water"]),
        (0, ["Coffee", "Tea"]),
        (1, ["Milk", "Honey"]),
        (1, ["Milk", "Milk"]),
        (2, ["6"]),
        (2, ["  "]),
        (3, ["x" * 2001]),
        (3, ["a\u202eb"]),
    ],
)
def test_what_is_no_answer_keeps_and_pays_nothing(world, survey, position, values):
    replies = whole(survey)
    question = survey.questions.all()[position]
    replies[question.pk] = values
    with pytest.raises(WrongAnswer) as refused:
        answer(survey, world.ada, replies)
    assert refused.value.field == f"q{question.pk}"
    assert (SurveyAnswer.objects.count(), active(world.ada)) == (0, 0)


def test_what_is_not_needed_may_be_left_out_and_foreign_questions_are_ignored(world, survey):
    foreign = SurveyQuestionFactory(survey=SurveyFactory(program=world.aurora))
    answer(survey, world.ada, said(survey, ["Tea"], ["Milk"], ["1"]) | {foreign.pk: ["Tea"]})
    assert SurveyReply.objects.count() == 3


def test_within_its_time(world, survey):
    now = clock.now()
    survey.opens_at, survey.closes_at = now, now + timedelta(days=2)
    survey.save()
    for closed in (now - timedelta(seconds=1), now + timedelta(days=2)):
        with pytest.raises(SurveyClosed):
            answer(survey, world.ada, at=closed)
    answer(survey, world.ada, at=now)
    assert active(world.ada) == 30


def test_only_for_its_audience_and_only_when_published(world, survey):
    survey.audience = SegmentFactory(program=world.aurora)
    survey.save()
    with pytest.raises(UnknownSurvey):
        answer(survey, world.ada)
    survey.audience.places.create(member=world.ada)
    answer(survey, world.ada)
    for member in (world.ben, world.cleo):
        with pytest.raises(UnknownSurvey):
            answer(survey, member)
    survey.audience, survey.is_published = None, False
    survey.save()
    with pytest.raises(UnknownSurvey):
        answer(survey, world.ben)
    publish_survey(survey, actor="s")
    archive_survey(survey, actor="s")
    with pytest.raises(UnknownSurvey):
        answer(survey, world.ben)


def test_whoever_is_blocked_is_refused_as_a_whole(world, survey):
    with pytest.raises(MemberNotActive):
        answer(survey, update_member(world.ada, actor="t", status="blocked"))
    assert SurveyAnswer.objects.count() == 0


def test_nothing_is_published_that_asks_nothing(world):
    empty = SurveyFactory(program=world.aurora, is_published=False)
    with pytest.raises(NothingAsked):
        publish_survey(empty, actor="s")


def test_a_copy_is_a_draft_that_pays_for_itself(world, survey):
    answer(survey, world.ada)
    made = copy_survey(survey, actor="staff:1")
    assert (made.code, made.is_published, made.questions.count()) == ("autumn-2", False, 4)
    assert copy_survey(survey, actor="staff:1").code == "autumn-3"
    publish_survey(made, actor="s")
    answer(made, world.ada)
    assert active(world.ada) == 60


def test_the_summary_counts_every_choice(world, survey):
    answer(survey, world.ada)
    answer(survey, world.ben, said(survey, ["Tea"], ["Milk"], ["5"]))
    answers, found = summary_of(survey)
    assert answers == 2
    shown = [[(each.value, each.count, each.percent) for each in question.slices] for question in found]
    assert shown[0] == [("Coffee", 0, 0), ("Tea", 2, 100)]
    assert shown[1] == [("Milk", 2, 100), ("Sugar", 0, 0), ("Lemon", 1, 50)]
    assert shown[2] == [("1", 0, 0), ("2", 0, 0), ("3", 0, 0), ("4", 1, 50), ("5", 1, 50)]
    assert (found[2].average, found[3].replied, found[3].texts) == ("4.5", 1, ("It warms.",))


def test_the_table_has_a_row_for_each_answer(world, survey):
    answer(survey, world.ada)
    heads, rows = answer_rows(survey)
    assert heads == ["answered_at", "member", "external_id", "Coffee or tea?", "With what?", "How good?", "Why?"]
    assert [row[1:] for row in rows] == [[world.ada.number, "ada", "Tea", "Milk | Lemon", "4", "It warms."]]


def test_the_database_keeps_one_answer_and_every_question_with_replies(world, survey):
    first = answer(survey, world.ada)
    with pytest.raises(IntegrityError), transaction.atomic():
        SurveyAnswer.objects.create(survey=survey, member=world.ada, key="x", answered_at=first.answered_at)
    with pytest.raises(ProtectedError):
        survey.questions.first().delete()
