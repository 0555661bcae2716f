import secrets

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from loyalty.programs.models.program import Program


def new_secret() -> str:
    """256 random bits, from which the changing codes are made."""
    return secrets.token_hex(32)


class Place(models.Model):
    """A store or an event where members check in by a code that changes all the time."""

    class Kind(models.TextChoices):
        VISIT = "visit", _("store: once a day")
        EVENT = "event", _("event: once")

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="places", verbose_name=_("program"))
    code = models.SlugField(_("code"), max_length=40)
    name = models.CharField(_("name"), max_length=80, help_text=_("Members read it, such as “Oslo 1”."))
    kind = models.CharField(_("what it is"), max_length=5, choices=Kind, default=Kind.VISIT)
    secret = models.CharField(max_length=64, default=new_secret, editable=False)
    starts_at = models.DateTimeField(_("from"), null=True, blank=True)
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)
    is_archived = models.BooleanField(_("archived"), default=False)
    history = HistoricalRecords(excluded_fields=["secret"])

    class Meta:
        verbose_name = _("place to check in")
        verbose_name_plural = _("places to check in")
        ordering = ["name", "id"]
        permissions = [("show_place", _("Can show the code to check in"))]
        constraints = [
            models.UniqueConstraint(
                fields=["program", "code"],
                name="place_code_once",
                violation_error_message=_("This code is taken already."),
            ),
            models.CheckConstraint(
                condition=Q(starts_at__isnull=True) | Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="place_ends_after_start",
                violation_error_message=_("The end lies before the beginning."),
            ),
        ]

    def __str__(self) -> str:
        return self.name
