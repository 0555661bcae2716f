from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from loyalty.programs.models.conditions import Operator, Subject
from loyalty.programs.models.program import Program
from loyalty.programs.rules.earning import CALENDAR


class Campaign(models.Model):
    """Rules that run together for a time, for an audience, within a budget."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="campaigns", verbose_name=_("program"))
    code = models.SlugField(_("code"), max_length=40)
    name = models.CharField(_("name"), max_length=100, help_text=_("What members read."))
    description = models.TextField(_("what it is about"), blank=True, help_text=_("Members read it in Ways to earn."))
    starts_at = models.DateTimeField(_("from"), null=True, blank=True)
    ends_at = models.DateTimeField(
        _("until"), null=True, blank=True, help_text=_("From this instant on the campaign is over.")
    )
    is_active = models.BooleanField(_("on"), default=True)
    is_archived = models.BooleanField(_("archived"), default=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        ordering = ["starts_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["program", "code"], name="campaign_code_once"),
            models.CheckConstraint(
                condition=Q(starts_at__isnull=True) | Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="campaign_ends_after_start",
            ),
            models.CheckConstraint(
                condition=(Q(starts_at__isnull=True) | Q(starts_at__range=CALENDAR))
                & (Q(ends_at__isnull=True) | Q(ends_at__range=CALENDAR)),
                name="campaign_within_calendar",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class AudienceCondition(models.Model):
    """One “if” of a campaign’s audience; all must hold."""

    campaign = models.ForeignKey(
        Campaign, on_delete=models.CASCADE, related_name="audience", verbose_name=_("campaign")
    )
    subject = models.CharField(_("what"), max_length=20, choices=Subject)
    name = models.CharField(
        _("attribute"),
        max_length=60,
        blank=True,
        help_text=_("For attributes: which one. For what happened in the last days: how many days."),
    )
    operator = models.CharField(_("how"), max_length=12, choices=Operator, default=Operator.EQUALS)
    value = models.CharField(
        _("value"), max_length=500, blank=True, help_text=_("Several values: separate them by commas.")
    )
    position = models.PositiveSmallIntegerField(default=0)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("condition")
        verbose_name_plural = _("audience")
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return f"{self.get_subject_display()} {self.get_operator_display()} {self.value}"
