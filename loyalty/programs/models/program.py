from django.contrib.postgres.fields import ArrayField
from django.core.validators import FileExtensionValidator, MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from loyalty.lib import clock
from loyalty.programs.rules.shapes import (
    colour,
    currency_code,
    validate_code,
    validate_zone,
)


class DebtPolicy(models.TextChoices):
    ONLY_PENDING = "only_pending", _("take back pending points only")
    WITHIN_BALANCE = "within_balance", _("take back what is left, never below zero")
    UNLIMITED = (
        "unlimited",
        _("take back everything; the balance may go negative and the next points repay it"),
    )


class Publishing(models.TextChoices):
    AT_ONCE = "at_once", _("as soon as they are saved")
    DRAFT = "draft", _("when the draft is published")
    FOUR_EYES = "four_eyes", _("when a second person publishes the draft")


class Program(models.Model):
    """The scheme a brand runs."""

    code = models.SlugField(
        _("code"),
        max_length=40,
        unique=True,
        validators=[validate_code],
        help_text=_("Part of the portal’s address: /p/code/"),
    )
    name = models.CharField(_("name"), max_length=100, help_text=_("What members see."))
    is_active = models.BooleanField(
        _("open"),
        default=True,
        help_text=_("A closed program earns nothing and enrols no one; what members hold stays theirs."),
    )
    logo = models.ImageField(
        _("logo"),
        upload_to="logos/",
        blank=True,
        validators=[FileExtensionValidator(["png", "jpg", "jpeg", "webp"])],
    )
    brand_color = models.CharField(_("brand colour"), max_length=7, default="#1f4d3a", validators=[colour])
    accent_color = models.CharField(_("accent colour"), max_length=7, default="#c98a1b", validators=[colour])
    time_zone = models.CharField(
        _("time zone"),
        max_length=64,
        default="UTC",
        validators=[validate_zone],
        help_text=_("Where days begin and end, such as Europe/Oslo."),
    )
    currency = models.CharField(_("currency"), max_length=3, default="EUR", validators=[currency_code])
    languages = ArrayField(
        models.CharField(max_length=10),
        verbose_name=_("languages"),
        default=list,
        blank=True,
        help_text=_("The first one is the default."),
    )
    terms_url = models.URLField(_("terms page"), blank=True, help_text=_("The legal terms on your own site, if any."))
    terms_text = models.TextField(
        _("terms"), blank=True, help_text=_("Shown below the rules that Laurel writes out by itself.")
    )
    debt_policy = models.CharField(
        _("when points to be taken back are already spent"),
        max_length=16,
        choices=DebtPolicy,
        default=DebtPolicy.WITHIN_BALANCE,
    )
    warn_days = ArrayField(
        models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(365)]),
        verbose_name=_("warn of expiry, days before"),
        default=list,
        blank=True,
        help_text=_("For example 30, 7: two messages for every expiry."),
    )
    sender_email = models.EmailField(
        _("sender address"), blank=True, help_text=_("Messages to members come from here.")
    )
    created_at = models.DateTimeField(_("created at"), default=clock.now, editable=False)
    publishing = models.CharField(
        _("changes go live"),
        max_length=9,
        choices=Publishing,
        default=Publishing.AT_ONCE,
        help_text=_("As a draft: you edit in peace, look at the difference, try it on your history, then publish."),
    )
    published = models.ForeignKey(
        "loyalty.ProgramVersion",
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("version in force"),
    )
    # Doing without four eyes needs four eyes: what one person asked for, until a second one asks for the same.
    manner_asked = models.CharField(max_length=9, choices=Publishing, blank=True, editable=False)
    manner_asked_by = models.CharField(max_length=80, blank=True, editable=False)
    # A trigger gives it a new number, never used before, whenever the program, a wallet or a rule changes.
    config_version = models.BigIntegerField(default=0, editable=False)
    history = HistoricalRecords(excluded_fields=["config_version", "published"])

    class Meta:
        verbose_name = _("program")
        verbose_name_plural = _("programs")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
