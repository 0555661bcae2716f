from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from loyalty.lib import clock
from loyalty.programs.models.program import Program


class Survey(models.Model):
    """Questions to members, answered once by each."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="surveys", verbose_name=_("program"))
    code = models.SlugField(_("code"), max_length=40, help_text=_("Part of its address."))
    title = models.CharField(_("title"), max_length=100)
    intro = models.TextField(_("what it is about"), max_length=1000, blank=True)
    is_published = models.BooleanField(_("published"), default=False, help_text=_("Members see it from now on."))
    starts_at = models.DateTimeField(_("from"), null=True, blank=True)
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)
    is_archived = models.BooleanField(_("archived"), default=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("survey")
        verbose_name_plural = _("surveys")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["program", "code"],
                name="survey_code_once",
                violation_error_message=_("This code is taken already."),
            ),
            models.CheckConstraint(
                condition=Q(starts_at__isnull=True) | Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="survey_ends_after_start",
                violation_error_message=_("The end lies before the beginning."),
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Question(models.Model):
    """One question of a survey."""

    class Form(models.TextChoices):
        TEXT = "text", _("free text")
        CHOICE = "choice", _("one of several")
        SCALE = "scale", _("a scale from 1")

    survey = models.ForeignKey(Survey, on_delete=models.CASCADE, related_name="questions", verbose_name=_("survey"))
    text = models.CharField(_("question"), max_length=200)
    form = models.CharField(_("answered by"), max_length=6, choices=Form, default=Form.TEXT)
    choices = models.CharField(
        _("to choose from"), max_length=1000, blank=True, help_text=_("Separated by semicolons, at least two.")
    )
    highest = models.PositiveSmallIntegerField(
        _("up to"),
        default=5,
        validators=[MinValueValidator(2), MaxValueValidator(10)],
        help_text=_("The highest number of a scale."),
    )
    is_required = models.BooleanField(_("needed"), default=True)
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.text


class SurveyResponse(models.Model):
    """That a member answered a survey; once."""

    survey = models.ForeignKey(Survey, on_delete=models.PROTECT, related_name="responses", verbose_name=_("survey"))
    member = models.ForeignKey(
        "loyalty.Member", on_delete=models.PROTECT, related_name="survey_responses", verbose_name=_("member")
    )
    at = models.DateTimeField(_("answered at"), default=clock.now)

    class Meta:
        verbose_name = _("response")
        verbose_name_plural = _("responses")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["survey", "member"], name="survey_answered_once")]

    def __str__(self) -> str:
        return f"{self.survey}: {self.member_id}"


class Answer(models.Model):
    """What a member answered to one question, as they saw it."""

    response = models.ForeignKey(
        SurveyResponse, on_delete=models.CASCADE, related_name="answers", verbose_name=_("response")
    )
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="answers", verbose_name=_("question"))
    value = models.TextField(_("answer"), max_length=4000)

    class Meta:
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        constraints = [models.UniqueConstraint(fields=["response", "question"], name="question_answered_once")]

    def __str__(self) -> str:
        return self.value
