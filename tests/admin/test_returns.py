"""Goods brought back at the desk: what goes with them is shown before it is done."""

import re

import pytest

from loyalty.programs.models.activity import Activity
from loyalty.programs.models.returns import Return
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
