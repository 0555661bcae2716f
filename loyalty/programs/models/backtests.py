from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from loyalty.lib import clock
from loyalty.programs.models.program import Program


class Backtest(models.Model):
    """A configuration tried on what members really did in the last months; it moves no points."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting for its turn")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="backtests", verbose_name=_("program"))
    title = models.CharField(_("what is tried"), max_length=120)
    document = models.JSONField(_("configuration"))
    places = models.JSONField(default=dict, editable=False)
    months = models.PositiveSmallIntegerField(
        _("months"), default=12, validators=[MinValueValidator(1), MaxValueValidator(60)]
    )
    budget = models.DecimalField(
        _("budget"), max_digits=14, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.WAITING)
    total_rows = models.PositiveIntegerField(_("activities"), default=0)
    done_rows = models.PositiveIntegerField(_("activities done"), default=0)
    report = models.JSONField(_("report"), default=dict, blank=True)
    asked_by = models.ForeignKey(
        "loyalty.User", on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("asked by")
    )
    created_at = models.DateTimeField(_("asked at"), default=clock.now)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        verbose_name = _("backtest")
        verbose_name_plural = _("backtests")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.title
