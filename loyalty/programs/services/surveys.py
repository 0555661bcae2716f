"""Surveys as staff build them, and members answering: once, paid once."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import IntegrityError, connection, transaction

from loyalty.lib import clock
from loyalty.lib.text import is_legible
from loyalty.members.models import Member
from loyalty.members.services.rows import sign
from loyalty.programs.errors.surveys import AlreadyAnswered, NothingAsked, SurveyClosed, WrongAnswer
from loyalty.programs.models.surveys import Survey, SurveyAnswer, SurveyQuestion, SurveyReply
from loyalty.programs.queries.occasions import of_laurel
from loyalty.programs.queries.surveys import answer_of, questions_of, rule_of_question, state_of, survey_for
from loyalty.programs.rules.surveys import fault_in
from loyalty.programs.rules.wording.surveys import message_for_answer
from loyalty.programs.services.occasions import record_once
from loyalty.programs.services.transactions import in_transaction

# Questions stay as they are while somebody answers; who edits them waits, and then sees that there is an answer.
HOLD = "SELECT 1 FROM loyalty_survey WHERE id = %s FOR KEY SHARE"


def answer_survey(
    survey: Survey,
    member: Member,
    replies: Mapping[int, Sequence[str]],
    *,
    key: str,
    actor: str,
    at: datetime | None = None,
) -> SurveyAnswer:
    """The member's answer: by question what was said, several choices in order. It pays once, as type `survey`.

    The same `key` again answers as the first time. Raises UnknownSurvey, SurveyClosed, AlreadyAnswered, WrongAnswer
    (nothing is kept), MemberNotActive, ProgramClosed.
    """
    return in_transaction(lambda: _answer(survey, member, replies, key, actor, at or clock.now()))


def _answer(
    survey: Survey, member: Member, replies: Mapping[int, Sequence[str]], key: str, actor: str, at: datetime
) -> SurveyAnswer:
    with connection.cursor() as cursor:
        cursor.execute(HOLD, [survey.pk])
    if known := answer_of(survey, member):
        return _known(known, key)
    fresh = survey_for(member, survey.code)
    if state_of(fresh, at) != "open":
        raise SurveyClosed
    said = _sound(questions_of(fresh), replies)
    try:
        with transaction.atomic():
            answer = SurveyAnswer.objects.create(survey=fresh, member=member, key=key, answered_at=at)
    except IntegrityError:  # by another click, this very moment
        return _answer(survey, member, replies, key, actor, at)
    SurveyReply.objects.bulk_create(
        SurveyReply(answer=answer, question_id=question_id, number=number, value=value)
        for question_id, values in said.items()
        for number, value in enumerate(values)
    )
    _pay(answer, actor)
    return answer


def key_of(answer: SurveyAnswer) -> str:
    """What an answer is known by among the activities, for ever."""
    return f"survey:{answer.survey_id}:{answer.member.number}"


def _pay(answer: SurveyAnswer, actor: str) -> None:
    key, told = key_of(answer), {"survey": answer.survey.code}
    record_once(answer.member, "survey", key, at=answer.answered_at, attributes=told, actor=actor)
    answer.activity = of_laurel(answer.member.program).filter(external_id=key).first()
    answer.save(update_fields=["activity"])


def _known(answer: SurveyAnswer, key: str) -> SurveyAnswer:
    if answer.key != key:
        raise AlreadyAnswered
    return answer


def _sound(questions: Sequence[SurveyQuestion], replies: Mapping[int, Sequence[str]]) -> dict[int, list[str]]:
    said = {}
    for question in questions:
        values = [text for value in replies.get(question.pk, ()) if (text := value.strip())]
        fault = fault_in(rule_of_question(question), values)
        if not fault and not all(is_legible(line) for value in values for line in value.splitlines()):
            fault = "illegible"
        if fault:
            raise WrongAnswer(message_for_answer(fault, question.kind), field=f"q{question.pk}")
        said[question.pk] = values
    return said


@transaction.atomic
def save_survey(survey: Survey, *, actor: str) -> Survey:
    """A survey as it is now, without its questions."""
    sign(survey, actor).save()
    return survey


@transaction.atomic
def publish_survey(survey: Survey, *, actor: str) -> Survey:
    """Show it to members, within its time. Harmless twice. Raises NothingAsked."""
    fresh = Survey.objects.select_for_update(no_key=True).get(pk=survey.pk)
    if not fresh.questions.exists():
        raise NothingAsked
    if not fresh.is_published:
        fresh.is_published = True
        save_survey(fresh, actor=actor)
    return fresh


@transaction.atomic
def archive_survey(survey: Survey, *, is_archived: bool = True, actor: str) -> Survey:
    """Out of use, or back into it; answers and what they paid stay. Harmless twice."""
    fresh = Survey.objects.select_for_update(no_key=True).get(pk=survey.pk)
    if fresh.is_archived != is_archived:
        fresh.is_archived = is_archived
        save_survey(fresh, actor=actor)
    return fresh


@transaction.atomic
def copy_survey(survey: Survey, *, actor: str) -> Survey:
    """A draft with the same questions, for asking again or otherwise."""
    taken = set(Survey.objects.filter(program=survey.program).values_list("code", flat=True))
    code = next(code for number in range(2, 10_000) if (code := f"{survey.code[:34]}-{number}") not in taken)
    questions = questions_of(survey)
    made = Survey(
        program=survey.program, code=code, title=survey.title, intro=survey.intro, thanks=survey.thanks,
        audience=survey.audience,
    )  # fmt: skip
    save_survey(made, actor=actor)
    for question in questions:
        question.pk, question.survey = None, made
        sign(question, actor).save(force_insert=True)
    return made
