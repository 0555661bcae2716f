"""Invitations: the policy, a member's own, and those whose first purchase has come."""

from collections.abc import Iterator
from decimal import Decimal

from django.db.models import Exists, OuterRef, Sum

from loyalty.members.models import Member
from loyalty.programs.models.activity import Activity
from loyalty.programs.models.program import Program
from loyalty.programs.models.referrals import Referral, ReferralPolicy
from loyalty.programs.models.returns import Return
from loyalty.programs.queries.in_force import only_in_force


def policy_of(program: Program) -> ReferralPolicy | None:
    """The policy, if members may invite friends now."""
    return only_in_force(program.pk, "invitations") if program.is_active else None


def policy_for(referral: Referral) -> ReferralPolicy | None:
    """By which an invitation that was made is judged; as it is stored where it is switched off now."""
    found: ReferralPolicy | None = only_in_force(referral.program_id, "invitations")
    return found or ReferralPolicy.objects.filter(program=referral.program_id).first()


def referrals_of(member: Member) -> list[Referral]:
    """Whom the member brought, newest first. (Members are shown the states alone.)"""
    return list(Referral.objects.filter(referrer=member))


def first_purchase_of(member_id: int) -> Activity | None:
    """What was recorded first; a later receipt with an earlier date changes nothing."""
    return Activity.objects.purchases().filter(member_id=member_id).order_by("pk").first()


def kept_of(purchase: Activity) -> Decimal:
    """What of a purchase has not come back, in its currency; nothing of one that came to nothing."""
    if purchase.cancelled_at:
        return Decimal(0)
    returned = Return.objects.filter(purchase=purchase).aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
    return purchase.total - returned


def referrals_to_follow(*, after: int = 0, limit: int = 500) -> Iterator[int]:
    """The friends whose first purchase has come and was not looked at yet, by their ids."""
    bought = Activity.objects.purchases().filter(member_id=OuterRef("friend_id"))
    waiting = Referral.objects.filter(Exists(bought), state=Referral.State.PENDING, purchase=None, pk__gt=after)
    return iter(waiting.order_by("pk").values_list("friend_id", flat=True)[:limit])
