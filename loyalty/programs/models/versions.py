from django.db import models
from django.utils.translation import gettext_lazy as _

from loyalty.lib import clock
from loyalty.programs.models.program import Program


class ProgramVersion(models.Model):
    """A program's configuration as it was in force; every activity remembers the one that judged it. Never changed."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="versions", verbose_name=_("program"))
    number = models.PositiveIntegerField(_("number"))
    digest = models.CharField(max_length=64, editable=False)
    document = models.JSONField(_("configuration"))
    # Which row each entry of the document stood for, so that a new name does not make it another thing.
    places = models.JSONField(default=dict, editable=False)
    # The newest number of the configuration that this version describes; see Program.config_version.
    config_version = models.BigIntegerField(null=True, editable=False)
    note = models.CharField(_("what is new"), max_length=200, blank=True)
    proposed_by = models.CharField(_("proposed by"), max_length=80, blank=True)
    published_by = models.CharField(_("published by"), max_length=80, blank=True)
    published_at = models.DateTimeField(_("in force since"), default=clock.now)
    back_to = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("back to version")
    )

    class Meta:
        verbose_name = _("version")
        verbose_name_plural = _("versions")
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["program", "number"], name="version_once"),
            models.UniqueConstraint(fields=["program", "config_version"], name="version_of_configuration_once"),
        ]

    def __str__(self) -> str:
        return f"{self.program.code} {self.number}"
