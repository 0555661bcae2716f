"""The Celery app `laurel`: tasks are doorbells, so a lost, late or doubled one does no harm.

Worker and scheduler are run by `manage.py up`; by hand they are `celery -A config worker` and `celery -A config beat`.
"""

import os
import sys
import warnings
from pathlib import Path

from celery import Celery
from django.conf import settings

from config import embedded

TASK_SECONDS = 600  # a task is killed then; each commits in slices and takes up where it stopped

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
if "celery" in (Path(sys.argv[0]).name, Path(sys.argv[0]).parent.name):  # not where the web only sends
    embedded.start()

# Celery warns root of pickled tasks; ours are JSON alone.
warnings.filterwarnings("ignore", "You're running the worker with superuser privileges")

app = Celery("laurel")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    task_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,
    timezone="UTC",
    enable_utc=True,
    task_default_queue="laurel",
    # A task is taken one at a time, and given back when its worker dies over it.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_cancel_long_running_tasks_on_connection_loss=True,
    task_soft_time_limit=TASK_SECONDS - 30,
    task_time_limit=TASK_SECONDS,
    worker_max_tasks_per_child=1000,
    # A broker that is away is waited for by workers, and not by the web.
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    task_publish_retry_policy={"max_retries": 1, "interval_start": 0, "interval_max": 0.2},
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
)
# Without these a publisher waits six seconds for a broker that is away, in the middle of somebody's purchase.
app.conf.broker_transport_options = {"max_retries": 0, "interval_start": 0}
if settings.CELERY_BROKER_URL.startswith("redis"):
    # What a killed worker had taken comes back after this time, later than any task may run.
    # A broker that takes the connection and then says nothing is away too.
    waits = {"visibility_timeout": TASK_SECONDS + 60, "socket_connect_timeout": 3, "socket_timeout": 5}
    app.conf.broker_transport_options |= waits
app.autodiscover_tasks()
