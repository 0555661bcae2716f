from decimal import Decimal
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from loyalty.lib import clock
from loyalty.programs.models.moving import LARGEST
from loyalty.programs.models.program import Program
from loyalty.programs.models.tiers import ensure_known_tiers
from loyalty.programs.models.wallet import Wallet, ensure_spendable

STEP = [MinValueValidator(1), MaxValueValidator(LARGEST)]


class ConversionRate(models.Model):
    """At which rate, and within which limits, members change points of one wallet into those of another."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+", verbose_name=_("program"))
    from_wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, related_name="+", verbose_name=_("from"))
    to_wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, related_name="+", verbose_name=_("into"))
    is_on = models.BooleanField(_("members may change points"), default=True)
    give = models.PositiveBigIntegerField(
        _("so many given"),
        validators=STEP,
        help_text=_("With 100 and 1: 100 become 1, 200 become 2. Whole steps only."),
    )
    get = models.PositiveBigIntegerField(_("become so many"), validators=STEP)
    minimum = models.PositiveBigIntegerField(
        _("at least"), default=1, validators=STEP, help_text=_("Of the points given, in one change.")
    )
    per_day = models.PositiveBigIntegerField(
        _("at most in a day"), null=True, blank=True, validators=STEP,
        help_text=_("By one member, without the fee. Empty: no limit."),
    )  # fmt: skip
    fee_points = models.PositiveIntegerField(
        _("fee in points"), default=0, help_text=_("Of the points given; the member pays it on top, for each change.")
    )
    fee_percent = models.DecimalField(
        _("fee in per cent"), max_digits=5, decimal_places=2, default=Decimal(0),
        validators=[MinValueValidator(0), MaxValueValidator(100)], help_text=_("Of the points given, rounded up."),
    )  # fmt: skip
    keeps_expiry = models.BooleanField(
        _("what they get keeps the expiry of what they gave"), default=False,
        help_text=_("Otherwise it lives as long as points of its wallet do that are earned on that day."),
    )  # fmt: skip
    tiers = ArrayField(
        models.SlugField(max_length=40), verbose_name=_("only members of the tiers"), default=list, blank=True,
        help_text=_("Codes of tiers, such as gold, platinum. Empty: everybody."),
    )  # fmt: skip
    code = models.CharField(_("code"), max_length=90, blank=True, editable=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("rate of change")
        verbose_name_plural = _("changing points")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["from_wallet", "to_wallet"], name="conversion_rate_once"),
            models.CheckConstraint(condition=~Q(from_wallet=F("to_wallet")), name="conversion_rate_to_another"),
            models.CheckConstraint(
                condition=Q(give__gte=1) & Q(get__gte=1) & Q(minimum__gte=1), name="conversion_rate_positive"
            ),
            models.CheckConstraint(
                condition=Q(fee_percent__gte=0) & Q(fee_percent__lte=100), name="conversion_fee_is_per_cent"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_wallet} → {self.to_wallet}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Named by what becomes what."""
        self.code = f"{self.from_wallet.code}-{self.to_wallet.code}"
        super().save(*args, **kwargs)

    def clean(self) -> None:
        """What counts for tiers alone is neither spent nor bought."""
        for name in ("from_wallet", "to_wallet"):
            ensure_spendable(self, name, _("This wallet only counts for tiers; its points cannot be changed."))
        if self.from_wallet_id and self.from_wallet_id == self.to_wallet_id:
            raise ValidationError({"to_wallet": _("Choose another wallet.")})
        if self.program_id:
            ensure_known_tiers(self.program_id, self.tiers)


class Conversion(models.Model):
    """Points of one wallet that a member changed into another's. Its ledger keys and sources are conversion:<id>."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+", verbose_name=_("program"))
    rate = models.ForeignKey(ConversionRate, on_delete=models.PROTECT, related_name="+", verbose_name=_("rate"))
    member = models.ForeignKey(
        "loyalty.Member", on_delete=models.PROTECT, related_name="conversions", verbose_name=_("member"),
        db_index=False,
    )  # fmt: skip
    source = models.CharField(_("through"), max_length=40)
    external_id = models.CharField(_("id"), max_length=100)
    from_wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, related_name="+", verbose_name=_("from"))
    to_wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, related_name="+", verbose_name=_("into"))
    given = models.BigIntegerField(_("given"))
    fee = models.BigIntegerField(_("fee"), default=0)
    received = models.BigIntegerField(_("received"))
    made_on = models.DateField(_("day"))
    actor = models.CharField(_("by"), max_length=80)
    created_at = models.DateTimeField(_("made at"), default=clock.now)

    class Meta:
        verbose_name = _("change of points")
        verbose_name_plural = _("changes of points")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["program", "source", "external_id"], name="conversion_once"),
            models.CheckConstraint(
                condition=Q(given__gt=0) & Q(received__gt=0) & Q(fee__gte=0), name="conversion_moves_points"
            ),
        ]
        indexes = [
            models.Index(fields=["member", "from_wallet", "-made_on"], name="conversion_of_member"),
            models.Index(fields=["program", "-id"], name="conversion_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.member}: {self.given} → {self.received}"

    @property
    def key(self) -> str:
        """By which its postings are known in the ledger."""
        return f"conversion:{self.pk}"
