from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from loyalty.lib import clock
from loyalty.programs.models.activity import Activity
from loyalty.programs.models.program import Program


class ReferralPolicy(models.Model):
    """Whether members may invite friends, and when an invitation counts. What it pays is told by earning rules."""

    program = models.OneToOneField(
        Program, on_delete=models.PROTECT, related_name="referral_policy", verbose_name=_("program")
    )
    is_active = models.BooleanField(_("members may invite friends"), default=True)
    minimum_purchase = models.DecimalField(
        _("first purchase of at least"), max_digits=12, decimal_places=2, default=0, validators=[MinValueValidator(0)]
    )
    attribution_days = models.PositiveSmallIntegerField(
        _("the link counts for days"),
        default=30,
        validators=[MinValueValidator(1), MaxValueValidator(365)],
        help_text=_("From opening the link until joining."),
    )
    return_days = models.PositiveSmallIntegerField(
        _("points wait for days"),
        default=14,
        validators=[MaxValueValidator(365)],
        help_text=_("From the purchase on: how long it can be returned. 0: the points can be spent at once."),
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("invitation policy")
        verbose_name_plural = _("invitation policies")

    def __str__(self) -> str:
        return str(self.program)


class Referral(models.Model):
    """One member brought another one: from joining to the points of both, or to the reason why there are none."""

    class State(models.TextChoices):
        PENDING = "pending", _("waits for the first purchase")
        REWARDED = "rewarded", _("rewarded")
        REFUSED = "refused", _("refused")
        CANCELLED = "cancelled", _("taken back")

    class Reason(models.TextChoices):
        SAME_PERSON = "same_person", _("the same person signs in for both")
        SAME_EMAIL = "same_email", _("both addresses lead to one mailbox")
        SAME_PHONE = "same_phone", _("both have the same phone number")
        BELOW_MINIMUM = "below_minimum", _("the first purchase was below the minimum")
        RETURNED = "returned", _("the first purchase was cancelled or returned")
        NOT_ACTIVE = "not_active", _("one of the two is no longer an active member")

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="referrals", verbose_name=_("program"))
    referrer = models.ForeignKey(
        "loyalty.Member", on_delete=models.PROTECT, related_name="referrals_made", verbose_name=_("invited by")
    )
    friend = models.OneToOneField(
        "loyalty.Member", on_delete=models.PROTECT, related_name="referral", verbose_name=_("new member")
    )
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.PENDING)
    reason = models.CharField(_("why"), max_length=16, choices=Reason, blank=True)
    purchase = models.ForeignKey(
        Activity, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("first purchase")
    )
    settles_at = models.DateTimeField(_("points can be spent from"), null=True)
    joined_at = models.DateTimeField(_("joined at"))
    changed_at = models.DateTimeField(_("changed at"), default=clock.now)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["-id"]
        indexes = [models.Index(fields=["program", "state"], name="referral_by_state")]

    def __str__(self) -> str:
        return f"{self.referrer} → {self.friend}"
