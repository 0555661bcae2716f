from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from loyalty.messaging import queries, services
from loyalty.messaging.errors import UnknownMessage
from tests.factories import DeliveryFactory, InboxEntryFactory

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def three_messages(member) -> list:
    return [InboxEntryFactory(member=member, created_at=NOON + timedelta(hours=hour)) for hour in range(3)]


def test_the_newest_message_stands_first(world):
    first, second, third = three_messages(world.ada)
    InboxEntryFactory(member=world.ben)

    assert queries.inbox_of(world.ada) == [third, second, first]
    assert queries.inbox_of(world.ada, offset=1, limit=1) == [second]
    assert queries.news_of(world.ada).newest == third
    assert queries.unread_count(world.ada) == 3


def test_reading_a_message_counts_once(world):
    *_others, newest = three_messages(world.ada)
    with time_machine.travel(NOON, tick=False) as time:
        services.mark_read(newest)
        time.shift(60)
        services.mark_read(newest)

    newest.refresh_from_db()
    assert newest.read_at == NOON
    assert queries.unread_count(world.ada) == 2
    assert queries.news_of(world.ada).newest != newest


def test_reading_everything_leaves_others_alone(world):
    three_messages(world.ada)
    InboxEntryFactory(member=world.ben)

    assert services.mark_all_read(world.ada) == 3
    assert queries.unread_count(world.ada) == 0
    assert queries.news_of(world.ada).newest is None
    assert queries.unread_count(world.ben) == 1


def test_a_message_is_its_members_alone(world):
    entry = InboxEntryFactory(member=world.ada)

    assert queries.entry_of(world.ada, entry.pk) == entry
    with pytest.raises(UnknownMessage):
        queries.entry_of(world.ben, entry.pk)


def test_a_member_can_take_every_message_away(world):
    InboxEntryFactory(member=world.ada, subject="Hello")
    delivery = DeliveryFactory(member=world.ada)
    DeliveryFactory(member=world.ben)

    data = queries.data_of(world.ada)

    assert [entry["subject"] for entry in data["inbox"]] == ["Hello"]
    assert [sent["recipient"] for sent in data["deliveries"]] == ["ada@example.org"]
    assert queries.deliveries_of(world.ada) == [delivery]
