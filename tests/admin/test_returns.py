"""Goods brought back at the desk: what goes with them is shown before it is done."""

import re

import pytest

from loyalty.programs.models.activity import Activity
from loyalty.programs.models.returns import Return
from loyalty.programs.models.tiers import Tier, TierSet, TierStanding
from loyalty.programs.services.tiers import review_tiers
from tests.admin.pages import page_of
from tests.till import active, buy, line

pytestmark = pytest.mark.django_db


@pytest.fixture
def purchase(world) -> Activity:
    buy(world.ada, line("9.90", quantity=3, category="espresso"), "20")
    return Activity.objects.get()


@pytest.fixture
def desk(staff):
    return staff("support")


def key_of(page) -> str:
    return re.search(r'name="key" value="([^"]+)"', page.content.decode())[1]


def test_choose_look_confirm(world, desk, purchase):
    address = page_of("activity_return", purchase.pk)
    assert address in desk.get(page_of("activity_change", purchase.pk)).content.decode()
    filled = {"key": key_of(desk.get(address)), "line_1": "2", "line_2": "", "reason": "cold"}
    preview = desk.post(address, filled).content.decode()
    assert "Is this right?" in preview
    assert Return.objects.count() == 0
    for _twice in range(2):
        assert desk.post(address, filled | {"confirmed": "1"}).status_code == 302
    (done,) = Return.objects.all()
    assert (active(world.ada), done.lines, done.actor) == (
        23, [{"line": 1, "quantity": "2", "amount": "6.6"}], f"staff:{desk.user.pk}",
    )  # fmt: skip
    assert "Returned 2 of 3 espresso" in desk.get(page_of("activity_change", purchase.pk)).content.decode()


def test_what_cannot_come_back_is_refused(desk, purchase):
    address = page_of("activity_return", purchase.pk)
    key = key_of(desk.get(address))
    for filled in ({}, {"line_1": "4"}, {"line_1": "-1"}, {"line_1": "0.0001"}, {"line_1": "x"}):
        assert desk.post(address, {"key": key, "reason": ""} | filled).status_code == 422
    assert Return.objects.count() == 0


def test_who_may_not_adjust_points_takes_nothing_back(staff, purchase):
    viewer = staff("viewer")
    assert viewer.get(page_of("activity_return", purchase.pk)).status_code == 403
    assert "activity_return" not in viewer.get(page_of("activity_change", purchase.pk)).content.decode()


def test_a_tier_that_would_be_lost_is_told_before_and_after(world, desk, purchase):
    ladder = TierSet.objects.create(
        program=world.aurora, code="status", name="Status", measure="spend", downgrade="at_once"
    )
    for code, threshold in (("basic", 0), ("gold", 25)):
        Tier.objects.create(tier_set=ladder, code=code, name=code.title(), threshold=threshold)
    review_tiers(program=world.aurora)
    address = page_of("activity_return", purchase.pk)
    filled = {"key": key_of(desk.get(address)), "line_1": "", "line_2": "1", "reason": ""}
    assert "With this the member falls from Gold to Basic (Status)." in desk.post(address, filled).content.decode()
    assert TierStanding.objects.get(member=world.ada).tier.code == "gold"
    page = desk.post(address, filled | {"confirmed": "1"}, follow=True).content.decode()
    assert "The return is recorded. The member fell from Gold to Basic (Status)." in page
    assert TierStanding.objects.get(member=world.ada).tier.code == "basic"


def test_where_no_tier_is_lost_none_is_told(desk, purchase):
    address = page_of("activity_return", purchase.pk)
    page = desk.post(address, {"key": key_of(desk.get(address)), "line_1": "1", "line_2": "", "reason": ""})
    assert "the member falls" not in page.content.decode()
