from celery import shared_task

from loyalty.insights import services


@shared_task(name="insights.refresh_snapshots")
def refresh_snapshots() -> dict[str, int]:
    """Bring the figures of the start pages up to date."""
    refreshed = services.refresh_snapshots()
    return {"postings": refreshed.postings} if refreshed else {}
