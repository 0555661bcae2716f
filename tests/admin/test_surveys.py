"""Surveys as marketing builds them: preview, publishing, what may still change, the summary and its files."""

import pytest

from loyalty.programs.models.surveys import Survey
from loyalty.programs.services.surveys import answer_survey
from tests.admin.pages import page_of
from tests.factories_of_activities import SurveyFactory, SurveyQuestionFactory
from tests.till import rule

pytestmark = pytest.mark.django_db
FACTS = {"title": "What do you drink?", "code": "drinks", "intro": "", "thanks": ""}


def form(*rows, old=0, **facts) -> dict:
    """A filled-in form; each row is one question."""
    told = FACTS | facts | {"questions-TOTAL_FORMS": len(rows), "questions-INITIAL_FORMS": old}
    for number, row in enumerate(rows):
        usual = {"position": number, "kind": "one", "text": "Coffee or tea?", "choices": "Coffee\nTea", "hint": ""}
        told |= {f"questions-{number}-{name}": value for name, value in (usual | row).items()}
    return told


def said(answer) -> str:
    return " ".join(answer.content.decode().split())


@pytest.fixture
def survey(world):
    made = SurveyFactory(program=world.aurora, code="drinks", title="What do you drink?", is_published=False)
    SurveyQuestionFactory(survey=made)
    return made


@pytest.fixture
def answered(world, survey):
    Survey.objects.filter(pk=survey.pk).update(is_published=True)
    survey.refresh_from_db()
    SurveyQuestionFactory(survey=survey, kind="short", text="Why?", choices="", is_required=False, position=1)
    first, second = survey.questions.all()
    replies = {first.pk: ["Tea"], second.pk: ["=cmd|' /C calc'!A0"]}
    answer_survey(survey, world.ada, replies, key="k", actor="m")
    return survey


def test_built_and_published(staff, world):
    rule(world.aurora, "For answers", trigger="survey", effect="fixed", points=30)
    browser = staff("campaign_manager")
    rows = ({}, {"kind": "rating", "text": "How good?", "choices": ""})
    assert browser.post(page_of("survey_add"), form(*rows)).status_code == 302
    survey = Survey.objects.get()
    assert (survey.program, survey.is_published, survey.history.count()) == (world.aurora, False, 1)
    assert list(survey.questions.values_list("kind", "choices")) == [("one", "Coffee\nTea"), ("rating", "")]
    preview = said(browser.get(page_of("survey_preview", survey.pk)))
    assert "Nothing can be sent from here" in preview
    assert 'type="button" disabled' in preview
    asked = said(browser.get(page_of("survey_publish", survey.pk)))
    assert "It asks 2 questions." in asked
    assert "2 members can answer it." in asked
    assert "You earn 30 points" in asked
    browser.post(page_of("survey_publish", survey.pk))
    survey.refresh_from_db()
    assert survey.is_published


def test_without_questions_it_stays_a_draft(staff, world):
    empty = SurveyFactory(program=world.aurora, is_published=False)
    answer = staff("campaign_manager").post(page_of("survey_publish", empty.pk), follow=True)
    assert "Add at least one question before you publish." in said(answer)
    assert not Survey.objects.get().is_published


@pytest.mark.parametrize("kind", ["rating", "short", "long"])
def test_questions_that_are_not_chosen_from_have_no_choices(staff, world, kind):
    browser = staff("campaign_manager")
    answer = browser.post(page_of("survey_add"), form({"kind": kind, "text": "How good?", "choices": "Tea\nCoffee"}))
    assert "This kind of question has no choices. Take them out, or change the kind." in said(answer)
    assert Survey.objects.count() == 0
    assert (
        browser.post(page_of("survey_add"), form({"kind": kind, "text": "How good?", "choices": " "})).status_code
        == 302
    )


