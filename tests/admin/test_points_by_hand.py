"""Points given and taken by hand: seen before they move, with a reason, once, and for ever in the timeline."""

import pytest

from loyalty.programs.queries.balances import balances_of
from tests.admin.pages import page_of
from tests.admin.stock import model
from tests.world import earn

pytestmark = pytest.mark.django_db
KEY = "a" * 22


def filled(world, **more):
    wallet = world.aurora.wallets.get(code="points")
    plain = {"key": KEY, "wallet": wallet.pk, "direction": "give", "points": "150", "reason": "Machine broke down"}
    return plain | {"note": "For the trouble"} | more


def active(member) -> int:
    return balances_of(member)[0].active


def test_the_page_brings_a_key_of_its_own(staff, world):
    browser = staff("support")
    keys = {browser.get(page_of("member_adjust", world.ada.pk)).context["form"]["key"].value() for _each in range(2)}
    assert len(keys) == 2
    assert {len(key) for key in keys} == {22}


def test_before_and_after_are_shown_first(staff, world):
    earn(world.ada, 40)
    answer = staff("support").post(page_of("member_adjust", world.ada.pk), filled(world))
    assert (answer.context["before"], answer.context["change"], answer.context["after"]) == (40, 150, 190)
    assert active(world.ada) == 40


def test_confirmed_points_move_once(staff, world):
    browser = staff("support")
    url = page_of("member_adjust", world.ada.pk)
    for _click in range(2):
        answer = browser.post(url, filled(world, confirmed="1"))
        assert answer.status_code == 302
    assert active(world.ada) == 150


def test_who_and_why_stand_in_the_timeline_and_the_note_too(staff, world):
    browser = staff("support")
    browser.post(page_of("member_adjust", world.ada.pk), filled(world, confirmed="1"))
    page = browser.get(page_of("member_change", world.ada.pk)).content.decode()
    assert "Machine broke down" in page
    assert "For the trouble" in page
    assert "support" in page
    posting = model("Posting").objects.get(kind="adjustment")
    assert (posting.actor, posting.reason, posting.note) == (
        f"staff:{browser.user.pk}",
        "Machine broke down",
        "For the trouble",
    )


def test_points_are_taken_too(staff, world):
    earn(world.ada, 200)
    staff("finance").post(page_of("member_adjust", world.ada.pk), filled(world, direction="take", confirmed="1"))
    assert active(world.ada) == 50


@pytest.mark.parametrize("confirmed", [{}, {"confirmed": "1"}])
def test_more_than_there_is_cannot_be_taken(staff, world, confirmed):
    earn(world.ada, 20)
    answer = staff("support").post(page_of("member_adjust", world.ada.pk), filled(world, direction="take", **confirmed))
    assert answer.status_code == 422
    assert active(world.ada) == 20


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("reason", ""),
        ("points", "0"),
        ("points", "-5"),
        ("points", "1.5"),
        ("points", "9" * 30),
        ("wallet", "x"),
        ("direction", "up"),
        ("key", ""),
        ("reason", "x" * 301),
    ],
)
def test_what_makes_no_sense_is_refused(staff, world, field, value):
    answer = staff("support").post(
        page_of("member_adjust", world.ada.pk), filled(world, confirmed="1") | {field: value}
    )
    assert answer.status_code == 422
    assert not model("Posting").objects.exists()


def test_the_same_key_for_something_else_is_refused(staff, world):
    browser = staff("support")
    url = page_of("member_adjust", world.ada.pk)
    browser.post(url, filled(world, confirmed="1"))
    answer = browser.post(url, filled(world, points="151", confirmed="1"))
    assert answer.status_code == 422
    assert active(world.ada) == 150
