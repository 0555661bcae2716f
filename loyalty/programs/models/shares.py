from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from loyalty.lib import clock
from loyalty.programs.models.program import Program


class ShareItem(models.Model):
    """Something worth telling others about."""

    program = models.ForeignKey(
        Program, on_delete=models.PROTECT, related_name="share_items", verbose_name=_("program")
    )
    code = models.SlugField(_("code"), max_length=40)
    title = models.CharField(_("title"), max_length=100, help_text=_("What is shared, as members read it."))
    url = models.URLField(_("where it leads"), help_text=_("Whoever opens a shared link lands here."))
    starts_at = models.DateTimeField(_("from"), null=True, blank=True)
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)
    is_archived = models.BooleanField(_("archived"), default=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("thing to share")
        verbose_name_plural = _("things to share")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["program", "code"],
                name="share_item_code_once",
                violation_error_message=_("This code is taken already."),
            )
        ]

    def __str__(self) -> str:
        return self.title


class Share(models.Model):
    """A member's own link to an item on one day; it pays when somebody else opens it for the first time."""

    item = models.ForeignKey(ShareItem, on_delete=models.PROTECT, related_name="shares", verbose_name=_("item"))
    member = models.ForeignKey(
        "loyalty.Member", on_delete=models.PROTECT, related_name="shares", verbose_name=_("member")
    )
    token = models.CharField(max_length=32, unique=True)
    made_on = models.DateField(_("day"))
    created_at = models.DateTimeField(_("made at"), default=clock.now)
    opened_at = models.DateTimeField(_("first opened at"), null=True)

    class Meta:
        verbose_name = _("share")
        verbose_name_plural = _("shares")
        constraints = [models.UniqueConstraint(fields=["item", "member", "made_on"], name="share_once_a_day")]

    def __str__(self) -> str:
        return f"{self.item} {self.made_on}"
