"""The page “Household”: found, join, take, hand on, leave, end."""

import pytest

from loyalty.programs.models.households import Household, HouseholdPolicy
from loyalty.programs.queries.households import membership_of
from tests.portal.conftest import client_of
from tests.till import active
from tests.world import earn, join

pytestmark = pytest.mark.django_db
URL = "/p/aurora/household/"


@pytest.fixture
def policy(aurora) -> HouseholdPolicy:
    return HouseholdPolicy.objects.create(program=aurora, wallet=aurora.wallets.get(code="points"), percent=50)


@pytest.fixture
def bea(aurora):
    return join(aurora, "Bea", language="en")


@pytest.fixture
def home(as_ada, bea, policy) -> Household:
    as_ada.post(f"{URL}found/", {"found-name": "Larsen"})
    household = Household.objects.get()
    client_of(bea).post(f"{URL}join/", {"join-code": household.code})
    return household


def test_points_are_shared_and_taken_once(as_ada, ada, bea, home):
    earn(ada, 100)
    shown = as_ada.get(URL).content.decode()
    assert all(words in shown for words in ("Larsen", "Bea", "Code to join", "+50"))
    hers = client_of(bea)
    for _click in range(2):
        assert hers.post(f"{URL}take/", {"key": "k" * 22, "points": "20"}).status_code == 302
    assert (active(ada), active(bea)) == (50, 20)
    assert hers.post(f"{URL}take/", {"key": "j" * 22, "points": "31"}).status_code == 422
    assert "Code to join" not in hers.get(URL).content.decode()


def test_only_the_owner_decides(as_ada, ada, bea, home):
    hers, own = client_of(bea), membership_of(ada)
    assert hers.post(f"{URL}role/{own.pk}/", {"role": "earner"}).status_code == 404
    assert hers.post(f"{URL}dissolve/").status_code == 404
    as_ada.post(f"{URL}role/{membership_of(bea).pk}/", {"role": "earner"})
    assert membership_of(bea).role == "earner"
    as_ada.post(f"{URL}role/{membership_of(bea).pk}/", {"role": "remove"})
    assert membership_of(bea) is None


def test_leaving_and_ending(as_ada, ada, bea, home):
    earn(ada, 100)
    as_ada.get(URL)
    hers = client_of(bea)
    assert "take along:" in hers.post(f"{URL}leave/").content.decode()
    assert membership_of(bea) is not None
    hers.post(f"{URL}leave/", {"confirmed": "1"})
    assert membership_of(bea) is None
    asked = as_ada.post(f"{URL}dissolve/")
    assert (asked.context["ends"], [points for _person, points in asked.context["parting"]]) == (True, [50])
    assert membership_of(ada) is not None
    as_ada.post(f"{URL}dissolve/", {"confirmed": "1"})
    assert (active(ada), membership_of(ada)) == (100, None)


def test_a_wrong_code_is_refused_in_the_form(as_ada, policy):
    answer = as_ada.post(f"{URL}join/", {"join-code": "NOTHING"})
    assert answer.status_code == 422
    assert "There is no household with this code" in answer.content.decode()


def test_strangers_find_nothing(client, as_ada, as_cleo):
    assert client.get(URL).status_code == 302
    assert (as_cleo.get(URL).status_code, as_ada.get(URL).status_code) == (404, 404)
