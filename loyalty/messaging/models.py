from django.db import models
from django.utils.translation import gettext_lazy as _

from loyalty.lib import clock


class InboxEntry(models.Model):
    """One message as the member reads it in the portal, in the language it was written in."""

    member = models.ForeignKey(
        "loyalty.Member", on_delete=models.CASCADE, related_name="inbox", verbose_name=_("member")
    )
    kind = models.CharField(_("kind"), max_length=40)
    key = models.CharField(max_length=200)
    subject = models.CharField(_("subject"), max_length=200)
    body = models.TextField(_("text"))
    created_at = models.DateTimeField(_("at"), default=clock.now)
    read_at = models.DateTimeField(_("read at"), null=True, blank=True)
    celebrated_at = models.DateTimeField(_("celebrated at"), null=True, blank=True)

    class Meta:
        verbose_name = _("inbox entry")
        verbose_name_plural = _("inbox entries")
        constraints = [models.UniqueConstraint(fields=["member", "key"], name="inbox_once")]
        indexes = [models.Index(fields=["member", "-created_at"], name="inbox_newest")]

    def __str__(self) -> str:
        return self.subject


class Delivery(models.Model):
    """One message to one member through one channel."""

    class State(models.TextChoices):
        SENT = "sent", _("sent")
        SKIPPED = "skipped", _("not sent")

    member = models.ForeignKey(
        "loyalty.Member", on_delete=models.CASCADE, related_name="deliveries", verbose_name=_("member")
    )
    channel = models.CharField(_("channel"), max_length=20)
    kind = models.CharField(_("kind"), max_length=40)
    key = models.CharField(max_length=200)
    recipient = models.CharField(_("to"), max_length=254, blank=True)
    subject = models.CharField(_("subject"), max_length=200)
    state = models.CharField(_("state"), max_length=8, choices=State)
    why = models.CharField(_("why not"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("at"), default=clock.now)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [models.UniqueConstraint(fields=["member", "channel", "key"], name="delivery_once")]

    def __str__(self) -> str:
        return f"{self.channel}: {self.subject}"
