"""Doorbells of this floor's jobs: what is due stands in the database, so that a lost or doubled ring does no harm."""

from celery import shared_task

from loyalty.programs.services import (
    backtests,
    cases,
    extensions,
    households,
    jobs,
    moving,
    occasions,
    referrals,
    reinstatement,
    tier_warnings,
    tiers,
    uploads,
)

MORNING = 8


@shared_task
def activate_points() -> None:
    jobs.activate_points()


@shared_task
def expire_points() -> None:
    jobs.expire_points()


@shared_task
def cancel_unconfirmed() -> None:
    jobs.cancel_unconfirmed()


@shared_task
def release_holds() -> None:
    jobs.release_holds()


@shared_task
def warn_of_expiry() -> None:
    jobs.warn_of_expiry(from_hour=MORNING)


@shared_task
def review_tiers() -> None:
    tiers.review_tiers()


@shared_task
def warn_of_tiers() -> None:
    tier_warnings.warn_of_tiers(from_hour=MORNING)


@shared_task
def celebrate() -> None:
    occasions.celebrate()


@shared_task
def follow_referrals() -> None:
    referrals.follow_referrals()


@shared_task
def prove_ledger() -> None:
    jobs.prove_ledger()


@shared_task
def work_on_uploads() -> None:
    """Take up every uploaded file that waits for its check or for its import."""
    uploads.work_on_uploads()


@shared_task
def work_on_backtests() -> None:
    """Run every backtest that waits."""
    backtests.work_on_backtests()


@shared_task
def give_released() -> None:
    cases.give_released()


@shared_task
def lapse_transfers() -> None:
    moving.lapse_transfers()


@shared_task
def work_on_extensions() -> None:
    extensions.work_on_extensions()


@shared_task
def lapse_reinstatements() -> None:
    reinstatement.lapse_reinstatements()


@shared_task
def contribute_to_households() -> None:
    households.contribute_due()
