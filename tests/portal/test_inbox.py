"""Messages to the member."""

import pytest

from loyalty.messaging.models import InboxEntry
from tests.portal.conftest import HTMX, client_of

pytestmark = pytest.mark.django_db


def write(member, number=1, subject="50 points expire on 31 December") -> InboxEntry:
    return InboxEntry.objects.create(
        member=member, kind="expiry", key=f"k{number}", subject=subject, body="Use them.\n\nSoon."
    )


def test_an_empty_inbox_says_what_will_come(as_ada):
    assert "No messages" in as_ada.get("/p/aurora/inbox/").content.decode()


def test_a_new_message_is_counted_and_hinted_at_home(as_ada, ada):
    write(ada)
    page = as_ada.get("/p/aurora/").content.decode()
    assert '<span class="badge-dot"><span aria-hidden="true">1</span>' in page
    assert "50 points expire on 31 December" in page


def test_messages_are_listed_newest_first_a_page_at_a_time(as_ada, ada):
    for number in range(31):
        write(ada, number, f"Message {number}")
    page = as_ada.get("/p/aurora/inbox/")
    assert [entry.subject for entry in page.context["entries"]][:2] == ["Message 30", "Message 29"]
    assert (len(page.context["entries"]), page.context["next_page"]) == (30, 2)
    assert [entry.subject for entry in as_ada.get("/p/aurora/inbox/?page=2").context["entries"]] == ["Message 0"]


@pytest.mark.parametrize("number", ["0", "-1", "x", "9" * 30, "²"])
def test_a_nonsense_page_is_the_first(as_ada, ada, number):
    write(ada)
    assert len(as_ada.get("/p/aurora/inbox/", {"page": number}).context["entries"]) == 1


def test_reading_marks_only_on_request(as_ada, ada):
    entry = write(ada)
    address = f"/p/aurora/inbox/{entry.pk}/"
    page = as_ada.get(address).content.decode()
    assert "<p>Use them.</p>" in page
    assert "Mark as read" in page
    entry.refresh_from_db()
    assert entry.read_at is None
    part = as_ada.post(address, headers=HTMX).content.decode()
    assert "<html" not in part
    assert "Mark as read" not in part
    entry.refresh_from_db()
    assert entry.read_at is not None


def test_all_are_read_at_once(as_ada, ada):
    for number in range(3):
        write(ada, number)
    assert as_ada.post("/p/aurora/inbox/read/")["Location"] == "/p/aurora/inbox/"
    assert InboxEntry.objects.filter(read_at=None).count() == 0
    part = as_ada.post("/p/aurora/inbox/read/", headers=HTMX).content.decode()
    assert part.strip().startswith('<div class="stack" id="messages">')
    assert as_ada.get("/p/aurora/inbox/read/").status_code == 405


def test_other_peoples_messages_are_not_there(aurora, as_ada, ada, dot):
    entry = write(dot)
    assert as_ada.get(f"/p/aurora/inbox/{entry.pk}/").status_code == 404
    assert as_ada.post(f"/p/aurora/inbox/{entry.pk}/").status_code == 404
    as_ada.post("/p/aurora/inbox/read/")
    entry.refresh_from_db()
    assert entry.read_at is None


def test_the_number_of_queries_does_not_grow_with_messages(ada, django_assert_max_num_queries):
    client = client_of(ada)
    write(ada)
    with django_assert_max_num_queries(6):
        client.get("/p/aurora/inbox/")
    for number in range(2, 5):
        write(ada, number)
    with django_assert_max_num_queries(6):
        client.get("/p/aurora/inbox/")
