"""The one page that shows every wire: which event goes to which subscribers.

`WIRES` names an event by its dotted class path; `EVERY` hears all of them. `DOORBELL` is called after a transaction
that published something has committed, so that the relay need not wait for its schedule.
"""

WIRES: dict[str, list[str]] = {
    "loyalty.members.events.MemberEnrolled": [
        "loyalty.programs.subscribers.note_profile",
        "loyalty.programs.subscribers.open_referral",
    ],
    "loyalty.members.events.MemberUpdated": ["loyalty.programs.subscribers.note_profile"],
    "loyalty.programs.events.ActivityCancelled": ["loyalty.programs.subscribers.take_back_referral"],
    "loyalty.programs.events.PurchaseReturned": ["loyalty.programs.subscribers.take_back_referral"],
    "loyalty.programs.events.ExpiryPolicyChanged": ["loyalty.programs.subscribers.redate_lots"],
    "loyalty.programs.events.PointsExpiring": ["loyalty.messaging.subscribers.warn_of_expiry"],
    "loyalty.programs.events.TierEnding": ["loyalty.messaging.subscribers.warn_of_tier"],
    "loyalty.programs.events.MemberTierChanged": ["loyalty.messaging.subscribers.tell_of_tier"],
    "loyalty.programs.events.ReviewSettled": ["loyalty.messaging.subscribers.tell_of_review"],
    "loyalty.programs.events.PointsSent": ["loyalty.messaging.subscribers.tell_of_transfer"],
}
EVERY: list[str] = []
DOORBELL = "loyalty.outbox.tasks.ring"

# What the apps add to the member portal (see loyalty/lib/portal.py): functions of the request.
PORTAL_NAV: list[str] = ["loyalty.portal.views.home.nav_entries"]
PORTAL_TILES: list[str] = []
