"""What is kept of one member beside their points, as plain values, for them to take away."""

from typing import Any

from django.db.models import F, Q, QuerySet

from loyalty.members.models import Member, SegmentMember
from loyalty.programs.models.conversions import Conversion
from loyalty.programs.models.households import HouseholdMember, HouseholdMove
from loyalty.programs.models.moving import Transfer
from loyalty.programs.models.referrals import Referral
from loyalty.programs.models.reinstatement import Reinstatement
from loyalty.programs.models.tiers import TierChange, TierStanding


def data_of(member: Member) -> dict[str, list[dict[str, Any]]]:
    """Tiers and how they changed, invitations, households, lists, and what was sent, changed and brought back.

    Of the others only what the member wrote themselves is told.
    """
    return {
        "tiers": _rows(
            TierStanding.objects.filter(member=member), "since", "keeps_until", "floor_until", "is_locked",
            ladder=F("tier_set__code"), tier_code=F("tier__code"),
        ),
        "tier_changes": _rows(
            TierChange.objects.filter(member=member), "at", "why", "measured", "reason",
            ladder=F("tier_set__code"), from_tier=F("before__code"), to_tier=F("after__code"),
        ),
        "invitations": _rows(Referral.objects.filter(referrer=member), "state", "reason", "joined_at", "changed_at"),
        "invited": _rows(Referral.objects.filter(friend=member), "state", "reason", "joined_at", "changed_at"),
        "households": _rows(
            HouseholdMember.objects.filter(member=member), "role", "joined_at", "left_at", name=F("household__name")
        ),
        "household_moves": _rows(
            HouseholdMove.objects.filter(member=member), "at", "points", name=F("household__name")
        ),
        "transfers": _transfers(member),
        "conversions": _rows(
            Conversion.objects.filter(member=member), "created_at", "given", "fee", "received",
            from_code=F("from_wallet__code"), to_code=F("to_wallet__code"),
        ),
        "reinstatements": _rows(
            Reinstatement.objects.filter(member=member), "created_at", "expired_at", "points", "came_back", "fee",
            "amount", "currency", "state", "pay_by", "settled_at", wallet_code=F("wallet__code"),
        ),
        "lists": _rows(SegmentMember.objects.filter(member=member), "created_at", name=F("segment__name")),
    }  # fmt: skip


def _rows(found: QuerySet[Any], *names: str, **told: Any) -> list[dict[str, Any]]:
    return list(found.order_by("pk").values(*names, **told))


def _transfers(member: Member) -> list[dict[str, Any]]:
    """What the member sent, and what they got: whom a gift came from is told by the statement, in its own words."""
    made = Transfer.objects.filter(Q(giver=member) | Q(receiver=member)).select_related("wallet").order_by("pk")
    return [
        {
            "wallet": each.wallet.code, "points": each.points, "state": each.state, "note": each.note,
            "created_at": each.created_at, "settled_at": each.settled_at,
            **({"sent_to": each.addressed, "fee": each.fee} if each.giver_id == member.pk else {"received": True}),
        }
        for each in made
    ]  # fmt: skip
