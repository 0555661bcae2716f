from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

import pytest
from celery import Celery, current_app
from celery.signals import before_task_publish
from django.contrib.auth.models import Group
from django.core.cache import cache

from loyalty.outbox import services, tasks
from loyalty.outbox.models import Message
from tests.outbox.wires import Bought

NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def working_cache(settings):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()


@contextmanager
def celery_at(broker: str) -> Iterator[None]:
    """Tasks go to another broker, with what the real app is set to."""
    ours = current_app._get_current_object()
    other = Celery("other", broker=broker, set_as_current=True)
    other.conf.broker_transport_options = ours.conf.broker_transport_options
    try:
        yield
    finally:
        ours.set_current()


@pytest.fixture
def _no_broker(working_cache):
    with celery_at(NOWHERE):
        yield


@pytest.fixture
def celery_sent(working_cache):
    """The names of the tasks that were sent, to a broker in memory."""
    sent: list[str] = []

    def note(sender=None, **_rest):
        sent.append(sender)

    before_task_publish.connect(note)
    with celery_at("memory://"):
        yield sent
    before_task_publish.disconnect(note)


@pytest.fixture
def _no_cache(settings):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": NOWHERE}}


@pytest.mark.usefixtures("_no_broker")
def test_a_broker_that_is_away_is_a_line_in_the_log_and_no_wait(caplog):
    begun = monotonic()
    tasks.ring()

    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert monotonic() - begun < 2


@pytest.mark.usefixtures("_no_cache")
def test_a_cache_that_is_away_is_a_line_in_the_log(caplog):
    tasks.ring()

    assert [record.levelname for record in caplog.records] == ["WARNING"]


@pytest.mark.usefixtures("_no_cache")
@pytest.mark.django_db
def test_the_schedule_delivers_without_cache_and_broker():
    services.publish(Bought("coffee"))

    tasks.relay_outbox()

    assert Group.objects.filter(name="keep coffee").exists()


@pytest.mark.django_db
def test_a_ring_that_waits_is_not_doubled(celery_sent):
    tasks.ring()
    tasks.ring()
    assert celery_sent == ["loyalty.outbox.tasks.relay_outbox"]

    tasks.relay_outbox()
    tasks.ring()
    assert len(celery_sent) == 2


@pytest.mark.django_db
def test_a_run_that_was_too_short_asks_for_another(celery_sent):
    services.publish_many(Bought(str(number)) for number in range(251))

    tasks.relay_outbox()

    assert Message.objects.filter(state="waiting").count() == 2
    assert celery_sent == ["loyalty.outbox.tasks.relay_outbox"]


@pytest.mark.django_db
def test_the_nightly_tidying_forgets_what_was_delivered_long_ago():
    services.publish(Bought("coffee"))
    services.relay()

    tasks.forget_delivered_messages(days=0)

    assert Message.objects.count() == 0
