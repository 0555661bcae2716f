"""The ledger's tables as the ORM reads them. SQL owns them (`migrations/ledger/*.sql`): only its functions write."""

import uuid

from django.db import models


class Bucket(models.IntegerChoices):
    ACTIVE = 0
    PENDING = 1
    HELD = 2


class Account(models.Model):
    """One holder's place in one wallet. `balance` counts active points only; negative is debt."""

    subject = models.UUIDField(default=uuid.uuid4)
    wallet = models.ForeignKey("loyalty.Wallet", on_delete=models.PROTECT, related_name="+")
    holder = models.CharField(max_length=8, default="member")
    balance = models.BigIntegerField(default=0)
    pending = models.BigIntegerField(default=0)
    held = models.BigIntegerField(default=0)
    earned_total = models.BigIntegerField(default=0)
    may_owe = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "ledger_account"

    def __str__(self) -> str:
        return f"account {self.pk}"


class Posting(models.Model):
    """One movement in one bucket, double entry by construction: it names its account and its contra."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="postings")
    bucket = models.SmallIntegerField(choices=Bucket.choices)
    points = models.BigIntegerField()
    balance_after = models.BigIntegerField()
    kind = models.CharField(max_length=20)
    key = models.CharField(max_length=200)
    contra = models.CharField(max_length=20)
    contra_account = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    transfer = models.UUIDField(null=True)
    source = models.CharField(max_length=200)
    actor = models.CharField(max_length=80)
    note = models.CharField(max_length=300)
    reason = models.CharField(max_length=300)
    reverses = models.BigIntegerField(null=True)
    event_at = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "ledger_posting"

    def __str__(self) -> str:
        return f"{self.kind} {self.points:+d}"


class Lot(models.Model):
    """Points of one award. A lot is spendable while open, not pending and before `expires_at`."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="lots")
    posting = models.ForeignKey(Posting, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    granted = models.BigIntegerField()
    remaining = models.BigIntegerField()
    earned_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    is_pending = models.BooleanField(default=False)
    activates_at = models.DateTimeField(null=True)
    cancel_at = models.DateTimeField(null=True)
    is_open = models.BooleanField(default=True)

    class Meta:
        managed = False
        db_table = "ledger_lot"

    def __str__(self) -> str:
        return f"lot {self.pk}: {self.remaining} of {self.granted}"


class LotUse(models.Model):
    """Which points a debit took from which lot; negative points were put back."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="uses", db_constraint=False)
    posting = models.ForeignKey(Posting, on_delete=models.PROTECT, related_name="uses", db_constraint=False)
    points = models.BigIntegerField()

    class Meta:
        managed = False
        db_table = "ledger_lot_use"

    def __str__(self) -> str:
        return f"{self.points} of lot {self.lot_id}"


class Hold(models.Model):
    """Points set aside until they are captured or released, at the latest at `expires_at`."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="holds")
    key = models.CharField(max_length=200)
    posting = models.ForeignKey(Posting, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    points = models.BigIntegerField()
    captured = models.BigIntegerField(default=0)
    released = models.BigIntegerField(default=0)
    expires_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "ledger_hold"

    def __str__(self) -> str:
        return f"hold {self.key}: {self.points}"
