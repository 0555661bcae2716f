"""What this floor does about its own events when nobody waits for it."""

from loyalty.members.events import MemberEnrolled, MemberUpdated
from loyalty.programs.events import ActivityCancelled, ExpiryPolicyChanged, PurchaseReturned
from loyalty.programs.services import occasions, policies, referrals


def redate_lots(event: ExpiryPolicyChanged) -> None:
    """Finish dating points by a new policy, where whoever changed it was cut off on the way."""
    policies.redate_lots(event)


def note_profile(event: MemberEnrolled | MemberUpdated) -> None:
    """A profile that is complete now is rewarded, once."""
    occasions.complete_profile(event.member_id, actor="event:profile")


def open_referral(event: MemberEnrolled) -> None:
    """Who joined by invitation is written down, or refused with the reason."""
    if event.referred_by is not None:
        referrals.open_referral(event.member_id, event.referred_by)


def take_back_referral(event: PurchaseReturned | ActivityCancelled) -> None:
    """What an invitation earned goes with the purchase that it was for."""
    referrals.take_back_referral(event.activity_id, is_cancelled=isinstance(event, ActivityCancelled))
