"""Roll-call of the floors' tasks, so that Celery finds them."""

from loyalty.outbox import tasks as outbox

__all__ = ["outbox"]
