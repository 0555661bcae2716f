"""Roll-call of the floors' staff screens, so that Django finds them."""

from loyalty.ledger import admin as ledger
from loyalty.members.admin import consents, keys, segments, staff
from loyalty.messaging import admin as messaging
from loyalty.outbox import admin as outbox
from loyalty.programs.admin import (
    activities,
    backtests,
    campaigns,
    caps,
    households,
    imports,
    kinds,
    members,
    moving,
    places,
    programs,
    referrals,
    reviews,
    rules,
    sharing,
    surveys,
    tiers,
    versions,
    wallets,
    watching,
)

__all__ = [
    "activities",
    "backtests",
    "campaigns",
    "caps",
    "consents",
    "households",
    "imports",
    "keys",
    "kinds",
    "ledger",
    "members",
    "messaging",
    "moving",
    "outbox",
    "places",
    "programs",
    "referrals",
    "reviews",
    "rules",
    "segments",
    "sharing",
    "staff",
    "surveys",
    "tiers",
    "versions",
    "wallets",
    "watching",
]
