"""What this floor does about its own events when nobody waits for it."""

from loyalty.members.events import MemberEnrolled, MemberUpdated
from loyalty.programs.events import ExpiryPolicyChanged
from loyalty.programs.services import occasions, policies


def redate_lots(event: ExpiryPolicyChanged) -> None:
    """Finish dating points by a new policy, where whoever changed it was cut off on the way."""
    policies.redate_lots(event)


def note_profile(event: MemberEnrolled | MemberUpdated) -> None:
    """A profile that is complete now is rewarded, once."""
    occasions.complete_profile(event.member_id, actor="event:profile")
