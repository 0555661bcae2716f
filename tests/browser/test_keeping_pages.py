"""Changing points and bringing expired ones back: the pages on a phone and on a desk, by day and by night."""

from datetime import timedelta

import pytest

from loyalty.lib import clock
from loyalty.programs.models.conversions import ConversionRate
from loyalty.programs.models.reinstatement import ReinstatementPolicy
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.reinstatement import expired_of
from loyalty.programs.services.conversions import convert_points
from loyalty.programs.services.jobs import expire_points
from loyalty.programs.services.reinstatement import bring_back
from tests.browser.test_moving_pages import SIZES, look
from tests.browser.test_portal_access import sign_in
from tests.portal.conftest import open_aurora
from tests.world import earn, join

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop(db):
    aurora = open_aurora()
    points = aurora.wallets.get(code="points")
    cash = Wallet.objects.create(
        program=aurora, code="cash", name="Cashback", unit_one="krone", unit_many="kroner", expiry="rolling"
    )
    ConversionRate.objects.create(
        program=aurora, from_wallet=points, to_wallet=cash, give=100, get=1, minimum=200, per_day=1000, fee_points=5
    )
    ReinstatementPolicy.objects.create(program=aurora, wallet=points, price="money", fee_money=5)
    ada = join(aurora, "Ada", language="en")
    now = clock.now()
    for days, given in ((3, 120), (9, 80)):
        earn(ada, given, key=f"old:{days}", at=now - timedelta(days=90), expires_at=now - timedelta(days=days))
    expire_points()
    earn(ada, 1000)
    facts = {"source": "portal", "actor": "test"}
    convert_points(ada, points, cash, points=300, id="1", **facts)
    bring_back(ada, points, expired_of(ada)[-1].expired_at, id="1", **facts)
    return aurora


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES, ids=["phone", "desk"])
def test_the_pages_are_accessible(shop, phone, scheme, size):
    page = phone(scheme=scheme, size=size)
    sign_in(page)
    tail = f"{size['width']}-{scheme}"
    page.goto("/p/aurora/convert/")
    found = {"convert": look(page, f"convert-{tail}")}
    page.get_by_label("How many").fill("400")
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Change now").wait_for()
    found["quote"] = look(page, f"quote-{tail}")
    page.goto("/p/aurora/expired/")
    found["expired"] = look(page, f"expired-{tail}")
    page.get_by_role("button", name="Bring back").first.click()
    page.get_by_role("button", name="I will pay").wait_for()
    found["claim"] = look(page, f"claim-{tail}")
    page.goto("/p/aurora/lots/")
    found["lots"] = look(page, f"lots-{tail}")
    assert found == {"convert": [], "quote": [], "expired": [], "claim": [], "lots": []}
