from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from loyalty.lib import clock
from loyalty.programs.models.activity import Activity
from loyalty.programs.models.program import Program

LONGEST = 5000


class ReviewPolicy(models.Model):
    """Whether members may write reviews in the portal, and of what. What one pays is told by earning rules."""

    program = models.OneToOneField(
        Program, on_delete=models.PROTECT, related_name="review_policy", verbose_name=_("program")
    )
    is_active = models.BooleanField(_("members may write reviews"), default=True)
    about_items = models.BooleanField(
        _("about what they bought"), default=True, help_text=_("Of every item once, by those who bought and kept it.")
    )
    about_shop = models.BooleanField(_("about the shop in general"), default=True, help_text=_("Once per member."))
    shortest = models.PositiveSmallIntegerField(
        _("characters at least"),
        default=20,
        validators=[MaxValueValidator(1000)],
        help_text=_("0: the stars alone are enough."),
    )
    longest = models.PositiveSmallIntegerField(
        _("characters at most"), default=1000, validators=[MinValueValidator(100), MaxValueValidator(LONGEST)]
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("review policy")
        verbose_name_plural = _("review policies")
        constraints = [
            models.CheckConstraint(
                condition=Q(shortest__lte=F("longest")) & Q(longest__lte=LONGEST),
                name="review_lengths_in_order",
                violation_error_message=_("At least is more than at most."),
            ),
            models.CheckConstraint(
                condition=Q(about_items=True) | Q(about_shop=True),
                name="review_about_something",
                violation_error_message=_("Say what reviews may be about; or switch them off."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.program)


class Review(models.Model):
    """What a member thinks of an item they bought, or of the shop (then without `sku`). It pays when staff approve it.

    `version` counts the writings, so that staff decide about the words that they saw.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waits for a look")
        APPROVED = "approved", _("approved")
        REFUSED = "refused", _("refused")

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="reviews", verbose_name=_("program"))
    member = models.ForeignKey(
        "loyalty.Member", on_delete=models.PROTECT, related_name="reviews", verbose_name=_("member")
    )
    sku = models.CharField(_("SKU"), max_length=80, blank=True)
    item = models.CharField(_("item"), max_length=120, blank=True)
    stars = models.PositiveSmallIntegerField(_("stars"))
    text = models.TextField(_("review"), blank=True)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.WAITING)
    reason = models.CharField(_("why it was refused"), max_length=300, blank=True)
    is_final = models.BooleanField(_("cannot be written anew"), default=False)
    version = models.PositiveIntegerField(default=1)
    written_at = models.DateTimeField(_("written at"), default=clock.now)
    decided_at = models.DateTimeField(_("decided at"), null=True)
    decided_by = models.CharField(_("decided by"), max_length=80, blank=True)
    activity = models.ForeignKey(
        Activity, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("what it earned")
    )

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering = ["-id"]
        indexes = [models.Index(fields=["program", "state", "written_at"], name="review_queue")]
        constraints = [
            models.UniqueConstraint(fields=["member", "sku"], name="review_once"),
            models.CheckConstraint(condition=Q(stars__range=(1, 5)), name="review_stars"),
            models.CheckConstraint(
                condition=(Q(state="approved") & Q(activity__isnull=False))
                | (~Q(state="approved") & Q(activity__isnull=True)),
                name="review_pays_when_approved",
            ),
            models.CheckConstraint(
                condition=(Q(state="refused") & ~Q(reason="")) | (~Q(state="refused") & Q(reason="", is_final=False)),
                name="review_refused_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item or self.program}: {self.stars}"
