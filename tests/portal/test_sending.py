"""The page “Send points”: fill in, look, send once; accept or decline what others send."""

import pytest
from django.core import mail

from loyalty.messaging.services import tell_of_transfer
from loyalty.programs.models.moving import Transfer, TransferPolicy
from tests.portal.conftest import client_of
from tests.till import active
from tests.world import earn, join

pytestmark = pytest.mark.django_db
URL = "/p/aurora/send/"
KEY = "k" * 22


@pytest.fixture
def policy(aurora) -> TransferPolicy:
    return TransferPolicy.objects.create(wallet=aurora.wallets.get(code="points"), cooling_hours=0, fee_points=2)


@pytest.fixture
def bea(aurora):
    return join(aurora, "Bea", language="en")


def filled(**changes):
    return {"key": KEY, "wallet": "points", "to": "bea@example.org", "points": "50", "note": "Hi"} | changes


def test_it_is_shown_before_it_is_done_and_done_once(as_ada, ada, bea, policy):
    earn(ada, 100)
    shown = as_ada.post(URL, filled())
    assert shown.status_code == 200
    assert all(words in shown.content.decode() for words in ("bea@example.org", "52", "48", "Send now"))
    assert "Bea" not in shown.content.decode()
    assert active(bea) == 0
    for _click in range(2):
        assert as_ada.post(URL, filled(confirmed="1")).status_code == 302
    assert (active(ada), active(bea)) == (48, 50)
    assert "To bea@example.org" in as_ada.get(URL).content.decode()
    assert "From Ada" in client_of(bea).get(URL).content.decode()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"to": "nobody@example.org"}, "We cannot send points there"),
        ({"to": "ada@example.org"}, "We cannot send points there"),
        ({"points": "99"}, "There are not enough points"),
        ({"points": "0"}, "greater than or equal to 1"),
        ({"wallet": "gold"}, "Please look at the marked fields"),
        ({"key": "short", "confirmed": "1"}, "This form is out of date"),
    ],
)
def test_refusals_stand_in_the_form(as_ada, ada, bea, policy, changes, words):
    earn(ada, 100)
    answer = as_ada.post(URL, filled(**changes))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert active(ada) == 100


def test_nobody_tries_out_who_is_a_member(as_ada, ada, bea, policy, settings):
    earn(ada, 100)
    for _each in range(20):
        as_ada.post(URL, filled(to="nobody@example.org"))
    assert "You tried too many addresses today" in as_ada.post(URL, filled()).content.decode()


def test_a_waiting_transfer_is_told_and_accepted(as_ada, ada, bea, policy):
    policy.asks_receiver = True
    policy.save()
    earn(ada, 100)
    as_ada.post(URL, filled(confirmed="1"))
    hers, transfer = client_of(bea), Transfer.objects.get()
    assert "Ada sends you points" in hers.get(URL).content.decode()
    for _twice in range(2):
        tell_of_transfer(transfer.pk)
    assert [letter.subject for letter in mail.outbox] == ["Ada sends you 50 points"]
    assert "Ada sends you 50 points" in hers.get("/p/aurora/").content.decode()
    assert as_ada.post(f"{URL}{transfer.pk}/", {"answer": "accept"}).status_code == 404
    assert hers.post(f"{URL}{transfer.pk}/", {"answer": "withdraw"}).status_code == 404
    assert hers.post(f"{URL}{transfer.pk}/", {"answer": "accept"}).status_code == 302
    assert (active(ada), active(bea)) == (48, 50)
    late = as_ada.post(f"{URL}{transfer.pk}/", {"answer": "withdraw"}, follow=True).content.decode()
    assert "does not wait for an answer any more" in late


def test_what_i_sent_i_may_withdraw(as_ada, ada, bea, policy):
    policy.asks_receiver = True
    policy.save()
    earn(ada, 100)
    as_ada.post(URL, filled(confirmed="1"))
    as_ada.post(f"{URL}{Transfer.objects.get().pk}/", {"answer": "withdraw"})
    assert active(ada) == 100


def test_strangers_find_nothing(client, as_cleo, as_ada, ada, bea, policy):
    earn(ada, 100)
    as_ada.post(URL, filled(confirmed="1"))
    assert client.get(URL).status_code == 302
    assert as_cleo.get(URL).status_code == 404
    assert as_cleo.post(f"{URL}{Transfer.objects.get().pk}/", {"answer": "accept"}).status_code == 404


def test_the_entry_is_there_only_where_points_are_sent(as_ada, ada):
    assert "Send points" not in as_ada.get("/p/aurora/me/").content.decode()
    assert "Nothing to send now" in as_ada.get(URL).content.decode()
    TransferPolicy.objects.create(wallet=ada.program.wallets.get(code="points"))
    assert "Send points" in as_ada.get("/p/aurora/me/").content.decode()
