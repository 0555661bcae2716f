"""What time does by itself, in every program's own days."""

import pytest
from django_celery_beat.models import PeriodicTask

from loyalty.programs.services.schedules import ENTRIES, ensure_schedules

pytestmark = pytest.mark.django_db


def test_every_job_is_scheduled_once_and_stays_the_operators_to_change():
    PeriodicTask.objects.all().delete()
    assert ensure_schedules() == len(ENTRIES)
    PeriodicTask.objects.filter(task="loyalty.programs.tasks.warn_of_expiry").update(name="Warnings", enabled=False)
    assert ensure_schedules() == 0
    changed = PeriodicTask.objects.get(task="loyalty.programs.tasks.warn_of_expiry")
    assert (changed.name, changed.enabled) == ("Warnings", False)


def test_every_entry_rings_a_task_that_exists():
    from config.celery import app

    app.loader.import_default_modules()
    assert {entry.task for entry in ENTRIES} <= set(app.tasks)
