from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from loyalty.lib import clock
from loyalty.programs.models.program import Program
from loyalty.programs.models.tiers import ensure_known_tiers
from loyalty.programs.models.wallet import Wallet, ensure_spendable

LARGEST = 10**12


class TransferPolicy(models.Model):
    """Whether and how members send points of a wallet to one another."""

    wallet = models.OneToOneField(
        Wallet, on_delete=models.PROTECT, related_name="transfer_policy", verbose_name=_("wallet")
    )
    is_on = models.BooleanField(_("members may send points"), default=True)
    step = models.PositiveBigIntegerField(
        _("in steps of"), default=1, validators=[MinValueValidator(1), MaxValueValidator(LARGEST)],
        help_text=_("With 1,000: 1,000, 2,000, 3,000 …"),
    )  # fmt: skip
    minimum = models.PositiveBigIntegerField(
        _("at least"), default=1, validators=[MinValueValidator(1), MaxValueValidator(LARGEST)]
    )
    per_day = models.PositiveBigIntegerField(
        _("at most in a day"), null=True, blank=True, help_text=_("By one member, without the fee. Empty: no limit.")
    )
    per_year = models.PositiveBigIntegerField(
        _("at most in a year"), null=True, blank=True, help_text=_("A calendar year in the program’s time zone.")
    )
    fee_points = models.PositiveIntegerField(
        _("fee in points"), default=0, help_text=_("The sender pays it on top, for each transfer.")
    )
    fee_percent = models.DecimalField(
        _("fee in per cent"), max_digits=5, decimal_places=2, default=Decimal(0),
        validators=[MinValueValidator(0), MaxValueValidator(100)], help_text=_("Of the points sent, rounded up."),
    )  # fmt: skip
    tiers = ArrayField(
        models.SlugField(max_length=40), verbose_name=_("only members of the tiers"), default=list, blank=True,
        help_text=_("Codes of tiers, such as gold, platinum. Empty: everybody."),
    )  # fmt: skip
    cooling_hours = models.PositiveSmallIntegerField(
        _("pause after a new e-mail address, hours"), default=24, validators=[MaxValueValidator(720)],
        help_text=_("Protects members whose account somebody took over. 0: no pause."),
    )  # fmt: skip
    asks_receiver = models.BooleanField(
        _("the receiver must accept"), default=False, help_text=_("The points are set aside meanwhile.")
    )
    answer_days = models.PositiveSmallIntegerField(
        _("days to accept"), default=7, validators=[MinValueValidator(1), MaxValueValidator(60)]
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("sending of points")
        verbose_name_plural = _("sending points")
        constraints = [
            models.CheckConstraint(condition=Q(step__gte=1) & Q(minimum__gte=1), name="transfer_step_positive"),
            models.CheckConstraint(
                condition=Q(fee_percent__gte=0) & Q(fee_percent__lte=100), name="transfer_fee_is_per_cent"
            ),
        ]

    def __str__(self) -> str:
        return str(self.wallet)

    def clean(self) -> None:
        """What counts for tiers alone belongs to whoever earned it."""
        ensure_spendable(self, "wallet", _("This wallet only counts for tiers; its points cannot be sent."))
        if self.wallet_id:
            ensure_known_tiers(self.wallet.program_id, self.tiers)


class Transfer(models.Model):
    """Points that one member sends to another. Its ledger keys and sources are transfer:<id>."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waits for the receiver")
        DONE = "done", _("done")
        DECLINED = "declined", _("declined")
        WITHDRAWN = "withdrawn", _("withdrawn")
        LAPSED = "lapsed", _("not accepted in time")

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+", verbose_name=_("program"))
    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, related_name="+", verbose_name=_("wallet"))
    giver = models.ForeignKey(
        "loyalty.Member", on_delete=models.PROTECT, related_name="sent", verbose_name=_("from"), db_index=False
    )
    receiver = models.ForeignKey(
        "loyalty.Member", on_delete=models.PROTECT, related_name="received", verbose_name=_("to"), db_index=False
    )
    source = models.CharField(_("through"), max_length=40)
    external_id = models.CharField(_("id"), max_length=100)
    addressed = models.CharField(_("addressed to"), max_length=254, help_text=_("As the sender wrote it."))
    points = models.BigIntegerField(_("points"))
    fee = models.BigIntegerField(_("fee"), default=0)
    note = models.CharField(_("message"), max_length=200, blank=True)
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.DONE)
    made_on = models.DateField(_("day"))
    answer_by = models.DateTimeField(_("to be accepted by"), null=True, blank=True)
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True)
    actor = models.CharField(_("by"), max_length=80)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("made at"), default=clock.now)

    class Meta:
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["program", "source", "external_id"], name="transfer_once"),
            models.CheckConstraint(condition=Q(points__gt=0) & Q(fee__gte=0), name="transfer_moves_points"),
            models.CheckConstraint(condition=~Q(giver=F("receiver")), name="transfer_to_another"),
            models.CheckConstraint(
                condition=~Q(state="waiting") | Q(answer_by__isnull=False), name="transfer_waits_until"
            ),
        ]
        indexes = [
            models.Index(fields=["giver", "wallet", "-made_on"], name="transfer_sent"),
            models.Index(fields=["receiver", "-id"], name="transfer_received"),
            models.Index(fields=["answer_by"], name="transfer_due", condition=Q(state="waiting")),
        ]

    def __str__(self) -> str:
        return f"{self.giver} → {self.receiver}: {self.points}"

    @property
    def key(self) -> str:
        """By which its postings are known in the ledger."""
        return f"transfer:{self.pk}"
