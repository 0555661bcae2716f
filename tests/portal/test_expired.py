"""The page “Expired points”: what can come back, its numbers, and what is to be paid."""

from datetime import timedelta

import pytest

from loyalty.lib import clock
from loyalty.programs.models.reinstatement import Reinstatement, ReinstatementPolicy
from loyalty.programs.queries.reinstatement import expired_of
from loyalty.programs.services.jobs import expire_points
from tests.till import active
from tests.world import earn

pytestmark = pytest.mark.django_db
URL = "/p/aurora/expired/"
KEY = "k" * 22


@pytest.fixture
def policy(aurora) -> ReinstatementPolicy:
    return ReinstatementPolicy.objects.create(
        program=aurora, wallet=aurora.wallets.get(code="points"), price="points", fee_percent=10
    )


@pytest.fixture
def part(ada, policy):
    earn(ada, 100, expires_at=clock.now() - timedelta(days=2), at=clock.now() - timedelta(days=9))
    expire_points()
    (found,) = expired_of(ada)
    return f"points@{found.expired_at.isoformat()}"


def test_it_is_shown_before_it_is_done_and_done_once(as_ada, ada, part):
    listed = as_ada.get(URL).content.decode()
    assert all(words in listed for words in ("100 points", "costs 10", "These can come back"))
    shown = as_ada.post(URL, {"part": part})
    assert shown.status_code == 200
    assert all(words in shown.content.decode() for words in ("You get back", "90", "Bring them back"))
    assert active(ada) == 0
    for _click in range(2):
        assert as_ada.post(URL, {"part": part, "key": KEY, "confirmed": "1"}).status_code == 302
    assert (active(ada), Reinstatement.objects.count()) == (90, 1)
    assert "fee 10" in as_ada.get(URL).content.decode()


def test_what_is_to_be_paid_stands_on_top_and_can_be_given_up(as_ada, ada, part, policy):
    policy.price, policy.fee_money = "money", 3
    policy.save()
    assert "I will pay" in as_ada.post(URL, {"part": part}).content.decode()
    as_ada.post(URL, {"part": part, "key": KEY, "confirmed": "1"})
    made = Reinstatement.objects.get()
    assert "3.00\xa0€ to pay" in as_ada.get(URL).content.decode()
    assert as_ada.post(f"{URL}{made.pk}/").status_code == 302
    made.refresh_from_db()
    assert (made.state, active(ada)) == ("cancelled", 0)
    assert "These can come back" in as_ada.get(URL).content.decode()


@pytest.mark.parametrize(
    ("posted", "words"),
    [
        ({"part": "points@2020-01-01T00:00:00+00:00"}, "cannot be brought back any more"),
        ({"part": ""}, "cannot be brought back any more"),
        ({"part": "", "key": "short", "confirmed": "1"}, "This form is out of date"),
        ({"part": "", "key": KEY, "confirmed": "1"}, "cannot be brought back any more"),
    ],
)
def test_refusals(as_ada, ada, part, posted, words):
    answer = as_ada.post(URL, posted)
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_the_page_is_found_where_there_is_something(as_ada, ada, policy, request):
    assert URL not in as_ada.get("/p/aurora/me/").content.decode()
    assert "Nothing to bring back" in as_ada.get(URL).content.decode()
    request.getfixturevalue("part")
    assert URL in as_ada.get("/p/aurora/me/").content.decode()
    assert URL in as_ada.get("/p/aurora/lots/").content.decode()
