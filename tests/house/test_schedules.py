"""django-celery-beat caps Django below 6.1 and is overridden: its tables, admin and scheduler work all the same."""

from datetime import timedelta

import pytest
from celery import Celery
from django.core.management import call_command
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler

from loyalty.lib import clock

pytestmark = pytest.mark.django_db(transaction=True)  # the scheduler closes its connection between two looks


@pytest.fixture(autouse=True)
def _no_other_entries(transactional_db):
    """Laurel's own become due too, some of them seconds after the database was made."""
    PeriodicTask.objects.all().delete()


@pytest.fixture
def doorbell():
    """A Celery app with a queue in memory and the scheduler that the real one has."""
    app = Celery("schedules", broker="memory://", set_as_current=False)
    app.conf.task_default_queue = "doorbell"

    @app.task(name="ring", shared=False)
    def ring():
        """Only sent: nobody works here."""

    return app


def rung(app: Celery) -> int:
    with app.connection_for_read() as connection, connection.SimpleQueue("doorbell") as queue:
        return queue.qsize()


def test_its_migrations_are_applied_and_complete():
    call_command("migrate", "django_celery_beat", check_unapplied=True, verbosity=0)
    call_command("makemigrations", "django_celery_beat", check_changes=True, verbosity=0)


def test_an_entry_is_loaded_found_due_sent_and_noted(doorbell):
    every_minute = IntervalSchedule.objects.create(every=1, period=IntervalSchedule.MINUTES)
    before = clock.now()
    task = PeriodicTask.objects.create(
        name="ring", task="ring", interval=every_minute, last_run_at=before - timedelta(minutes=2)
    )
    scheduler = DatabaseScheduler(app=doorbell)
    assert scheduler.schedule["ring"].is_due().is_due
    scheduler.tick()
    assert rung(doorbell) == 1
    scheduler.tick()
    assert rung(doorbell) == 1
    scheduler.sync()
    task.refresh_from_db()
    assert task.total_run_count == 1
    assert task.last_run_at >= before


def test_an_entry_changed_in_the_admin_is_read_again(doorbell):
    hourly = CrontabSchedule.objects.create(minute="0", timezone="Europe/Oslo")
    task = PeriodicTask.objects.create(name="ring", task="ring", crontab=hourly)
    scheduler = DatabaseScheduler(app=doorbell)
    assert not scheduler.schedule["ring"].is_due().is_due
    assert str(scheduler.schedule["ring"].schedule.tz) == "Europe/Oslo"
    task.enabled = False
    task.save()
    assert "ring" not in scheduler.schedule
