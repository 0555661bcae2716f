from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Message(models.Model):
    """One event for one subscriber."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        DONE = "done", _("delivered")
        FAILED = "failed", _("failed")

    event = models.CharField(_("event"), max_length=120)
    payload = models.JSONField(_("payload"))
    subscriber = models.CharField(_("subscriber"), max_length=160)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_at = models.DateTimeField(_("next attempt at"))
    last_error = models.TextField(_("last error"), blank=True)
    created_at = models.DateTimeField(_("created at"))
    done_at = models.DateTimeField(_("delivered at"), null=True, blank=True)

    class Meta:
        db_table = "outbox_message"
        verbose_name = _("outbox message")
        verbose_name_plural = _("outbox messages")
        indexes = [
            models.Index(fields=["next_at", "id"], name="outbox_due", condition=Q(state="waiting")),
            models.Index(fields=["-id"], name="outbox_red", condition=Q(state="failed")),
        ]

    def __str__(self) -> str:
        return f"{self.event} → {self.subscriber}"
