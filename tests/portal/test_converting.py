"""The page “Change points”: fill in, look, change once."""

import pytest

from loyalty.programs.models.conversions import Conversion, ConversionRate
from loyalty.programs.models.wallet import Wallet
from tests.till import active
from tests.world import earn

pytestmark = pytest.mark.django_db
URL = "/p/aurora/convert/"
KEY = "k" * 22


@pytest.fixture
def rate(aurora) -> ConversionRate:
    cash = Wallet.objects.create(program=aurora, code="cash", name="Cashback", unit_one="krone", unit_many="kroner")
    points = aurora.wallets.get(code="points")
    return ConversionRate.objects.create(
        program=aurora, from_wallet=points, to_wallet=cash, give=100, get=1, fee_points=2, per_day=300
    )


def filled(chosen, **changes):
    return {"key": KEY, "rate": str(chosen.pk), "points": "200"} | changes


def test_it_is_shown_before_it_is_done_and_done_once(as_ada, ada, rate):
    earn(ada, 250)
    assert "100 points become 1 krone" in as_ada.get(URL).content.decode()
    shown = as_ada.post(URL, filled(rate))
    assert shown.status_code == 200
    assert all(words in shown.content.decode() for words in ("200 points", "2 kroner", "48", "Change now"))
    assert Conversion.objects.count() == 0
    for _click in range(2):
        assert as_ada.post(URL, filled(rate, confirmed="1")).status_code == 302
    assert (active(ada), active(ada, "cash")) == (48, 2)
    assert "+2" in as_ada.get(URL).content.decode()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"points": "150"}, "in steps of 100"),
        ({"points": "300"}, "There are not enough points"),
        ({"points": "400"}, "You can change 300 points more today"),
        ({"points": "0"}, "greater than or equal to 1"),
        ({"rate": "0"}, "Please look at the marked fields"),
        ({"key": "short", "confirmed": "1"}, "This form is out of date"),
    ],
)
def test_refusals_stand_in_the_form(as_ada, ada, rate, changes, words):
    earn(ada, 250)
    answer = as_ada.post(URL, filled(rate, **changes))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert (active(ada), Conversion.objects.count()) == (250, 0)


def test_the_page_is_found_where_there_is_something(as_ada, rate):
    assert URL in as_ada.get("/p/aurora/me/").content.decode()
    ConversionRate.objects.update(is_on=False)
    assert URL not in as_ada.get("/p/aurora/me/").content.decode()
    assert "Nothing to change now" in as_ada.get(URL).content.decode()
