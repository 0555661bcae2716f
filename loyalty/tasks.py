"""Roll-call of the floors' tasks, so that Celery finds them."""

from loyalty.insights import tasks as insights
from loyalty.members import tasks as members
from loyalty.outbox import tasks as outbox
from loyalty.programs import tasks as programs

__all__ = ["insights", "members", "outbox", "programs"]
