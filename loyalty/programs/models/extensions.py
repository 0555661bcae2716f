from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from loyalty.lib import clock
from loyalty.programs.models.conditions import Operator, Subject
from loyalty.programs.models.program import Program
from loyalty.programs.models.wallet import Wallet


class Extension(models.Model):
    """Members of an audience keep points of a wallet longer: by months, or until a day. The longest wins."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+", verbose_name=_("program"))
    name = models.CharField(_("name"), max_length=100, help_text=_("Members read it with the points that last longer."))
    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, related_name="+", verbose_name=_("wallet"))
    is_on = models.BooleanField(_("on"), default=True)
    months = models.PositiveSmallIntegerField(
        _("months longer"), default=0, validators=[MaxValueValidator(240)], help_text=_("Either so many months more …")
    )
    until = models.DateField(_("until a day"), null=True, blank=True, help_text=_("… or at least until this day."))
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("longer life of points")
        verbose_name_plural = _("longer life of points")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["program", "name"], name="extension_name_once"),
            models.CheckConstraint(
                condition=Q(months=0, until__isnull=False) | Q(months__gt=0, until__isnull=True),
                name="extension_by_months_or_until",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """One of the two."""
        if bool(self.months) == (self.until is not None):
            raise ValidationError({"months": _("Say by how many months, or until which day.")})


class ExtensionCondition(models.Model):
    """One “if” of an extension’s audience; all must hold."""

    extension = models.ForeignKey(
        Extension, on_delete=models.CASCADE, related_name="extension_audience", verbose_name=_("longer life of points")
    )
    subject = models.CharField(_("what"), max_length=20, choices=Subject)
    name = models.CharField(_("attribute"), max_length=60, blank=True, help_text=_("For attributes: which one."))
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


class ExtensionRun(models.Model):
    """Points that members of the audience have already, given the longer life too; worked off slice by slice."""

    extension = models.ForeignKey(Extension, on_delete=models.PROTECT, related_name="runs")
    after = models.BigIntegerField(default=0)  # the last member who had their turn
    members = models.PositiveIntegerField(_("members"), default=0)
    lots = models.PositiveIntegerField(_("lots"), default=0)
    points = models.BigIntegerField(_("points"), default=0)
    actor = models.CharField(_("by"), max_length=80)
    asked_at = models.DateTimeField(_("asked for at"), default=clock.now)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        verbose_name = _("run over points there are")
        verbose_name_plural = _("runs over points there are")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["extension"], name="extension_one_run_at_a_time", condition=Q(finished_at=None)
            )
        ]

    def __str__(self) -> str:
        return str(self.extension)
