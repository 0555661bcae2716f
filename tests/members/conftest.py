import pytest
from django.utils.module_loading import import_string

from loyalty.outbox.models import Message
from loyalty.outbox.rules import rebuild


@pytest.fixture
def published(settings):
    """Asks what was published so far, as the events that subscribers would get; everything is heard here."""
    settings.OUTBOX_WIRING = "tests.members.ears"

    def so_far() -> list:
        heard = Message.objects.filter(subscriber="tests.members.ears.hear")
        return [rebuild(import_string(row.event), row.payload) for row in heard.order_by("id")]

    return so_far
