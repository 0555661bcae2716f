"""What this floor does about its own events when nobody waits for it."""

from loyalty.programs.events import ExpiryPolicyChanged
from loyalty.programs.services import policies


def redate_lots(event: ExpiryPolicyChanged) -> None:
    """Finish dating points by a new policy, where whoever changed it was cut off on the way."""
    policies.redate_lots(event)
