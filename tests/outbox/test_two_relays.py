"""Real threads on PostgreSQL: two relays at one outbox."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.db import connection, transaction

from loyalty.lib import clock
from loyalty.outbox import services
from loyalty.outbox.errors import NotFailed
from loyalty.outbox.models import Message
from tests.outbox.wires import Bought, Paused, begun, may_end

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def _in_thread(work):
    def with_own_connection():
        try:
            return work()
        finally:
            connection.close()

    return with_own_connection


def test_every_message_is_delivered_once():
    with transaction.atomic():
        services.publish_many(Bought(str(number)) for number in range(100))

    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda _n: _in_thread(services.relay)(), range(4)))

    assert sum(run.delivered for run in runs) == 200
    assert sum(run.postponed for run in runs) == 0
    assert set(Message.objects.values_list("state", "attempts")) == {("done", 1)}
    assert Group.objects.filter(name__startswith="keep ").count() == 100


def test_a_message_in_somebody_elses_hands_is_left_there():
    """Even when its next attempt is due: the row is locked for as long as the subscriber runs."""
    with transaction.atomic():
        services.publish(Paused("slow"))

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(_in_thread(services.relay))
        assert begun.wait(10)
        with time_machine.travel(clock.now() + timedelta(minutes=1)):
            assert services.relay() == services.Relayed(0, 0, is_drained=True)
        may_end.set()
        assert running.result().delivered == 1

    assert Group.objects.filter(name__startswith="slow by").count() == 1


def test_a_message_that_was_claimed_again_meanwhile_is_left_to_the_other():
    """A relay that slept between claiming and running finds the attempt counted on, and does nothing."""
    with transaction.atomic():
        services.publish(Bought("coffee"))
    Message.objects.exclude(subscriber__endswith="keep").delete()
    asleep = services._claim()
    Message.objects.update(next_at=clock.now())

    awake = services._claim()

    assert services._deliver(asleep) is False
    assert services._deliver(awake) is True
    assert services._deliver(awake) is False
    assert Group.objects.filter(name="keep coffee").count() == 1


def test_trying_again_waits_for_the_last_attempt_that_still_runs():
    with transaction.atomic():
        services.publish(Paused("slow"))
    Message.objects.update(attempts=14)

    with ThreadPoolExecutor(2) as pool:
        running = pool.submit(_in_thread(services.relay))
        assert begun.wait(10)
        message = Message.objects.get()
        assert message.state == "failed"
        again = pool.submit(_in_thread(lambda: services.try_again(message, actor="staff:1")))
        may_end.set()
        assert running.result().delivered == 1
        assert isinstance(again.exception(), NotFailed)
