from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from loyalty.programs.models.program import Program

type_code = RegexValidator(
    r"^[a-z0-9][a-z0-9_.-]{0,39}$",
    _("Write the type in at most 40 small letters, digits, dots, hyphens or underscores."),
)


class ActivityKind(models.Model):
    """A type of activity that a program knows by name: what members read of it, and what tills must tell with it."""

    class LeapDay(models.TextChoices):
        BEFORE = "02-28", _("on 28 February")
        AFTER = "03-01", _("on 1 March")

    class Pays(models.TextChoices):
        EVERY = "every", _("every time")
        EVER = "ever", _("once ever, for each member")
        DAILY = "daily", _("once a day, for each member")
        VALUE = "value", _("once for each value of an attribute, such as every video, for each member")

    program = models.ForeignKey(
        Program, on_delete=models.PROTECT, related_name="activity_kinds", verbose_name=_("program")
    )
    code = models.CharField(
        _("type"), max_length=40, validators=[type_code], help_text=_("How tills, shops and earning rules name it.")
    )
    name = models.CharField(_("name"), max_length=80, help_text=_("What members read, such as “Repair a garment”."))
    description = models.CharField(
        _("how it is done"), max_length=300, blank=True, help_text=_("One sentence for members, in Ways to earn.")
    )
    url = models.URLField(
        _("where it is done"), blank=True, help_text=_("Members are led there. Empty: Laurel’s own page, if there is.")
    )
    is_shown = models.BooleanField(_("shown in Ways to earn"), default=True)
    is_strict = models.BooleanField(
        _("only these attributes"),
        default=True,
        help_text=_("What tills tell beyond them is refused, with the reason; so a misspelt name cannot slip through."),
    )
    pays = models.CharField(
        _("it pays"),
        max_length=5,
        choices=Pays,
        default=Pays.EVERY,
        help_text=_("What is done again is recorded and earns nothing. Days are those of the program’s time zone."),
    )
    pays_for = models.CharField(
        _("of which attribute"),
        max_length=60,
        blank=True,
        help_text=_("For “once for each value”: the name of one of the attributes below, such as “video”."),
    )
    leap_day = models.CharField(
        _("29 February, in other years"),
        max_length=5,
        choices=LeapDay,
        default=LeapDay.BEFORE,
        help_text=_("For birthdays and anniversaries."),
    )
    is_archived = models.BooleanField(_("archived"), default=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("type of activity")
        verbose_name_plural = _("types of activity")
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["program", "code"],
                name="kind_code_once",
                violation_error_message=_("This type is there already."),
            ),
            models.CheckConstraint(
                condition=models.Q(pays="value", pays_for__gt="") | (~models.Q(pays="value") & models.Q(pays_for="")),
                name="kind_pays_for_its_values",
                violation_error_message=_("“Once for each value” names an attribute, and nothing else does."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class KindAttribute(models.Model):
    """One thing that is told with every activity of a type."""

    class Form(models.TextChoices):
        TEXT = "text", _("text")
        NUMBER = "number", _("number")
        YES_NO = "yes_no", _("yes or no")
        CHOICE = "choice", _("one of")

    kind = models.ForeignKey(
        ActivityKind, on_delete=models.CASCADE, related_name="attributes", verbose_name=_("type of activity")
    )
    name = models.CharField(
        _("name"),
        max_length=60,
        validators=[
            RegexValidator(
                r"^[A-Za-z_][A-Za-z0-9_.-]*$",
                _("Begin with a letter; then letters, digits, dots, hyphens, underscores."),
            )
        ],
    )
    form = models.CharField(_("what it is"), max_length=8, choices=Form, default=Form.TEXT)
    choices = models.CharField(_("one of these"), max_length=500, blank=True, help_text=_("Separated by commas."))
    is_required = models.BooleanField(_("needed"), default=False)
    position = models.PositiveSmallIntegerField(default=0)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("attribute")
        verbose_name_plural = _("attributes")
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["kind", "name"], name="kind_attribute_once")]

    def __str__(self) -> str:
        return self.name
