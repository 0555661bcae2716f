from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from loyalty.programs.models.campaigns import Campaign
from loyalty.programs.models.conditions import Operator, Subject
from loyalty.programs.models.program import Program
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.rules.earning import CALENDAR


class EarningRule(models.Model):
    """What an activity earns in one wallet."""

    class Effect(models.TextChoices):
        RATE = "rate", _("points per amount")
        FIXED = "fixed", _("fixed points per activity")
        FIXED_PER_UNIT = "fixed_per_unit", _("fixed points per item")
        MULTIPLIER = "multiplier", _("multiplies what other rules give")

    class Basis(models.TextChoices):
        BASKET = "basket", _("the whole basket")
        LINES = "lines", _("the matching lines")

    class Rounding(models.TextChoices):
        DOWN = "down", _("down")
        HALF_UP = "half_up", _("to the nearest")
        UP = "up", _("up")

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="rules", verbose_name=_("program"))
    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, related_name="rules", verbose_name=_("wallet"))
    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, null=True, blank=True, related_name="rules", verbose_name=_("campaign"),
        help_text=_("Its time and audience then hold for this rule too."),
    )  # fmt: skip
    name = models.CharField(_("name"), max_length=100, help_text=_("Members read it in their statement."))
    trigger = models.CharField(
        _("activity"),
        max_length=40,
        default="purchase",
        help_text=_("purchase, review, visit, or any type your shop sends."),
    )
    effect = models.CharField(_("gives"), max_length=16, choices=Effect, default=Effect.RATE)
    points = models.DecimalField(
        _("points"), max_digits=12, decimal_places=4, default=1, validators=[MinValueValidator(0)],
        help_text=_("0 per amount on matching lines excludes those products."),
    )  # fmt: skip
    per_amount = models.DecimalField(
        _("per amount"), max_digits=12, decimal_places=2, default=1, validators=[MinValueValidator(Decimal("0.01"))]
    )
    whole_steps = models.BooleanField(
        _("whole steps only"), default=False, help_text=_("7.00 at 10 points per 2.00 gives 30, not 35.")
    )
    factor = models.DecimalField(
        _("multiplier"),
        max_digits=8,
        decimal_places=4,
        default=1,
        validators=[MinValueValidator(0), MaxValueValidator(1000)],
    )
    basis = models.CharField(_("counted on"), max_length=8, choices=Basis, default=Basis.BASKET)
    with_tax = models.BooleanField(_("tax counts"), default=True)
    with_shipping = models.BooleanField(_("shipping counts"), default=False)
    with_discounted = models.BooleanField(_("discounted lines count"), default=True)
    rounding = models.CharField(_("rounded"), max_length=8, choices=Rounding, default=Rounding.DOWN)
    is_stackable = models.BooleanField(_("adds up with others"), default=True)
    priority = models.SmallIntegerField(_("priority"), default=0, help_text=_("Higher goes first."))
    starts_at = models.DateTimeField(_("from"), null=True, blank=True)
    ends_at = models.DateTimeField(
        _("until"), null=True, blank=True, help_text=_("From this instant on the rule is over.")
    )
    is_active = models.BooleanField(_("on"), default=True)
    is_shadow = models.BooleanField(
        _("shadow"), default=False, help_text=_("Runs on live purchases and is logged, but pays nothing.")
    )
    is_archived = models.BooleanField(_("archived"), default=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("earning rule")
        verbose_name_plural = _("earning rules")
        ordering = ["-priority", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(points__gte=0), name="rule_points_not_negative"),
            models.CheckConstraint(condition=Q(per_amount__gt=0), name="rule_amount_positive"),
            models.CheckConstraint(condition=Q(factor__gte=0), name="rule_factor_not_negative"),
            models.CheckConstraint(
                condition=Q(starts_at__isnull=True) | Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="rule_ends_after_start",
            ),
            models.CheckConstraint(
                condition=(Q(starts_at__isnull=True) | Q(starts_at__range=CALENDAR))
                & (Q(ends_at__isnull=True) | Q(ends_at__range=CALENDAR)),
                name="rule_within_calendar",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RuleCondition(models.Model):
    """One “if” of an earning rule; all of a rule’s conditions must hold."""

    rule = models.ForeignKey(EarningRule, on_delete=models.CASCADE, related_name="conditions", verbose_name=_("rule"))
    subject = models.CharField(_("what"), max_length=20, choices=Subject)
    name = models.CharField(
        _("attribute"),
        max_length=60,
        blank=True,
        help_text=_("For attributes: which one. For what happened in the last days: how many days."),
    )
    operator = models.CharField(_("how"), max_length=12, choices=Operator, default=Operator.EQUALS)
    value = models.CharField(
        _("value"),
        max_length=500,
        blank=True,
        help_text=_("Several values: separate them by commas. Hours: 07:00-11:00."),
    )
    position = models.PositiveSmallIntegerField(default=0)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("condition")
        verbose_name_plural = _("conditions")
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return f"{self.get_subject_display()} {self.get_operator_display()} {self.value}"
