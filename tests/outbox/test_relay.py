from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
import time_machine
from django.contrib.auth.models import Group

from loyalty.lib import clock
from loyalty.outbox import queries, rules, services
from loyalty.outbox.errors import NotFailed
from loyalty.outbox.models import Message
from tests.outbox.wires import Bought, Broke, Line, deaths, heard

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def effects() -> set[str]:
    return set(Group.objects.exclude(name__in=rules_of_the_house()).values_list("name", flat=True))


def rules_of_the_house() -> list[str]:
    from loyalty.members.rules import ROLE_NAMES

    return list(ROLE_NAMES.values())


def relayed(delivered: int = 0, postponed: int = 0, is_drained: bool = True) -> services.Relayed:
    return services.Relayed(delivered, postponed, is_drained)


def test_every_subscriber_hears_the_event_as_it_was():
    event = Bought(
        "coffee",
        at=NOON,
        day=NOON.date(),
        subject=UUID(int=7),
        amount=Decimal("12.50"),
        lines=(Line("A", Decimal("2.5")), Line("B", Decimal(10))),
        best=Line("B", Decimal(10)),
        tags=["warm"],
        counts={"A": 1},
        loose=(1, "two"),
        anything={"three": [3]},
    )
    services.publish(event)

    assert services.relay() == relayed(delivered=2)
    assert heard == [event]
    assert effects() == {"keep coffee", "frame coffee"}
    assert set(Message.objects.values_list("state", "attempts")) == {("done", 1)}


def test_what_is_delivered_is_not_delivered_again():
    services.publish(Bought("coffee"))
    services.relay()

    assert services.relay() == relayed()
    assert len(heard) == 1


def test_a_subscriber_that_dies_midway_leaves_nothing_and_is_tried_again():
    deaths.append(ValueError("out of beans"))
    with time_machine.travel(NOON, tick=False) as time:
        services.publish(Broke("cup"))
        assert services.relay() == relayed(postponed=1)
        assert effects() == set()
        message = Message.objects.get()
        assert (message.state, message.attempts) == ("waiting", 1)
        assert message.next_at == NOON + timedelta(seconds=5)
        assert "ValueError: out of beans" in message.last_error

        assert services.relay() == relayed()
        time.shift(timedelta(seconds=5))
        assert services.relay() == relayed(delivered=1)

    assert effects() == {"half cup"}
    message.refresh_from_db()
    assert (message.state, message.attempts, message.last_error) == ("done", 2, "")


def test_one_failure_stops_nobody_else():
    deaths.append(ValueError("out of beans"))
    services.publish_many([Broke("cup"), Bought("coffee")])

    assert services.relay() == relayed(delivered=2, postponed=1)
    assert effects() == {"keep coffee", "frame coffee"}


def test_a_worker_that_is_killed_has_counted_its_attempt():
    """SystemExit stands for the signal: nothing of the relay's own runs after it."""
    deaths.append(SystemExit())
    with time_machine.travel(NOON, tick=False) as time:
        services.publish(Broke("cup"))
        with pytest.raises(SystemExit):
            services.relay()

        assert effects() == set()
        assert Message.objects.get().attempts == 1
        assert services.relay() == relayed()
        time.shift(timedelta(seconds=5))
        assert services.relay() == relayed(delivered=1)
    assert effects() == {"half cup"}


def test_the_last_attempt_is_made_from_the_red_list():
    services.publish(Broke("cup"))
    Message.objects.update(attempts=rules.MAX_ATTEMPTS - 1)
    deaths.append(SystemExit())
    with pytest.raises(SystemExit):
        services.relay()

    assert Message.objects.get().state == "failed"
    assert services.relay() == relayed()


def test_success_takes_a_message_off_the_red_list():
    services.publish(Broke("cup"))
    Message.objects.update(attempts=rules.MAX_ATTEMPTS - 1)

    assert services.relay() == relayed(delivered=1)
    assert Message.objects.get().state == "done"


