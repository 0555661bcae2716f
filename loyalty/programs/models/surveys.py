from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from loyalty.programs.models.activity import Activity
from loyalty.programs.models.program import Program


class Survey(models.Model):
    """Questions that members answer once. A draft until it is published; archived, never deleted."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="surveys", verbose_name=_("program"))
    code = models.SlugField(
        _("code"), max_length=40, help_text=_("Stands in its address; earning rules can ask for it.")
    )
    title = models.CharField(_("title"), max_length=100, help_text=_("Members read it in Ways to earn."))
    intro = models.CharField(
        _("what it is about"), max_length=500, blank=True, help_text=_("A sentence or two above the questions.")
    )
    thanks = models.CharField(
        _("thanks"), max_length=200, blank=True, help_text=_("Members read it when they have answered.")
    )
    audience = models.ForeignKey(
        "loyalty.Segment",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("only members of this list"),
        help_text=_("Empty: all members."),
    )
    opens_at = models.DateTimeField(_("opens"), null=True, blank=True, help_text=_("Empty: as soon as published."))
    closes_at = models.DateTimeField(_("closes"), null=True, blank=True, help_text=_("Empty: it stays open."))
    is_published = models.BooleanField(_("published"), default=False, editable=False)
    is_archived = models.BooleanField(_("archived"), default=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("survey")
        verbose_name_plural = _("surveys")
        ordering = ["-id"]
        permissions = [("export_survey_answers", _("Can export the answers to surveys"))]
        constraints = [
            models.UniqueConstraint(
                fields=["program", "code"],
                name="survey_code_once",
                violation_error_message=_("This code is taken already."),
            ),
            models.CheckConstraint(
                condition=Q(opens_at__isnull=True) | Q(closes_at__isnull=True) | Q(closes_at__gt=F("opens_at")),
                name="survey_closes_after_opening",
                violation_error_message=_("It closes before it opens."),
            ),
        ]

    def __str__(self) -> str:
        return self.title


class SurveyQuestion(models.Model):
    """One question; `choices` stand one in a line."""

    class Kind(models.TextChoices):
        ONE = "one", _("one choice")
        MANY = "many", _("several choices")
        RATING = "rating", _("rating from 1 to 5")
        SHORT = "short", _("short text")
        LONG = "long", _("long text")

    survey = models.ForeignKey(Survey, on_delete=models.PROTECT, related_name="questions", verbose_name=_("survey"))
    kind = models.CharField(_("kind"), max_length=6, choices=Kind, default=Kind.ONE)
    text = models.CharField(_("question"), max_length=300)
    hint = models.CharField(_("hint"), max_length=200, blank=True)
    choices = models.TextField(_("choices"), blank=True, max_length=2000, help_text=_("One in a line."))
    is_required = models.BooleanField(_("needed"), default=True)
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.text


class SurveyAnswer(models.Model):
    """A member answered, once; `key` is that of the form they sent, so that sending it twice is one answer."""

    survey = models.ForeignKey(Survey, on_delete=models.PROTECT, related_name="answers", verbose_name=_("survey"))
    member = models.ForeignKey(
        "loyalty.Member", on_delete=models.PROTECT, related_name="survey_answers", verbose_name=_("member")
    )
    key = models.CharField(max_length=40)
    answered_at = models.DateTimeField(_("answered at"))
    activity = models.ForeignKey(
        Activity, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("what it earned")
    )

    class Meta:
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["survey", "member"], name="survey_answer_once")]

    def __str__(self) -> str:
        return f"{self.survey}: {self.member}"


class SurveyReply(models.Model):
    """What an answer says to one question; several choices are several replies."""

    answer = models.ForeignKey(
        SurveyAnswer, on_delete=models.CASCADE, related_name="replies", verbose_name=_("answer"), db_index=False
    )
    question = models.ForeignKey(
        SurveyQuestion, on_delete=models.PROTECT, related_name="replies", verbose_name=_("question")
    )
    number = models.PositiveSmallIntegerField(default=0)
    value = models.TextField(_("reply"))

    class Meta:
        verbose_name = _("reply")
        verbose_name_plural = _("replies")
        ordering = ["question", "number"]
        constraints = [models.UniqueConstraint(fields=["answer", "question", "number"], name="survey_reply_once")]

    def __str__(self) -> str:
        return self.value
