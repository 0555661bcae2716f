from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from simple_history.models import HistoricalRecords

from loyalty.programs.models.campaigns import Campaign
from loyalty.programs.models.earning import EarningRule
from loyalty.programs.models.program import Program
from loyalty.programs.models.wallet import Wallet


class Cap(models.Model):
    """A limit to what can be earned: by whom, in which time, how much. A budget is a cap on the whole program."""

    class Scope(models.TextChoices):
        MEMBER = "member", _("each member")
        HOUSEHOLD = "household", _("each household")
        CARD = "card", _("each payment card")
        STORE = "store", _("each store")
        PROGRAM = "program", _("everybody together (a budget)")

    class Period(models.TextChoices):
        TRANSACTION = "transaction", _("per purchase or activity")
        HOUR = "hour", _("per hour")
        DAY = "day", _("per day")
        WEEK = "week", _("per week")
        MONTH = "month", _("per month")
        YEAR = "year", _("per year")
        EVER = "ever", _("ever")
        COOLDOWN = "cooldown", _("once, then a pause of minutes")

    class Measure(models.TextChoices):
        TIMES = "times", _("times")
        POINTS = "points", _("points")
        MONEY = "money", _("money value of points")

    class Mode(models.TextChoices):
        TRIM = "trim", _("gives what is left")
        REJECT = "reject", _("gives nothing when it would go over")

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="caps", verbose_name=_("program"))
    name = models.CharField(_("name"), max_length=100, blank=True, help_text=_("Empty: it is told by what it limits."))
    rule = models.ForeignKey(
        EarningRule, on_delete=models.CASCADE, null=True, blank=True, related_name="caps", verbose_name=_("rule")
    )
    campaign = models.ForeignKey(
        Campaign, on_delete=models.CASCADE, null=True, blank=True, related_name="caps", verbose_name=_("campaign")
    )
    activity_type = models.CharField(
        _("activity"), max_length=40, blank=True, help_text=_("Only this type, such as purchase. Empty: all.")
    )
    wallet = models.ForeignKey(
        Wallet,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="caps",
        verbose_name=_("wallet"),
        help_text=_("Empty: every wallet by itself; money is counted over all of them together."),
    )
    scope = models.CharField(
        _("for"), max_length=10, choices=Scope, default=Scope.MEMBER,
        help_text=_("A payment card counts where the till sends its token as the purchase’s attribute “card”."),
    )  # fmt: skip
    period = models.CharField(_("period"), max_length=12, choices=Period, default=Period.DAY)
    minutes = models.PositiveIntegerField(_("pause in minutes"), default=0, validators=[MaxValueValidator(527_040)])
    measure = models.CharField(_("counts"), max_length=8, choices=Measure, default=Measure.POINTS)
    limit = models.DecimalField(
        pgettext_lazy("the number of a cap", "at most"),
        max_digits=18,
        decimal_places=2,
        default=1,
        validators=[MinValueValidator(0)],
    )
    mode = models.CharField(_("when it is reached"), max_length=8, choices=Mode, default=Mode.TRIM)
    is_active = models.BooleanField(_("on"), default=True)
    is_archived = models.BooleanField(_("archived"), default=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("cap")
        verbose_name_plural = _("caps and budgets")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(limit__gte=0), name="cap_limit_not_negative"),
            models.CheckConstraint(condition=Q(rule__isnull=True) | Q(campaign__isnull=True), name="cap_on_one_thing"),
            models.CheckConstraint(condition=~Q(period="cooldown") | Q(minutes__gt=0), name="cap_cooldown_has_minutes"),
        ]

    def __str__(self) -> str:
        return self.name or f"{self.get_scope_display()} {self.get_period_display()}"

    def clean(self) -> None:
        """A limit in money is reached by points that are worth some."""
        if self.measure != self.Measure.MONEY:
            return
        wallets = [self.wallet] if self.wallet else Wallet.objects.filter(program=self.program_id)
        if not any(wallet.point_value for wallet in wallets):
            words = _("Its points are worth nothing yet, so this limit would never be reached. Set what one is worth.")
            raise ValidationError({"measure": words})


class CapUse(models.Model):
    """How much of a cap is used up in one scope and period; moved by the function programs_take_uses alone."""

    cap = models.ForeignKey(Cap, on_delete=models.PROTECT, related_name="uses", db_index=False, db_constraint=False)
    scope = models.CharField(max_length=80)
    period_start = models.DateTimeField()
    times = models.BigIntegerField(default=0)
    points = models.BigIntegerField(default=0)
    money = models.DecimalField(max_digits=20, decimal_places=4, default=0)
    recent = ArrayField(models.DateTimeField(), default=list, db_default=[])

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cap", "scope", "period_start"], name="cap_use_once"),
            models.CheckConstraint(condition=Q(times__gte=0) & Q(points__gte=0), name="cap_use_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.cap_id} {self.scope}"
