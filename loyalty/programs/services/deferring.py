"""Points that wait longer than their wallet says: until goods can no longer be returned."""

from dataclasses import replace
from datetime import datetime

from loyalty.lib import clock
from loyalty.programs.rules.activation import expiry_once_active
from loyalty.programs.services.judging import Grant, Plan


def deferred(plan: Plan, until: datetime | None, zone: str) -> Plan:
    """The plan with its points pending until `until` at least; what waits for a confirmation goes on doing so."""
    if until is None or until <= clock.now():
        return plan
    granted = {wallet: _later(grant, until, zone) for wallet, grant in plan.granted.items()}
    awards = tuple(
        replace(
            award,
            state="pending" if grant.is_pending else award.state,
            activates_at=grant.activates_at,
            expires_at=grant.expires_at,
        )
        for award, grant in zip(plan.awards, granted.values(), strict=True)
    )
    return replace(plan, granted=granted, awards=awards)


def _later(grant: Grant, until: datetime, zone: str) -> Grant:
    if grant.is_pending and grant.activates_at is None:
        return grant
    active_from = max(until, grant.activates_at or until)
    expires = expiry_once_active(grant.expires_at, active_from, zone)
    return replace(grant, is_pending=True, activates_at=active_from, expires_at=expires)
