"""Roll-call of the floors' tasks, so that Celery finds them."""

from loyalty.insights import tasks as insights
from loyalty.outbox import tasks as outbox

__all__ = ["insights", "outbox"]
