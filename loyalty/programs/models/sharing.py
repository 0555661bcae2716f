from django.core.validators import URLValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from loyalty.lib import clock
from loyalty.programs.models.activity import Activity
from loyalty.programs.models.program import Program


class ShareItem(models.Model):
    """Something that members may share: words and an address, and what earns. What it pays is told by earning rules.

    A draft until it is published; archived, never deleted.
    """

    class Pays(models.TextChoices):
        SHARE = "share", _("the sharing itself, as members say it")
        VISIT = "visit", _("the first visit of somebody else")

    class Period(models.TextChoices):
        EVER = "ever", _("once")
        MONTH = "month", _("once a month")
        WEEK = "week", _("once a week")
        DAY = "day", _("once a day")

    program = models.ForeignKey(
        Program, on_delete=models.PROTECT, related_name="share_items", verbose_name=_("program")
    )
    code = models.SlugField(
        _("code"), max_length=40, help_text=_("Stands in its address; earning rules can ask for it.")
    )
    title = models.CharField(_("title"), max_length=100, help_text=_("Members read it, and whoever they send it to."))
    text = models.CharField(
        _("words to send"), max_length=280, blank=True, help_text=_("They stand beside the link, ready to be sent.")
    )
    url = models.URLField(
        _("where it leads"),
        max_length=500,
        validators=[URLValidator(schemes=["https", "http"])],
        help_text=_("Visitors come there in one step, by a page of yours that counts them."),
    )
    pays_on = models.CharField(
        _("what earns"),
        max_length=5,
        choices=Pays,
        default=Pays.VISIT,
        help_text=_("Nobody can look whether something was shared; a visit is seen. One’s own visits never count."),
    )
    period = models.CharField(_("how often"), max_length=5, choices=Period, default=Period.EVER)
    starts_at = models.DateTimeField(_("from"), null=True, blank=True)
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)
    is_published = models.BooleanField(_("published"), default=False, editable=False)
    is_archived = models.BooleanField(_("archived"), default=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("thing to share")
        verbose_name_plural = _("things to share")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["program", "code"],
                name="share_code_once",
                violation_error_message=_("This code is taken already."),
            ),
            models.CheckConstraint(
                condition=Q(starts_at__isnull=True) | Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="share_ends_after_start",
                violation_error_message=_("The end lies before the beginning."),
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Share(models.Model):
    """A member's own link to a thing in one period, what came of it, and what it earned: once."""

    item = models.ForeignKey(ShareItem, on_delete=models.PROTECT, related_name="shares", verbose_name=_("thing"))
    member = models.ForeignKey(
        "loyalty.Member", on_delete=models.PROTECT, related_name="shares", verbose_name=_("member")
    )
    period = models.CharField(_("period"), max_length=10)
    token = models.CharField(max_length=32, unique=True)
    origin = models.CharField(max_length=32, blank=True)
    created_at = models.DateTimeField(_("made at"), default=clock.now)
    shared_at = models.DateTimeField(_("shared at"), null=True)
    visits = models.PositiveIntegerField(_("visits"), default=0)
    activity = models.ForeignKey(
        Activity, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("what it earned")
    )

    class Meta:
        verbose_name = _("link of a member")
        verbose_name_plural = _("links of members")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["item", "member", "period"], name="share_once")]

    def __str__(self) -> str:
        return f"{self.item}: {self.member}"


class ShareVisit(models.Model):
    """Somebody else came by a link; `visitor` tells two browsers apart and leads back to nobody."""

    share = models.ForeignKey(Share, on_delete=models.CASCADE, related_name="visited", db_index=False)
    visitor = models.CharField(max_length=32)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name = _("visit by a link")
        verbose_name_plural = _("visits by links")
        constraints = [models.UniqueConstraint(fields=["share", "visitor"], name="share_visit_once")]

    def __str__(self) -> str:
        return f"{self.share} {self.at}"
