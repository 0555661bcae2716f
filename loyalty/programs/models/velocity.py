from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from loyalty.lib import clock
from loyalty.programs.models.activity import Activity
from loyalty.programs.models.program import Program


class VelocityRule(models.Model):
    """What happens too often to be usual: more than so many times within so many minutes."""

    class Pattern(models.TextChoices):
        CARD_AT_TILL = "card_at_till", _("purchases with the same card on one till")
        DEVICE = "device", _("members on one device")
        PURCHASES = "purchases", _("purchases of one member")
        CASHIER = "cashier", _("purchases that one cashier rings up for one member")
        REFUNDS = "refunds", _("returns of one member after the points were spent")

    program = models.ForeignKey(
        Program, on_delete=models.PROTECT, related_name="velocity_rules", verbose_name=_("program")
    )
    name = models.CharField(_("name"), max_length=100, help_text=_("For your colleagues; members never read it."))
    pattern = models.CharField(
        _("what is counted"), max_length=12, choices=Pattern, default=Pattern.PURCHASES,
        help_text=_(
            "The till tells card, device and cashier as the purchase’s attributes “card”, “device” and “cashier”; the "
            "till itself is the purchase’s source."
        ),
    )  # fmt: skip
    most = models.PositiveSmallIntegerField(
        _("more than"), default=5, validators=[MaxValueValidator(100)],
        help_text=_("So many are usual. The next one goes to review, and its points wait."),
    )  # fmt: skip
    minutes = models.PositiveIntegerField(
        _("within minutes"), default=60, validators=[MinValueValidator(1), MaxValueValidator(43_200)],
        help_text=_("60 for an hour, 1440 for 24 hours, 10080 for a week."),
    )  # fmt: skip
    is_active = models.BooleanField(_("on"), default=True)
    is_archived = models.BooleanField(_("archived"), default=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("watch rule")
        verbose_name_plural = _("what is watched")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(minutes__gte=1) & Q(minutes__lte=43_200), name="velocity_has_a_window"),
            models.CheckConstraint(condition=Q(most__gte=1) | Q(pattern="refunds"), name="velocity_allows_something"),
        ]

    def __str__(self) -> str:
        return self.name


class ReviewCase(models.Model):
    """Something that a watch rule noticed, at one `place` (a card on a till, a device, a member …), for the staff.

    `highest` is how many there were at once; what was released may come up to `allowed` times without a new case.
    """

    class State(models.TextChoices):
        OPEN = "open", _("to be reviewed")
        RELEASED = "released", _("released")
        REFUSED = "refused", _("refused")

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+", verbose_name=_("program"))
    rule = models.ForeignKey(VelocityRule, on_delete=models.PROTECT, related_name="cases", verbose_name=_("watch rule"))
    place = models.CharField(max_length=120)
    facts = models.JSONField(default=dict)
    member = models.ForeignKey(
        "loyalty.Member", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("member")
    )
    cashier = models.CharField(_("cashier"), max_length=60, blank=True)
    highest = models.PositiveIntegerField(_("how many"), default=0)
    allowed = models.PositiveIntegerField(_("usual up to"), null=True)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.OPEN)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    opened_at = models.DateTimeField(_("noticed at"), default=clock.now)
    decided_at = models.DateTimeField(_("decided at"), null=True)
    decided_by = models.CharField(_("decided by"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases to review")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["rule", "place"], condition=Q(state="open"), name="review_open_once"),
            models.CheckConstraint(condition=Q(state="open") | ~Q(reason=""), name="review_decided_with_reason"),
        ]
        indexes = [
            models.Index(fields=["rule", "place"], condition=Q(state="released"), name="review_cleared"),
            models.Index(fields=["program", "state", "-id"], name="case_queue"),
        ]

    def __str__(self) -> str:
        return f"{self.rule} #{self.pk}"


class Flag(models.Model):
    """A purchase that belongs to a case; `count` is how many there were when it came."""

    case = models.ForeignKey(ReviewCase, on_delete=models.PROTECT, related_name="flags", db_index=False)
    activity = models.ForeignKey(Activity, on_delete=models.PROTECT, related_name="flags", verbose_name=_("purchase"))
    member = models.ForeignKey(
        "loyalty.Member", on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("member")
    )
    cashier = models.CharField(_("cashier"), max_length=60, blank=True)
    count = models.PositiveIntegerField()
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "activity"], name="flag_once")]

    def __str__(self) -> str:
        return f"{self.case_id} {self.activity_id}"


class HeldAward(models.Model):
    """The points of a flagged purchase, which wait until every case of it is decided.

    `terms` says of each wallet how they would have waited anyway; those of a released purchase whose own waiting time
    goes on are given at `due_at`. `confirmed_at`: the shop confirmed it while it was looked at.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RELEASED = "released", _("released, its own waiting time goes on")
        GIVEN = "given", _("given")
        REFUSED = "refused", _("refused")

    activity = models.OneToOneField(Activity, on_delete=models.PROTECT, related_name="held_award")
    terms = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    confirmed_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["due_at"], condition=Q(state="released"), name="held_due")]

    def __str__(self) -> str:
        return f"{self.activity_id} {self.state}"

    def waits_for_shop(self, wallet_code: str) -> bool:
        """Whether the points of a wallet would wait for a confirmation without any case."""
        terms = self.terms.get(wallet_code, {})
        return bool(terms.get("waits")) and not terms.get("until")
