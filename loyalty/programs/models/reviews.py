from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from loyalty.lib import clock
from loyalty.programs.models.program import Program


class Review(models.Model):
    """What a member thinks of a product; read by the staff before it earns anything."""

    class State(models.TextChoices):
        WAITING = "waiting", _("to be read")
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("rejected")

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="reviews", verbose_name=_("program"))
    member = models.ForeignKey(
        "loyalty.Member", on_delete=models.PROTECT, related_name="reviews", verbose_name=_("member")
    )
    product = models.CharField(_("product"), max_length=80)
    stars = models.PositiveSmallIntegerField(_("stars"), validators=[MinValueValidator(1), MaxValueValidator(5)])
    text = models.TextField(_("text"), max_length=4000)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.WAITING)
    reason = models.CharField(_("why"), max_length=200, blank=True, help_text=_("The member reads it."))
    submitted_at = models.DateTimeField(_("submitted at"), default=clock.now)
    decided_at = models.DateTimeField(_("decided at"), null=True)
    decided_by = models.CharField(_("decided by"), max_length=80, blank=True)
    source = models.CharField(_("came through"), max_length=40, default="portal")

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["member", "product"], name="review_once", condition=~Q(state="rejected")),
            models.CheckConstraint(condition=Q(stars__range=(1, 5)), name="review_has_stars"),
        ]
        indexes = [models.Index(fields=["program", "state", "-id"], name="review_to_read")]

    def __str__(self) -> str:
        return f"{self.product}: {self.stars}"
