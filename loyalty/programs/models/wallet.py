from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from loyalty.programs.models.program import Program
from loyalty.programs.rules.shapes import (
    validate_month_day,
)


class Wallet(models.Model):
    """A kind of unit in a program, and the rules by which it lives."""

    class Expiry(models.TextChoices):
        NEVER = "never", _("never")
        ROLLING = "rolling", _("some months after earning")
        CALENDAR = "calendar", _("on fixed dates")
        SLIDING = "sliding", _("after some months without activity")

    class Rounding(models.TextChoices):
        NONE = "none", _("to the day")
        MONTH = "month", _("end of the month")
        QUARTER = "quarter", _("end of the quarter")
        HALF_YEAR = "half_year", _("end of the half-year")
        YEAR = "year", _("end of the year")

    class Activation(models.TextChoices):
        IMMEDIATE = "immediate", _("at once")
        AFTER_DAYS = "after_days", _("some days after earning")
        AFTER_MONTHS = "after_months", _("some months after earning")
        FIXED_DATES = "fixed_dates", _("on fixed dates")
        ON_CONFIRMATION = "on_confirmation", _("when confirmed")

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="wallets", verbose_name=_("program"))
    code = models.SlugField(_("code"), max_length=40, help_text=_("How tills and shops name this wallet."))
    name = models.CharField(_("name"), max_length=80)
    unit_one = models.CharField(_("one unit"), max_length=40, default="point", help_text=_("For example star."))
    unit_many = models.CharField(_("many units"), max_length=40, default="points", help_text=_("For example stars."))
    unit_few = models.CharField(
        _("some units"),
        max_length=40,
        blank=True,
        help_text=_("Only in languages with a third form, such as Polish and Russian: 2 punkty, 2 балла."),
    )
    is_spendable = models.BooleanField(_("spendable"), default=True)
    is_qualifying = models.BooleanField(_("counts for tiers"), default=False)
    point_value = models.DecimalField(
        _("money value of one unit"),
        max_digits=12,
        decimal_places=6,
        default=0,
        validators=[MinValueValidator(0)],
        help_text=_("What one unit costs you when it is redeemed; the liability is counted with it."),
    )
    by_hand_limit = models.PositiveIntegerField(
        _("most in one act"),
        default=10_000,
        help_text=_("Adjusting by hand gives or takes at most so many at once; finance may do more."),
    )
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    expiry = models.CharField(_("points expire"), max_length=10, choices=Expiry, default=Expiry.NEVER)
    expiry_months = models.PositiveSmallIntegerField(_("months"), default=12, validators=[MaxValueValidator(240)])
    expiry_rounding = models.CharField(_("rounded to"), max_length=10, choices=Rounding, default=Rounding.NONE)
    expiry_dates = ArrayField(
        models.CharField(max_length=5, validators=[validate_month_day]),
        verbose_name=_("expiry dates"),
        default=list,
        blank=True,
        help_text=_("Month-day, such as 12-31; points expire at the end of that day."),
    )
    expiry_min_months = models.PositiveSmallIntegerField(
        _("but not before so many months"), default=0, validators=[MaxValueValidator(60)]
    )
    sliding_activities = ArrayField(
        models.CharField(max_length=40),
        verbose_name=_("activities that keep points alive"),
        default=list,
        blank=True,
        help_text=_("Types such as purchase, review. Empty: every activity."),
    )
    activation = models.CharField(
        _("points can be spent"), max_length=16, choices=Activation, default=Activation.IMMEDIATE
    )
    activation_count = models.PositiveSmallIntegerField(
        _("days or months"), default=0, validators=[MaxValueValidator(730)]
    )
    activation_dates = ArrayField(
        models.CharField(max_length=5, validators=[validate_month_day]),
        verbose_name=_("activation dates"),
        default=list,
        blank=True,
    )
    cancel_after_days = models.PositiveSmallIntegerField(
        _("cancel when not confirmed within days"), default=30, validators=[MaxValueValidator(730)]
    )
    balance_cap = models.PositiveBigIntegerField(
        _("a member holds at most"),
        null=True,
        blank=True,
        help_text=_("What would go over is not given. Empty: no limit."),
    )
    is_archived = models.BooleanField(_("archived"), default=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("wallet")
        verbose_name_plural = _("wallets")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["program", "code"], name="wallet_code_once"),
            models.CheckConstraint(condition=Q(point_value__gte=0), name="wallet_value_not_negative"),
            models.CheckConstraint(
                condition=~Q(expiry="calendar") | ~Q(expiry_dates=[]), name="wallet_calendar_has_dates"
            ),
            models.CheckConstraint(
                condition=~Q(activation="fixed_dates") | ~Q(activation_dates=[]),
                name="wallet_activation_has_dates",
            ),
        ]

    def __str__(self) -> str:
        return self.name


def ensure_spendable(row: models.Model, name: str, words: str) -> None:
    """Raises ValidationError with `words` where the wallet that the field `name` of `row` holds cannot be spent."""
    wallet = getattr(row, name, None)
    if wallet is not None and not wallet.is_spendable:
        raise ValidationError({name: words})
