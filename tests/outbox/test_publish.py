import pytest
from django.db import transaction

from loyalty.outbox import services
from loyalty.outbox.models import Message
from tests.outbox.wires import Bought, Unheard, deaths, rings

pytestmark = pytest.mark.django_db


@pytest.mark.django_db(transaction=True)
def test_an_event_becomes_one_message_per_subscriber():
    with transaction.atomic():
        services.publish(Bought("coffee"))

    assert list(Message.objects.order_by("id").values_list("event", "subscriber", "state", "attempts")) == [
        ("tests.outbox.wires.Bought", "tests.outbox.wires.keep", "waiting", 0),
        ("tests.outbox.wires.Bought", "tests.outbox.wires.frame", "waiting", 0),
    ]


def test_an_event_that_nobody_hears_costs_no_statement(django_assert_num_queries):
    with django_assert_num_queries(0):
        services.publish(Unheard("tree"))
        services.publish_many(Unheard(str(number)) for number in range(1000))


def test_a_thousand_events_are_one_insert(django_assert_num_queries):
    with django_assert_num_queries(1):
        services.publish_many(Bought(str(number)) for number in range(1000))

    assert Message.objects.count() == 2000


def test_who_hears_everything_hears_what_no_wire_names(settings):
    settings.OUTBOX_WIRING = "tests.outbox.silent"

    services.publish(Unheard("tree"))

    assert Message.objects.get().subscriber == "tests.outbox.wires.keep"


@pytest.mark.django_db(transaction=True)
def test_an_event_outside_of_a_transaction_is_a_mistake():
    with pytest.raises(transaction.TransactionManagementError):
        services.publish(Bought("coffee"))


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_was_never_published():
    def fail_after_publishing():
        with transaction.atomic():
            services.publish(Bought("coffee"))
            raise LookupError

    with pytest.raises(LookupError):
        fail_after_publishing()

    assert Message.objects.count() == 0
    assert rings == []


@pytest.mark.django_db(transaction=True)
def test_the_bell_rings_once_per_transaction_and_after_it():
    with transaction.atomic():
        services.publish(Bought("coffee"))
        services.publish(Bought("tea"))
        assert rings == []

    assert rings == ["ring"]


@pytest.mark.django_db(transaction=True)
def test_a_part_that_is_rolled_back_takes_its_ring_along_and_no_other():
    with transaction.atomic():
        sid = transaction.savepoint_create()
        services.publish(Bought("coffee"))
        transaction.savepoint_rollback(sid)
        services.publish(Bought("tea"))

    assert rings == ["ring"]
    assert {message.payload["name"] for message in Message.objects.all()} == {"tea"}


@pytest.mark.django_db(transaction=True)
def test_a_broken_bell_does_not_reach_the_publisher():
    deaths.append(ConnectionError("no broker"))

    with transaction.atomic():
        services.publish(Bought("coffee"))

    assert Message.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_house_without_a_bell_publishes_all_the_same(settings):
    settings.OUTBOX_WIRING = "tests.outbox.silent"

    with transaction.atomic():
        services.publish(Unheard("tree"))

    assert Message.objects.count() == 1
