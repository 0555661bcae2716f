from collections.abc import Sequence
from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from loyalty.lib import clock
from loyalty.programs.models.program import Program
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.rules.shapes import colour


class TierSet(models.Model):
    """A ladder of tiers: what is measured, in which window, and how one falls."""

    class Measure(models.TextChoices):
        POINTS = "points", _("points earned")
        BALANCE = "balance", _("points held")
        SPEND = "spend", _("money spent")
        PURCHASES = "purchases", _("purchases made")
        ACTIVITIES = "activities", _("activities done")

    class Window(models.TextChoices):
        CALENDAR_YEAR = "calendar_year", _("the calendar year")
        ANNIVERSARY = "anniversary", _("the year since joining")
        ROLLING = "rolling", _("the last months")
        LIFETIME = "lifetime", _("all time")

    class Downgrade(models.TextChoices):
        NEVER = "never", _("never")
        WINDOW_END = "window_end", _("when the window ends")
        AT_ONCE = "at_once", _("as soon as the measure falls below the threshold")

    class GraceUnit(models.TextChoices):
        DAYS = "days", _("days")
        MONTHS = "months", _("months")

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="tier_sets", verbose_name=_("program"))
    code = models.SlugField(_("code"), max_length=40)
    name = models.CharField(_("name"), max_length=80, help_text=_("What members read above the ladder."))
    measure = models.CharField(_("counts"), max_length=10, choices=Measure, default=Measure.POINTS)
    wallet = models.ForeignKey(
        Wallet,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="tier_sets",
        verbose_name=_("wallet"),
        help_text=_("Only where points count: whose."),
    )
    activity_types = ArrayField(
        models.CharField(max_length=40),
        verbose_name=_("activities that count"),
        default=list,
        blank=True,
        help_text=_("Only where activities count: types such as review, visit. Empty: all but purchases."),
    )
    window = models.CharField(_("in"), max_length=14, choices=Window, default=Window.CALENDAR_YEAR)
    window_months = models.PositiveSmallIntegerField(
        _("months"), default=12, validators=[MinValueValidator(1), MaxValueValidator(120)]
    )
    downgrade = models.CharField(_("members fall"), max_length=10, choices=Downgrade, default=Downgrade.WINDOW_END)
    one_step_down = models.BooleanField(_("at most one step at a time"), default=False)
    grace_count = models.PositiveSmallIntegerField(
        _("but keep a tier at least"), default=0, validators=[MaxValueValidator(730)]
    )
    grace_unit = models.CharField(_("days or months"), max_length=6, choices=GraceUnit, default=GraceUnit.DAYS)
    grace_to_month_end = models.BooleanField(_("and until the end of that month"), default=False)
    warn_days = ArrayField(
        models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(365)]),
        verbose_name=_("warn before a tier is lost, days before"),
        default=list,
        blank=True,
        help_text=_("For example 30, 7: two messages before a tier ends. Empty: no warning."),
    )
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    is_archived = models.BooleanField(_("archived"), default=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("tier ladder")
        verbose_name_plural = _("tier ladders")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["program", "code"], name="tier_set_code_once"),
            models.CheckConstraint(
                condition=~Q(measure__in=["points", "balance"]) | Q(wallet__isnull=False), name="tier_set_has_wallet"
            ),
            models.CheckConstraint(condition=Q(window_months__gte=1), name="tier_set_window_positive"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Points count for tiers where their wallet says so."""
        counts_points = self.measure in (self.Measure.POINTS, self.Measure.BALANCE)
        if counts_points and self.wallet is not None and not self.wallet.is_qualifying:
            words = _("The points of this wallet do not count for tiers. Switch “counts for tiers” on in the wallet.")
            raise ValidationError({"wallet": words})


class Tier(models.Model):
    """One rung of a ladder and what it brings."""

    tier_set = models.ForeignKey(TierSet, on_delete=models.CASCADE, related_name="tiers", verbose_name=_("ladder"))
    code = models.SlugField(_("code"), max_length=40)
    name = models.CharField(_("name"), max_length=60)
    threshold = models.DecimalField(
        _("from"), max_digits=18, decimal_places=2, default=0, validators=[MinValueValidator(0)],
        help_text=_("Exactly this much is enough."),
    )  # fmt: skip
    color = models.CharField(_("colour"), max_length=7, default="#8a8d91", validators=[colour])
    multiplier = models.DecimalField(
        _("points are multiplied by"), max_digits=6, decimal_places=2, default=1,
        validators=[MinValueValidator(Decimal("0.01")), MaxValueValidator(100)],
    )  # fmt: skip
    discount_percent = models.DecimalField(
        _("discount in per cent"), max_digits=5, decimal_places=2, default=0,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )  # fmt: skip
    expiry_extra_months = models.PositiveSmallIntegerField(
        _("points live longer by months"), default=0, validators=[MaxValueValidator(120)]
    )
    early_access_hours = models.PositiveSmallIntegerField(
        _("early access, hours before others"), default=0, validators=[MaxValueValidator(720)]
    )
    perks = models.TextField(_("other perks"), blank=True, help_text=_("One per line; members read them."))
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("tier")
        verbose_name_plural = _("tiers")
        ordering = ["threshold", "id"]
        constraints = [
            models.UniqueConstraint(fields=["tier_set", "code"], name="tier_code_once"),
            models.UniqueConstraint(fields=["tier_set", "threshold"], name="tier_threshold_once"),
            models.CheckConstraint(condition=Q(threshold__gte=0), name="tier_threshold_not_negative"),
            models.CheckConstraint(condition=Q(multiplier__gt=0), name="tier_multiplier_positive"),
            models.CheckConstraint(
                condition=Q(discount_percent__gte=0) & Q(discount_percent__lte=100), name="tier_discount_is_per_cent"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TierStanding(models.Model):
    """Where a member stands on one ladder. Moved by `services.tiers` alone; every move leaves a TierChange.

    Without a tier the member stands below the lowest rung; without a row, where nothing at all would put them.
    `review_at` is the instant at which time by itself may move them, or change what is promised; null: never.
    """

    member = models.ForeignKey(
        "loyalty.Member", on_delete=models.PROTECT, related_name="tier_standings", verbose_name=_("member")
    )
    tier_set = models.ForeignKey(
        TierSet, on_delete=models.PROTECT, related_name="standings", verbose_name=_("ladder"), db_index=False
    )
    tier = models.ForeignKey(
        Tier, on_delete=models.PROTECT, null=True, related_name="standings", verbose_name=_("tier")
    )
    since = models.DateTimeField(_("since"), default=clock.now)
    keeps_until = models.DateTimeField(_("keeps it at least until"), null=True, blank=True)
    floor = models.ForeignKey(
        Tier, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("not below")
    )
    floor_until = models.DateTimeField(_("not below, until"), null=True, blank=True)
    is_locked = models.BooleanField(_("locked"), default=False, help_text=_("Neither rises nor falls by itself."))
    review_at = models.DateTimeField(_("looked at again"), null=True, blank=True)

    class Meta:
        verbose_name = _("tier standing")
        verbose_name_plural = _("tier standings")
        constraints = [models.UniqueConstraint(fields=["member", "tier_set"], name="tier_standing_once")]
        indexes = [
            models.Index(fields=["tier_set", "tier"], name="tier_heads"),
            models.Index(fields=["review_at"], name="tier_due", condition=Q(review_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.member}: {self.tier or '–'}"


class TierChange(models.Model):
    """A member rose, fell or was put on a rung; never changed afterwards."""

    class Why(models.TextChoices):
        REACHED = "reached", _("the threshold was reached")
        FELL = "fell", _("the threshold was not reached again")
        RETURNED = "returned", _("a purchase was returned")
        BY_HAND = "by_hand", _("by hand")
        LADDER = "ladder", _("the ladder changed")

    member = models.ForeignKey("loyalty.Member", on_delete=models.PROTECT, related_name="tier_changes")
    tier_set = models.ForeignKey(TierSet, on_delete=models.PROTECT, related_name="changes", db_index=False)
    before = models.ForeignKey(Tier, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    after = models.ForeignKey(Tier, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    # What moved them, where one purchase or activity did. No foreign key in the database, as with versions.
    activity = models.ForeignKey(
        "loyalty.Activity", on_delete=models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    # Which call it was that moved them, so that the same call tells the same again.
    call = models.CharField(max_length=40, default="", db_default="", editable=False)
    why = models.CharField(_("why"), max_length=8, choices=Why)
    measured = models.DecimalField(_("measured"), max_digits=20, decimal_places=4, null=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    actor = models.CharField(_("by"), max_length=80)
    # What was set by hand with it, for whoever goes through it again; nothing where a count decided.
    floor = models.ForeignKey(
        Tier, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, verbose_name=_("not below")
    )
    floor_until = models.DateTimeField(_("not below, until"), null=True)
    is_locked = models.BooleanField(_("locked"), default=False, db_default=False)
    at = models.DateTimeField(_("at"))
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name = _("tier change")
        verbose_name_plural = _("tier changes")
        ordering = ["-id"]
        indexes = [models.Index(fields=["member", "-id"], name="tier_changes_of_member")]

    def __str__(self) -> str:
        return f"{self.before or '–'} → {self.after or '–'}"


class TierWarning(models.Model):
    """A member was told, so many days ahead, that a tier ends at an instant unless more is counted; told once."""

    member = models.ForeignKey("loyalty.Member", on_delete=models.CASCADE, related_name="+", db_index=False)
    tier = models.ForeignKey(Tier, on_delete=models.CASCADE, related_name="+", db_index=False)
    ends_at = models.DateTimeField()
    days = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["member", "tier", "days", "ends_at"], name="tier_warning_once")]

    def __str__(self) -> str:
        return f"{self.tier} until {self.ends_at}"


class LadderReview(models.Model):
    """How far all members of a program were judged by a ladder as it is now; `digest` says as it is when."""

    tier_set = models.OneToOneField(TierSet, on_delete=models.CASCADE, primary_key=True, related_name="review")
    digest = models.CharField(max_length=64)
    done_through = models.BigIntegerField(default=0)
    is_done = models.BooleanField(_("done"), default=False)
    risen = models.PositiveIntegerField(_("risen"), default=0)
    fallen = models.PositiveIntegerField(_("fallen"), default=0)
    finished_at = models.DateTimeField(_("finished at"), null=True)

    class Meta:
        verbose_name = _("review of a ladder")
        verbose_name_plural = _("reviews of ladders")

    def __str__(self) -> str:
        return str(self.tier_set)


def ensure_known_tiers(program_id: int, codes: Sequence[str]) -> None:
    """Raises ValidationError on the field `tiers` for a code that no ladder in use has."""
    found = Tier.objects.filter(tier_set__program=program_id, tier_set__is_archived=False, code__in=codes)
    known = set(found.values_list("code", flat=True)) if codes else set()
    if unknown := [code for code in codes if code not in known]:
        raise ValidationError({"tiers": _("No ladder has a tier “%(code)s”.") % {"code": unknown[0]}})
