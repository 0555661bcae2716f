"""Surveys: for members, what is open to them; for staff, what was answered."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Q, QuerySet

from loyalty.members.models import Member, SegmentMember
from loyalty.programs.errors.surveys import UnknownSurvey
from loyalty.programs.models.surveys import Survey, SurveyAnswer, SurveyQuestion, SurveyReply
from loyalty.programs.rules.surveys import RATING, RATINGS, WRITING, Question, average, choices_in, percent

LATEST = 10  # texts that a summary shows of each question
MANY = " | "  # between several choices in one cell


@dataclass(frozen=True, slots=True)
class Slice:
    """One choice in a summary: how often it was taken, and in per cent of those who replied to the question."""

    value: str
    count: int
    percent: int


@dataclass(frozen=True, slots=True)
class Summary:
    """What was said to one question: counted, or for texts the latest. `average` of ratings, such as “4.2”."""

    question: SurveyQuestion
    replied: int
    slices: tuple[Slice, ...] = ()
    average: str = ""
    texts: tuple[str, ...] = ()


def rule_of_question(question: SurveyQuestion) -> Question:
    """The question as the pure rules know it."""
    return Question(question.kind, question.text, choices_in(question.choices), question.is_required)


def questions_of(survey: Survey) -> list[SurveyQuestion]:
    """In order."""
    return list(survey.questions.order_by("position", "pk"))


def state_of(survey: Survey, at: datetime) -> str:
    """archived, draft, planned, open or closed."""
    if survey.is_archived:
        return "archived"
    if not survey.is_published:
        return "draft"
    if survey.opens_at and at < survey.opens_at:
        return "planned"
    return "closed" if survey.closes_at and at >= survey.closes_at else "open"


def surveys_for(member: Member) -> list[Survey]:
    """What is published for this member: open, planned and closed."""
    return list(_for(member).order_by(F("closes_at").asc(nulls_last=True), "pk"))


def survey_for(member: Member, code: str) -> Survey:
    """One of them by its code. Raises UnknownSurvey."""
    found = _for(member).filter(code=code).first()
    if found is None:
        raise UnknownSurvey
    return found


def _for(member: Member) -> QuerySet[Survey]:
    lists = SegmentMember.objects.filter(member=member, segment__is_archived=False).values("segment")
    mine = Q(audience=None) | Q(audience__in=lists)
    return Survey.objects.filter(mine, program_id=member.program_id, is_published=True, is_archived=False)


def answered_by(member: Member) -> dict[int, datetime]:
    """Which surveys the member has answered, and when."""
    return dict(SurveyAnswer.objects.filter(member=member).values_list("survey_id", "answered_at"))


def answer_of(survey: Survey, member: Member) -> SurveyAnswer | None:
    """The member's answer, with what it earned."""
    return SurveyAnswer.objects.select_related("activity").filter(survey=survey, member=member).first()


def has_answers(survey: Survey) -> bool:
    return SurveyAnswer.objects.filter(survey=survey).exists()


def hold_questions(survey: Survey) -> bool:
    """Whether there are answers; until the caller's transaction ends nobody answers."""
    Survey.objects.select_for_update().get(pk=survey.pk)
    return has_answers(survey)


def summary_of(survey: Survey) -> tuple[int, list[Summary]]:
    """How many answered, and what was said to each question."""
    counted = SurveyReply.objects.filter(question__survey=survey)
    replied = dict(counted.values_list("question").annotate(count=Count("answer", distinct=True)).order_by())
    chosen = counted.exclude(question__kind__in=WRITING).values_list("question", "value").annotate(count=Count("pk"))
    counts = {(question, value): count for question, value, count in chosen.order_by()}
    answers = SurveyAnswer.objects.filter(survey=survey).count()
    return answers, [_summed(each, replied.get(each.pk, 0), counts) for each in questions_of(survey)]


def _summed(question: SurveyQuestion, replied: int, counts: dict[tuple[int, str], int]) -> Summary:
    if question.kind in WRITING:
        texts = SurveyReply.objects.filter(question=question).order_by("-pk").values_list("value", flat=True)
        return Summary(question, replied, texts=tuple(texts[:LATEST]))
    values = RATINGS if question.kind == RATING else choices_in(question.choices)
    found = [counts.get((question.pk, value), 0) for value in values]
    slices = [Slice(value, n, percent(n, replied)) for value, n in zip(values, found, strict=True)]
    mean = average(found) if question.kind == RATING else ""
    return Summary(question, replied, tuple(slices), average=mean)


def answer_rows(survey: Survey) -> tuple[list[str], Iterator[list[Any]]]:
    """The answers as a table: heads, and a row for each; instants with the offset of the program's zone."""
    questions, zone = questions_of(survey), ZoneInfo(survey.program.time_zone)
    heads = ["answered_at", "member", "external_id", *(each.text for each in questions)]
    found = SurveyAnswer.objects.filter(survey=survey).select_related("member").prefetch_related("replies")
    return heads, (_row(each, questions, zone) for each in found.order_by("pk").iterator(chunk_size=2000))


def _row(answer: SurveyAnswer, questions: list[SurveyQuestion], zone: ZoneInfo) -> list[Any]:
    said: dict[int, list[str]] = {}
    for reply in sorted(answer.replies.all(), key=lambda reply: reply.number):
        said.setdefault(reply.question_id, []).append(reply.value)
    at = answer.answered_at.astimezone(zone).isoformat(timespec="seconds")
    member = answer.member
    return [at, member.number, member.external_id or "", *(MANY.join(said.get(each.pk, [])) for each in questions)]


def data_of(member: Member) -> list[dict[str, Any]]:
    """What is kept of the member's answers, as plain values."""
    found = SurveyAnswer.objects.filter(member=member).select_related("survey").prefetch_related("replies__question")
    return [
        {
            "survey": answer.survey.title,
            "answered_at": answer.answered_at,
            "replies": [{"question": reply.question.text, "reply": reply.value} for reply in answer.replies.all()],
        }
        for answer in found.order_by("pk")
    ]
