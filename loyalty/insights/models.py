from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from loyalty.lib import clock


class PointsDay(models.Model):
    """Points of one wallet that moved on one business day: by bucket, by what moved them, and from or to where."""

    wallet = models.ForeignKey("loyalty.Wallet", on_delete=models.CASCADE, related_name="+")
    day = models.DateField(_("day"))
    bucket = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=40)
    contra = models.CharField(max_length=40)
    points = models.BigIntegerField(_("points"))
    postings = models.BigIntegerField(_("movements"))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["wallet", "day", "bucket", "kind", "contra"], name="points_day_once")
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.kind}: {self.points}"


class Watermark(models.Model):
    """How far the ledger has been counted: one row.

    Every posting up to `upto_id` is in the days. `candidate_id` was the newest id when it was noted; it may be counted
    once the transactions that were posting then (`writers`) have ended, because then no smaller id can still appear.
    """

    upto_id = models.BigIntegerField(default=0)
    candidate_id = models.BigIntegerField(default=0)
    writers = ArrayField(models.CharField(max_length=40), default=list)
    counted_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return f"up to {self.upto_id}"


class ProgramSnapshot(models.Model):
    """How many members a program had at an instant, and up to which id they were counted."""

    program = models.OneToOneField("loyalty.Program", on_delete=models.CASCADE, related_name="+")
    members = models.PositiveIntegerField(_("members"))
    upto_id = models.BigIntegerField()
    counted_at = models.DateTimeField(_("as of"))

    def __str__(self) -> str:
        return f"{self.program_id}: {self.members}"


class ExpiryOutlook(models.Model):
    """Points of a wallet that expire within so many days of `counted_at` unless spent, and what members owe."""

    wallet = models.OneToOneField("loyalty.Wallet", on_delete=models.CASCADE, related_name="+")
    within_30 = models.BigIntegerField()
    within_60 = models.BigIntegerField()
    within_90 = models.BigIntegerField()
    debt = models.BigIntegerField()
    counted_at = models.DateTimeField(_("as of"))

    def __str__(self) -> str:
        return f"{self.wallet_id}: {self.within_30}"
