import uuid

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from loyalty.lib import clock
from loyalty.programs.models.program import Program
from loyalty.programs.models.wallet import Wallet, ensure_spendable


class HouseholdPolicy(models.Model):
    """Whether members of a program may share a wallet in households or clubs, and how."""

    class Leaving(models.TextChoices):
        BY_SHARE = "by_share", _("takes a part of what is left, by what they put in")
        STAYS = "stays", _("leaves everything there")

    program = models.OneToOneField(
        Program, on_delete=models.PROTECT, related_name="household_policy", verbose_name=_("program")
    )
    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, related_name="+", verbose_name=_("shared wallet"))
    is_on = models.BooleanField(_("members may share points"), default=True)
    percent = models.PositiveSmallIntegerField(
        _("part of what each earns, in per cent"), default=100,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text=_("So much of every award goes to the household, rounded down; the rest stays with the member."),
    )  # fmt: skip
    most_members = models.PositiveSmallIntegerField(
        _("members at most"), default=6, validators=[MinValueValidator(2), MaxValueValidator(1000)]
    )
    leaving = models.CharField(_("who leaves"), max_length=8, choices=Leaving, default=Leaving.BY_SHARE)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("sharing of points")
        verbose_name_plural = _("households and clubs: rules")
        constraints = [
            models.CheckConstraint(condition=Q(percent__gte=1) & Q(percent__lte=100), name="household_part_is_per_cent")
        ]

    def __str__(self) -> str:
        return str(self.program)

    def clean(self) -> None:
        """What counts for tiers alone belongs to whoever earned it."""
        ensure_spendable(self, "wallet", _("This wallet only counts for tiers; its points cannot be shared."))


class Household(models.Model):
    """Members who share points: a ledger account of its own, known there by `subject`."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+", verbose_name=_("program"))
    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, related_name="+", verbose_name=_("wallet"))
    name = models.CharField(_("name"), max_length=80)
    code = models.CharField(_("code to join"), max_length=20, unique=True)
    subject = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(_("founded at"), default=clock.now)
    dissolved_at = models.DateTimeField(_("dissolved at"), null=True, blank=True)
    history = HistoricalRecords(excluded_fields=["subject"])

    class Meta:
        verbose_name = _("household or club")
        verbose_name_plural = _("households and clubs")
        ordering = ["-id"]
        indexes = [models.Index(fields=["program", "-id"], name="household_newest")]

    def __str__(self) -> str:
        return self.name


class HouseholdMember(models.Model):
    """Someone's time in a household. `upto` is the last posting of theirs of which the household got its part."""

    class Role(models.TextChoices):
        OWNER = "owner", _("owner")
        SPENDER = "spender", _("may take points")
        EARNER = "earner", _("adds points only")

    household = models.ForeignKey(
        Household, on_delete=models.PROTECT, related_name="memberships", verbose_name=_("household")
    )
    member = models.ForeignKey(
        "loyalty.Member", on_delete=models.PROTECT, related_name="households", verbose_name=_("member")
    )
    role = models.CharField(_("role"), max_length=7, choices=Role, default=Role.SPENDER)
    upto = models.BigIntegerField(default=0)
    joined_at = models.DateTimeField(_("since"), default=clock.now)
    left_at = models.DateTimeField(_("until"), null=True, blank=True)
    history = HistoricalRecords(excluded_fields=["upto"])

    class Meta:
        verbose_name = _("member of a household")
        verbose_name_plural = _("members of households")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["member"], name="household_one_at_a_time", condition=Q(left_at=None)),
            models.UniqueConstraint(
                fields=["household"], name="household_one_owner", condition=Q(left_at=None, role="owner")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member}: {self.household}"


class HouseholdMove(models.Model):
    """Points that a member put into a household (positive) or got out of it (negative); never changed."""

    household = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="moves", db_index=False)
    member = models.ForeignKey("loyalty.Member", on_delete=models.PROTECT, related_name="+", verbose_name=_("member"))
    points = models.BigIntegerField(_("points"))
    key = models.CharField(max_length=120)
    actor = models.CharField(_("by"), max_length=80)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("movement of a household")
        verbose_name_plural = _("movements of households")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["household", "key"], name="household_move_once"),
            models.CheckConstraint(condition=~Q(points=0), name="household_move_moves"),
        ]

    def __str__(self) -> str:
        return f"{self.household} {self.points:+d}"

    @property
    def is_return(self) -> bool:
        """Whether the household gave it back because goods came back."""
        return ":returned:" in self.key
