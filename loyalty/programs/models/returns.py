from django.db import models
from django.utils.translation import gettext_lazy as _

from loyalty.lib import clock
from loyalty.programs.models.activity import Activity
from loyalty.programs.models.program import Program


class Return(models.Model):
    """Part of a purchase came back, in one step; never changed afterwards."""

    # No foreign key to the program in the database, as with activities.
    program = models.ForeignKey(
        Program, on_delete=models.PROTECT, related_name="returns", db_constraint=False, db_index=False
    )
    purchase = models.ForeignKey(Activity, on_delete=models.PROTECT, related_name="returns", verbose_name=_("purchase"))
    external_id = models.CharField(_("return"), max_length=100)
    digest = models.CharField(max_length=64)
    lines = models.JSONField(_("lines"), default=list, help_text=_("What came back in this step: line and quantity."))
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=4, default=0)
    clawbacks = models.JSONField(
        _("points taken back"), default=list, help_text=_("Per wallet: points asked, taken and waived.")
    )
    given_back = models.JSONField(
        _("points given back"), default=list, help_text=_("Points spent on the order, per wallet and posting.")
    )
    is_last = models.BooleanField(_("nothing is left"), default=False)
    is_after_spending = models.BooleanField(_("points were spent"), default=False)
    event_at = models.DateTimeField(_("happened at"))
    created_at = models.DateTimeField(_("recorded at"), default=clock.now)
    actor = models.CharField(_("recorded by"), max_length=80)

    class Meta:
        verbose_name = _("return")
        verbose_name_plural = _("returns")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["purchase", "external_id"], name="return_once")]
        indexes = [
            models.Index(fields=["program", "-event_at"], name="returns_newest"),
            models.Index(fields=["purchase"], condition=models.Q(is_last=True), name="returns_of_all"),
        ]

    def __str__(self) -> str:
        return self.external_id