def test_after_so_many_attempts_a_message_waits_for_a_person():
    with time_machine.travel(NOON, tick=False) as time:
        services.publish(Broke("cup"))
        for _attempt in range(rules.MAX_ATTEMPTS):
            deaths.append(ValueError("still out of beans"))
            assert services.relay() == relayed(postponed=1)
            time.shift(rules.LONGEST_WAIT)

        message = Message.objects.get()
        assert (message.state, message.attempts) == ("failed", rules.MAX_ATTEMPTS)
        assert "still out of beans" in message.last_error
        deaths.clear()
        assert services.relay() == relayed()

        services.try_again(message, actor="staff:1")
        assert services.relay() == relayed(delivered=1)
    assert effects() == {"half cup"}


@pytest.mark.parametrize("state", ["waiting", "done"])
def test_only_a_failed_message_is_tried_again(state):
    services.publish(Broke("cup"))
    Message.objects.update(state=state)

    with pytest.raises(NotFailed):
        services.try_again(Message.objects.get(), actor="staff:1")


def test_an_event_or_subscriber_that_is_gone_fails_like_any_other():
    at = clock.now()
    services.publish(Broke("cup"))
    Message.objects.update(event="tests.outbox.wires.Gone")
    Message.objects.create(
        event="tests.outbox.wires.Broke", payload={"name": "x"}, subscriber="gone.nobody", next_at=at, created_at=at
    )

    assert services.relay() == relayed(postponed=2)
    assert all("ImportError" in error or "ModuleNotFound" in error for error in errors())


def errors() -> list[str]:
    return list(Message.objects.values_list("last_error", flat=True))


def test_an_error_that_the_database_cannot_store_is_told_without_it():
    deaths.append(ValueError("a\x00b"))
    services.publish(Broke("cup"))
    services.relay()

    assert "ValueError: ab" in Message.objects.get().last_error


def test_one_run_takes_no_more_than_it_may():
    services.publish_many(Bought(str(number)) for number in range(3))

    assert services.relay(limit=4) == relayed(delivered=4, is_drained=False)
    assert services.relay(seconds=0) == relayed(is_drained=False)
    assert services.relay() == relayed(delivered=2)


def test_the_oldest_due_message_goes_first():
    services.publish(Bought("new"))
    services.publish(Bought("old"))
    Message.objects.filter(payload__name="old").update(next_at=clock.now() - timedelta(minutes=1))
    services.relay()

    assert [event.name for event in heard] == ["old", "new"]


def test_three_times_and_out_of_order_is_as_good_as_once():
    """What a restored backup or a lost acknowledgement can do; `frame` keys its effect, as subscribers must."""
    services.publish_many([Bought("a"), Bought("b")])
    Message.objects.exclude(subscriber__endswith="frame").delete()
    for order in ("payload__name", "-payload__name", "payload__name"):
        for seconds, pk in enumerate(Message.objects.order_by(order).values_list("pk", flat=True)):
            due = clock.now() - timedelta(seconds=10 - seconds)
            Message.objects.filter(pk=pk).update(state="waiting", next_at=due)
        assert services.relay() == relayed(delivered=2)

    assert effects() == {"frame a", "frame b"}


def test_the_backlog_counts_what_waits_and_what_failed():
    with time_machine.travel(NOON, tick=False):
        assert queries.backlog(NOON) == queries.Backlog(waiting=0, failed=0, oldest_due_at=None)
        services.publish_many([Bought("coffee"), Broke("cup")])
        Message.objects.filter(event__endswith="Broke").update(state="failed")

    assert queries.backlog(NOON) == queries.Backlog(waiting=2, failed=1, oldest_due_at=NOON)


def test_what_was_delivered_is_forgotten_after_a_while():
    with time_machine.travel(NOON, tick=False) as time:
        services.publish_many([Bought("coffee"), Broke("cup")])
        Message.objects.filter(event__endswith="Broke").update(state="failed")
        services.relay()
        time.shift(timedelta(days=14))
        assert services.forget_delivered() == 0
        time.shift(timedelta(seconds=1))
        assert services.forget_delivered() == 2

    assert Message.objects.get().state == "failed"
