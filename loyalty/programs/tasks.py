"""Doorbells of this floor: each wakes one service, and is harmless twice."""

from celery import shared_task

from loyalty.programs.services import uploads


@shared_task
def work_on_uploads() -> int:
    """Check and apply the files of purchases that staff uploaded."""
    return uploads.work_on_uploads()
