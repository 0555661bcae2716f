"""Stored ladders as the pure rules take them."""

import logging
from collections.abc import Iterable

from loyalty.programs.models.tiers import Tier, TierSet
from loyalty.programs.rules.invalid import InvalidSetting
from loyalty.programs.rules.tiers import Ladder, Rung

logger = logging.getLogger(__name__)


def ladders_from(rows: Iterable[TierSet]) -> tuple[Ladder, ...]:
    """The ladders that have rungs; one that makes no sense is left out, and logged."""
    ladders = []
    for row in rows:
        try:
            ladder = ladder_of(row, row.tiers.all())
        except InvalidSetting as error:
            logger.error("ladder %s is left out: %s", row.pk, error)
            continue
        if ladder.rungs:
            ladders.append(ladder)
    return tuple(ladders)


def ladder_of(row: TierSet, tiers: Iterable[Tier]) -> Ladder:
    """A stored ladder with these rungs; raises InvalidSetting."""
    return Ladder(
        id=row.pk or 0,
        code=row.code,
        name=row.name,
        rungs=tuple(rung_of(tier) for tier in tiers),
        measure=row.measure,
        wallet=row.wallet_id,
        types=tuple(row.activity_types),
        window=row.window,
        months=row.window_months,
        downgrade=row.downgrade,
        one_step_down=row.one_step_down,
        grace_count=row.grace_count,
        grace_unit=row.grace_unit,
        grace_to_month_end=row.grace_to_month_end,
        warn_days=tuple(sorted(set(row.warn_days))),
    )


def rung_of(tier: Tier) -> Rung:
    return Rung(
        id=tier.pk or 0,
        code=tier.code,
        name=tier.name,
        threshold=tier.threshold,
        color=tier.color,
        multiplier=tier.multiplier,
        discount_percent=tier.discount_percent,
        expiry_extra_months=tier.expiry_extra_months,
        early_access_hours=tier.early_access_hours,
        perks=tuple(line.strip() for line in tier.perks.splitlines() if line.strip()),
    )
