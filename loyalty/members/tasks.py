"""Doorbells of the members floor."""

from celery import shared_task

from loyalty.members.services.idempotency import delete_old_idempotency


@shared_task
def forget_old_answers() -> None:
    """Answers to Idempotency-Keys go after 7 days."""
    delete_old_idempotency()
