from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from loyalty.lib import clock
from loyalty.programs.models.program import Program
from loyalty.programs.models.wallet import Wallet, ensure_spendable

PERCENT = [MinValueValidator(0), MaxValueValidator(100)]


class ReinstatementPolicy(models.Model):
    """Whether points of a wallet that expired can be brought back, for how long, and for what."""

    class Price(models.TextChoices):
        FREE = "free", _("nothing")
        POINTS = "points", _("a fee in points")
        MONEY = "money", _("a fee in money")

    class ComesBack(models.TextChoices):
        WHEN_PAID = "when_paid", _("when it is paid")
        AT_ONCE = "at_once", _("at once")

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+", verbose_name=_("program"))
    wallet = models.OneToOneField(
        Wallet, on_delete=models.PROTECT, related_name="reinstatement_policy", verbose_name=_("wallet")
    )
    is_on = models.BooleanField(_("expired points can be brought back"), default=True)
    by_members = models.BooleanField(
        _("members do it themselves"), default=True, help_text=_("In the portal. Otherwise only the staff do.")
    )
    window_days = models.PositiveSmallIntegerField(
        _("within days"), default=30, validators=[MinValueValidator(1), MaxValueValidator(1095)],
        help_text=_("After the last day on which they could be used."),
    )  # fmt: skip
    lasts_days = models.PositiveSmallIntegerField(
        _("then last for days"), default=90, validators=[MinValueValidator(1), MaxValueValidator(3650)],
        help_text=_("Counted from the day on which they come back, whatever they were before."),
    )  # fmt: skip
    price = models.CharField(_("it costs"), max_length=6, choices=Price, default=Price.POINTS)
    fee_points = models.PositiveIntegerField(
        _("fee in points"), default=0, help_text=_("Taken from the points once they are back.")
    )
    fee_percent = models.DecimalField(
        _("fee in per cent"), max_digits=5, decimal_places=2, default=Decimal(10), validators=PERCENT,
        help_text=_("Of the points that come back, rounded up."),
    )  # fmt: skip
    fee_money = models.DecimalField(
        _("fee in money"), max_digits=12, decimal_places=3, default=Decimal(0), validators=[MinValueValidator(0)],
        help_text=_("In the program’s currency, each time."),
    )  # fmt: skip
    value_percent = models.DecimalField(
        _("part of their value in per cent"), max_digits=5, decimal_places=2, default=Decimal(0), validators=PERCENT,
        help_text=_("Of what the points are worth in money, added to the fee."),
    )  # fmt: skip
    comes_back = models.CharField(_("they come back"), max_length=9, choices=ComesBack, default=ComesBack.WHEN_PAID)
    pay_days = models.PositiveSmallIntegerField(
        _("days to pay"), default=14, validators=[MinValueValidator(1), MaxValueValidator(365)]
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("bringing back of points")
        verbose_name_plural = _("bringing expired points back")
        constraints = [
            models.CheckConstraint(condition=Q(window_days__gte=1) & Q(lasts_days__gte=1), name="reinstatement_days"),
            models.CheckConstraint(
                condition=Q(fee_percent__range=(0, 100)) & Q(value_percent__range=(0, 100)) & Q(fee_money__gte=0),
                name="reinstatement_fee_makes_sense",
            ),
        ]

    def __str__(self) -> str:
        return str(self.wallet)

    def clean(self) -> None:
        """A fee that is asked for is some fee, and what comes back can be spent."""
        ensure_spendable(self, "wallet", _("This wallet only counts for tiers; its points are not brought back."))
        if self.price == self.Price.POINTS and not (self.fee_points or self.fee_percent):
            raise ValidationError({"fee_points": _("Say what it costs, or choose that it costs nothing.")})
        if self.price == self.Price.MONEY and not (self.fee_money or self.value_percent):
            raise ValidationError({"fee_money": _("Say what it costs, or choose that it costs nothing.")})


class Reinstatement(models.Model):
    """Points of a wallet that expired together and are brought back, and what the member owes for it.

    Its ledger keys begin with, and its sources are, reinstatement:<id>.
    """

    class State(models.TextChoices):
        OPEN = "open", _("to be paid")
        DONE = "done", _("brought back")
        PAID = "paid", _("paid")
        CANCELLED = "cancelled", _("cancelled")

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+", verbose_name=_("program"))
    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, related_name="+", verbose_name=_("wallet"))
    member = models.ForeignKey(
        "loyalty.Member", on_delete=models.PROTECT, related_name="reinstatements", verbose_name=_("member")
    )
    source = models.CharField(_("through"), max_length=40)
    external_id = models.CharField(_("id"), max_length=100)
    expired_at = models.DateTimeField(_("expired at"))
    points = models.BigIntegerField(_("points"))
    came_back = models.BigIntegerField(_("came back"), default=0)
    fee = models.BigIntegerField(_("fee in points"), default=0)
    amount = models.DecimalField(_("to pay"), max_digits=16, decimal_places=3, default=Decimal(0))
    currency = models.CharField(_("currency"), max_length=3)
    lasts_days = models.PositiveSmallIntegerField(_("then last for days"), default=90)
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.DONE)
    pay_by = models.DateTimeField(_("to be paid by"), null=True, blank=True)
    expires_at = models.DateTimeField(_("then expire at"), null=True, blank=True)
    reference = models.CharField(_("reference of the payment"), max_length=100, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    actor = models.CharField(_("by"), max_length=80)
    created_at = models.DateTimeField(_("asked for at"), default=clock.now)
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True)
    settled_by = models.CharField(_("settled by"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("reinstatement")
        verbose_name_plural = _("reinstatements")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["program", "source", "external_id"], name="reinstatement_once"),
            models.CheckConstraint(
                condition=Q(points__gt=0) & Q(fee__gte=0) & Q(amount__gte=0), name="reinstatement_amounts"
            ),
            models.CheckConstraint(condition=Q(came_back__gte=0), name="reinstatement_came_back"),
            models.CheckConstraint(
                condition=~Q(state__in=["open", "paid"]) | Q(amount__gt=0), name="reinstatement_owes_something"
            ),
            models.CheckConstraint(
                condition=~Q(state="open") | Q(pay_by__isnull=False), name="reinstatement_open_until"
            ),
        ]
        indexes = [
            models.Index(fields=["program", "-id"], name="reinstatement_newest"),
            models.Index(fields=["pay_by"], name="reinstatement_due", condition=Q(state="open")),
        ]

    def __str__(self) -> str:
        return f"{self.member}: {self.points}"

    @property
    def key(self) -> str:
        """By which its postings are known in the ledger."""
        return f"reinstatement:{self.pk}"


class ReinstatedLot(models.Model):
    """One of the ledger's lots that a reinstatement brings back. A lot comes back once; a void row does not count."""

    reinstatement = models.ForeignKey(Reinstatement, on_delete=models.PROTECT, related_name="lots")
    lot_id = models.BigIntegerField()
    points = models.BigIntegerField(_("points"))
    is_void = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("reinstated lot")
        verbose_name_plural = _("reinstated lots")
        constraints = [
            models.UniqueConstraint(fields=["lot_id"], name="reinstated_once", condition=Q(is_void=False)),
            models.CheckConstraint(condition=Q(points__gt=0), name="reinstated_something"),
        ]

    def __str__(self) -> str:
        return f"{self.lot_id}: {self.points}"
