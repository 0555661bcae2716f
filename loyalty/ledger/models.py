"""The ledger's tables as the ORM reads them. SQL owns them (`migrations/ledger/*.sql`): only its functions write.

Every key begins with the account, so ask with `account_id` beside the id: an id alone has no index.
"""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class Bucket(models.IntegerChoices):
    """The state of a point on an account."""

    ACTIVE = 0, _("active")
    PENDING = 1, _("pending")
    HELD = 2, _("held")


class Account(models.Model):
    """One holder's place in one wallet. `balance` counts active points only; negative is debt."""

    subject = models.UUIDField()
    wallet = models.ForeignKey("loyalty.Wallet", on_delete=models.PROTECT, related_name="+")
    holder = models.CharField(max_length=8)
    balance = models.BigIntegerField()
    pending = models.BigIntegerField()
    held = models.BigIntegerField()
    earned_total = models.BigIntegerField()
    may_owe = models.BooleanField()
    created_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "ledger_account"
        verbose_name = _("balance")
        verbose_name_plural = _("balances")

    def __str__(self) -> str:
        return f"account {self.pk}"


class Posting(models.Model):
    """One movement in one bucket, double entry by construction: it names its account and its contra.

    `refers_to` is the posting of the same account that this one reverses, activates, cancels, captures or releases.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="postings")
    bucket = models.SmallIntegerField(choices=Bucket.choices)
    points = models.BigIntegerField()
    balance_after = models.BigIntegerField()
    waived = models.BigIntegerField(null=True)
    kind = models.TextField()
    key = models.TextField()
    contra = models.TextField()
    contra_account = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    transfer = models.UUIDField(null=True)
    refers_to = models.BigIntegerField(null=True)
    source = models.TextField()
    actor = models.TextField()
    note = models.TextField()
    reason = models.TextField()
    event_at = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "ledger_posting"
        verbose_name = _("points movement")
        verbose_name_plural = _("points movements")

    def __str__(self) -> str:
        return f"{self.kind} {self.points:+d}"


class Lot(models.Model):
    """Points of one award. A lot is spendable while open, not pending and before `expires_at`."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="lots")
    posting_id = models.BigIntegerField()
    granted = models.BigIntegerField()
    remaining = models.BigIntegerField()
    earned_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    activates_at = models.DateTimeField(null=True)
    cancel_at = models.DateTimeField(null=True)
    reopened = models.IntegerField()
    is_pending = models.BooleanField()
    is_open = models.BooleanField()

    class Meta:
        managed = False
        db_table = "ledger_lot"
        verbose_name = _("lot of points")
        verbose_name_plural = _("points that expire")

    def __str__(self) -> str:
        return f"lot {self.pk}: {self.remaining} of {self.granted}"


class LotUse(models.Model):
    """Which points a posting took from which lot; negative points were put back, undoing an earlier posting's use."""

    pk = models.CompositePrimaryKey("account_id", "posting_id", "seq")
    account_id = models.BigIntegerField()
    posting_id = models.BigIntegerField()
    seq = models.IntegerField()
    lot_id = models.BigIntegerField()
    points = models.BigIntegerField()
    undoes = models.BigIntegerField(null=True)

    class Meta:
        managed = False
        db_table = "ledger_lot_use"

    def __str__(self) -> str:
        return f"{self.points} of lot {self.lot_id}"


class Hold(models.Model):
    """Points set aside until captured or released, at the latest at `expires_at`. The id is its posting's."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="holds")
    points = models.BigIntegerField()
    captured = models.BigIntegerField()
    released = models.BigIntegerField()
    expires_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "ledger_hold"

    def __str__(self) -> str:
        return f"hold {self.pk}: {self.points}"


class Redating(models.Model):
    """One change of the dates of some lots of an account: `lots[i]` from `was[i]` to `becomes[i]` (null: never)."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    kind = models.TextField()
    key = models.TextField()
    actor = models.TextField()
    points = models.BigIntegerField()
    lots: ClassVar = ArrayField(models.BigIntegerField())
    was: ClassVar = ArrayField(models.DateTimeField(null=True))
    becomes: ClassVar = ArrayField(models.DateTimeField(null=True))
    event_at = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "ledger_redating"

    def __str__(self) -> str:
        return f"{self.kind} of {len(self.lots)} lots"