@pytest.mark.parametrize("choices", ["", "Tea", "Tea\nTea", "\n".join(map(str, range(31)))])
def test_choices_are_between_two_and_thirty(staff, world, choices):
    answer = staff("campaign_manager").post(page_of("survey_add"), form({"choices": choices}))
    assert "Give between 2 and 30 choices" in said(answer)
    assert Survey.objects.count() == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"text": "Tea or coffee?"}, "Copy the survey to ask it in other words."),
        ({"kind": "many"}, "Copy the survey to ask it in another way."),
        ({"choices": "Coffee\nGreen tea"}, "Choices can be added; for others, copy the survey."),
        ({"DELETE": "on"}, "would require deleting the following protected related objects"),
    ],
)
def test_answered_questions_stay_what_they_were(staff, answered, change, words):
    first, second = answered.questions.all()
    rows = (
        {"id": first.pk, "survey": answered.pk, **change},
        {"id": second.pk, "survey": answered.pk, "kind": "short", "text": "Why?", "choices": ""},
    )
    answer = staff("campaign_manager").post(page_of("survey_change", answered.pk), form(*rows, old=2))
    assert answer.status_code == 200
    assert words in said(answer)
    assert answered.questions.get(pk=first.pk).text == "Coffee or tea?"


def test_order_hints_choices_and_questions_may_be_added(staff, answered):
    first, second = answered.questions.all()
    rows = (
        {"id": first.pk, "survey": answered.pk, "position": 5, "hint": "One.", "choices": "Coffee\nTea\nWater"},
        {"id": second.pk, "survey": answered.pk, "kind": "short", "text": "Why?", "choices": ""},
        {"text": "How often?", "choices": "Daily\nRarely"},
    )
    answer = staff("campaign_manager").post(page_of("survey_change", answered.pk), form(*rows, old=2))
    assert answer.status_code == 302
    first.refresh_from_db()
    assert (first.position, first.hint, first.choices) == (5, "One.", "Coffee\nTea\nWater")
    assert answered.questions.count() == 3


def test_the_summary_has_bars_and_a_table(staff, answered):
    page = said(staff("viewer").get(page_of("survey_summary", answered.pk)))
    assert "1 answer" in page
    assert '<progress class="l-progress" max="100" value="100">' in page
    assert '<th scope="row">Tea</th><td class="l-num">1</td><td class="l-num">100 %</td>' in page
    assert "=cmd" in page
    assert "Export CSV" not in page


def test_files_hold_no_formula(staff, world, answered):
    browser = staff("campaign_manager")
    assert "Export CSV" in said(browser.get(page_of("survey_summary", answered.pk)))
    text = b"".join(browser.get(page_of("survey_answers-csv", answered.pk)).streaming_content).decode()
    assert text.splitlines()[0].endswith("answered_at,member,external_id,Coffee or tea?,Why?")
    assert text.splitlines()[1].endswith(f",{world.ada.number},ada,Tea,'=cmd|' /C calc'!A0")
    book = browser.get(page_of("survey_answers-xlsx", answered.pk))
    assert (book.status_code, book.content[:2]) == (200, b"PK")


def test_copying_and_archiving_are_asked_first(staff, answered):
    browser = staff("campaign_manager")
    assert "no answers" in said(browser.get(page_of("survey_duplicate", answered.pk)))
    browser.post(page_of("survey_duplicate", answered.pk))
    assert "what they earned, stay" in said(browser.get(page_of("survey_archive", answered.pk)))
    browser.post(page_of("survey_archive", answered.pk))
    found = Survey.objects.order_by("pk").values_list("code", "is_published", "is_archived")
    assert list(found) == [("drinks", True, True), ("drinks-2", False, False)]


def test_what_is_no_part_of_the_draft_says_so(staff, world, survey):
    world.aurora.publishing = "four_eyes"
    world.aurora.save()
    told = said(staff("campaign_manager").get(page_of("survey_change", survey.pk)))
    assert "is no part of the draft: it takes effect at once" in told
