"""Sending and sharing points: the pages on a phone and on a desk, by day and by night."""

import os
from pathlib import Path

import pytest

from loyalty.programs.models.households import HouseholdPolicy
from loyalty.programs.models.moving import TransferPolicy
from loyalty.programs.services.households import contribute, found_household, join_household
from loyalty.programs.services.moving import send_points
from tests.browser.conftest import violations
from tests.browser.test_portal_access import sign_in
from tests.portal.conftest import open_aurora
from tests.world import earn, join

pytestmark = pytest.mark.django_db(transaction=True)
SIZES = [{"width": 390, "height": 844}, {"width": 1280, "height": 900}]
PICTURES = os.environ.get("LAUREL_PICTURES", "")  # a folder, to look at the pages


@pytest.fixture
def shop(db):
    aurora = open_aurora()
    wallet = aurora.wallets.get(code="points")
    TransferPolicy.objects.create(
        wallet=wallet, cooling_hours=0, step=10, per_day=500, fee_percent=2, asks_receiver=True
    )
    HouseholdPolicy.objects.create(program=aurora, wallet=wallet, percent=50)
    ada, bea = join(aurora, "Ada", language="en"), join(aurora, "Bea", language="en")
    household = found_household(ada, name="Larsen and friends", actor="test")
    join_household(bea, code=household.code, actor="test")
    for member in (ada, bea):
        earn(member, 1000, key=f"start:{member.pk}")
        contribute(member.pk)
    facts = {"source": "portal", "actor": "test", "points": 100}
    send_points(ada, bea, wallet, id="1", note="For the cake", **facts)
    send_points(bea, ada, wallet, id="2", note="Happy birthday!", **facts)
    return aurora


def look(page, name: str) -> list[str]:
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)
    wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    return [*violations(page), *(["wider than the screen"] if wide else [])]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES, ids=["phone", "desk"])
def test_the_pages_are_accessible(shop, phone, scheme, size):
    page = phone(scheme=scheme, size=size)
    sign_in(page)
    tail = f"{size['width']}-{scheme}"
    page.goto("/p/aurora/send/")
    found = {"send": look(page, f"send-{tail}")}
    page.get_by_label("To whom").fill("bea@example.org")
    page.get_by_label("How many").fill("50")
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Send now").wait_for()
    found["preview"] = look(page, f"preview-{tail}")
    page.goto("/p/aurora/household/")
    found["household"] = look(page, f"household-{tail}")
    assert found == {"send": [], "preview": [], "household": []}
