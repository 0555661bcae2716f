"""Roll-call for Django; import models from their floors."""

from loyalty.insights import models as insights
from loyalty.ledger import models as ledger
from loyalty.members import models as members
from loyalty.messaging import models as messaging
from loyalty.outbox import models as outbox
from loyalty.programs.models import (
    activity,
    backtests,
    campaigns,
    caps,
    checkins,
    conversions,
    earning,
    extensions,
    households,
    kinds,
    moving,
    program,
    referrals,
    reinstatement,
    returns,
    reviews,
    sharing,
    surveys,
    tiers,
    velocity,
    versions,
    wallet,
)

__all__ = [
    "activity",
    "backtests",
    "campaigns",
    "caps",
    "checkins",
    "conversions",
    "earning",
    "extensions",
    "households",
    "insights",
    "kinds",
    "ledger",
    "members",
    "messaging",
    "moving",
    "outbox",
    "program",
    "referrals",
    "reinstatement",
    "returns",
    "reviews",
    "sharing",
    "surveys",
    "tiers",
    "velocity",
    "versions",
    "wallet",
]
