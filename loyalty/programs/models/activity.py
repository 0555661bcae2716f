from django.core.validators import FileExtensionValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from loyalty.lib import clock
from loyalty.programs.models.program import Program
from loyalty.programs.models.wallet import Wallet


class ActivityQuerySet(models.QuerySet["Activity"]):
    def of(self, program) -> "ActivityQuerySet":
        return self.filter(program=program)

    def purchases(self) -> "ActivityQuerySet":
        return self.filter(kind=Activity.Kind.PURCHASE)


class Activity(models.Model):
    """Anything a member did that a program may reward, as it happened; never changed, but it may come to nothing."""

    class Kind(models.TextChoices):
        PURCHASE = "purchase", _("purchase")
        ACTIVITY = "activity", _("activity")

    # No foreign key in the database: the member's already vouches for the program, and every purchase of a program
    # would lock that one row.
    program = models.ForeignKey(
        Program,
        on_delete=models.PROTECT,
        related_name="activities",
        verbose_name=_("program"),
        db_constraint=False,
        db_index=False,
    )
    member = models.ForeignKey(
        "loyalty.Member",
        on_delete=models.PROTECT,
        related_name="activities",
        verbose_name=_("member"),
        db_index=False,
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    type = models.CharField(_("type"), max_length=40)
    source = models.CharField(_("source"), max_length=40)
    external_id = models.CharField(_("receipt or id"), max_length=100)
    digest = models.CharField(max_length=64)
    event_at = models.DateTimeField(_("happened at"))
    created_at = models.DateTimeField(_("recorded at"), default=clock.now)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    total = models.DecimalField(_("total"), max_digits=18, decimal_places=4, default=0)
    channel = models.CharField(_("channel"), max_length=40, blank=True)
    store = models.CharField(_("store"), max_length=60, blank=True)
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)
    payments = models.JSONField(_("payments"), default=list, blank=True)
    explanation = models.JSONField(_("explanation"), default=list, blank=True)
    awards = models.JSONField(
        _("points"), default=list, blank=True, help_text=_("What it earned when it was recorded, per wallet.")
    )
    # What it was paid for, where its type pays once: the member is paid for it by no other activity of the type. Empty
    # where it earned nothing, or what it earned was taken away again; None where its type paid every time.
    once = models.CharField(_("paid once for"), max_length=40, null=True, blank=True, editable=False)
    # When it was cancelled, not confirmed in time, or refused by the staff. From then on it counts for nothing: on no
    # ladder, as no first purchase, in no rule that looks back.
    cancelled_at = models.DateTimeField(_("came to nothing at"), null=True, editable=False)
    # The version of the configuration that judged it. No foreign key in the database: versions are never deleted.
    version = models.ForeignKey(
        "loyalty.ProgramVersion",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name=_("judged by version"),
    )
    actor = models.CharField(_("recorded by"), max_length=80)

    objects = ActivityQuerySet.as_manager()

    class Meta:
        verbose_name = _("activity")
        verbose_name_plural = _("purchases and activities")
        constraints = [
            models.UniqueConstraint(fields=["program", "kind", "source", "external_id"], name="activity_once"),
            models.UniqueConstraint(
                fields=["member", "type", "once"], condition=models.Q(once__gt=""), name="activity_pays_once"
            ),
        ]
        indexes = [
            models.Index(fields=["member", "-event_at"], name="activity_of_member"),
            models.Index(fields=["program", "-event_at"], name="activity_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.source}:{self.external_id}"

    @property
    def key(self) -> str:
        """Under which the ledger knows what it earned; a wallet's code follows in the postings' keys."""
        return f"{self.kind}:{self.source}:{self.external_id}"


class ActivityLine(models.Model):
    """One line of a purchase; `amount` is the line’s total including tax, after its discount."""

    class Kind(models.TextChoices):
        ITEM = "item", _("item")
        SHIPPING = "shipping", _("shipping")

    # No foreign key in the database: lines come into being in the statement that makes their purchase, and only there.
    activity = models.ForeignKey(
        Activity,
        on_delete=models.CASCADE,
        related_name="lines",
        verbose_name=_("purchase"),
        db_index=False,
        db_constraint=False,
    )
    position = models.PositiveSmallIntegerField(_("line"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.ITEM)
    sku = models.CharField(_("SKU"), max_length=80, blank=True)
    category = models.CharField(_("category"), max_length=80, blank=True)
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)
    quantity = models.DecimalField(_("quantity"), max_digits=14, decimal_places=3, default=1)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=4)
    tax = models.DecimalField(_("tax"), max_digits=18, decimal_places=4, default=0)
    discount = models.DecimalField(_("discount"), max_digits=18, decimal_places=4, default=0)

    class Meta:
        verbose_name = _("line")
        verbose_name_plural = _("lines")
        constraints = [models.UniqueConstraint(fields=["activity", "position"], name="line_once")]

    def __str__(self) -> str:
        return self.sku or self.category or str(self.position)


class ExpiryWarning(models.Model):
    """A member was told, so many days ahead, that points expire at an instant; told once by its key."""

    member = models.ForeignKey("loyalty.Member", on_delete=models.CASCADE, related_name="+")
    wallet = models.ForeignKey(Wallet, on_delete=models.CASCADE, related_name="+")
    expires_at = models.DateTimeField()
    days = models.PositiveSmallIntegerField()
    points = models.BigIntegerField()
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["member", "wallet", "expires_at", "days"], name="warning_once")]

    def __str__(self) -> str:
        return f"{self.points} on {self.expires_at}"


class PurchaseImport(models.Model):
    """A file of purchases on its way in: checked first, applied on a second decision."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting to be checked")
        CHECKING = "checking", _("being checked")
        CHECKED = "checked", _("checked")
        APPLYING = "applying", _("being applied")
        APPLIED = "applied", _("applied")
        REFUSED = "refused", _("refused")
        FAILED = "failed", _("failed")

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="imports", verbose_name=_("program"))
    file = models.FileField(_("file"), upload_to="imports/", validators=[FileExtensionValidator(["csv"])])
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.WAITING)
    total_rows = models.PositiveIntegerField(_("rows"), default=0)
    done_rows = models.PositiveIntegerField(_("rows done"), default=0)
    report = models.JSONField(_("report"), default=dict, blank=True)
    uploaded_by = models.ForeignKey(
        "loyalty.User", on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("uploaded by")
    )
    created_at = models.DateTimeField(_("uploaded at"), default=clock.now)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.file.name.rpartition("/")[2]
