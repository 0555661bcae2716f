"""Points given and taken by hand: seen before they move, with a reason, once, and for ever in the timeline."""

import pytest

from loyalty.programs.queries.balances import balances_of
from tests.admin.pages import page_of
from tests.admin.stock import model
from tests.admin.test_wallets import filled as wallet_filled
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


MANY = {"points": "10001"}


@pytest.mark.parametrize("confirmed", [{}, {"confirmed": "1"}, {"confirmed": "1", "sure": "1"}])
@pytest.mark.parametrize("points", ["10001", "1000000000000"])
def test_support_goes_no_further_than_the_limit(staff, world, points, confirmed):
    answer = staff("support").post(page_of("member_adjust", world.ada.pk), filled(world, points=points, **confirmed))
    assert answer.status_code == 422
    assert "at most 10,000 points at once" in answer.context["form"].errors["points"][0]
    assert active(world.ada) == 0


@pytest.mark.parametrize("role", ["viewer", "campaign_manager"])
def test_others_adjust_nothing_at_all(staff, world, role):
    answer = staff(role).post(page_of("member_adjust", world.ada.pk), filled(world, confirmed="1", sure="1", **MANY))
    assert answer.status_code == 403
    assert active(world.ada) == 0


@pytest.mark.parametrize("role", ["finance", "program_admin"])
def test_many_points_are_asked_about_twice_with_what_they_are_worth(staff, world, role):
    world.aurora.wallets.filter(code="points").update(point_value="0.01")
    browser, url = staff(role), page_of("member_adjust", world.ada.pk)
    first = browser.post(url, filled(world, **MANY))
    assert 'name="confirmed"' in first.content.decode()
    second = browser.post(url, dict(first.context["hidden"]) | {"confirmed": "1"})
    page = second.content.decode()
    assert "10,001 points are worth <b>100.01\N{NO-BREAK SPACE}€</b>" in page
    assert 'name="sure"' in page
    assert active(world.ada) == 0
    for _click in range(2):
        assert browser.post(url, dict(second.context["hidden"]) | {"sure": "1"}).status_code == 302
    assert active(world.ada) == 10_001


def test_without_a_money_value_the_second_question_says_so(staff, world):
    world.aurora.wallets.filter(code="points").update(point_value=0)
    answer = staff("finance").post(page_of("member_adjust", world.ada.pk), filled(world, confirmed="1", **MANY))
    assert "has not been set" in answer.content.decode()


def test_up_to_the_limit_one_question_is_enough(staff, world):
    page = staff("support").get(page_of("member_adjust", world.ada.pk)).content.decode()
    assert "At most 10,000 points at once" in page
    staff("finance").post(page_of("member_adjust", world.ada.pk), filled(world, points="10000", confirmed="1"))
    assert active(world.ada) == 10_000


def test_a_program_admin_sets_the_limit(staff, world):
    wallet = world.aurora.wallets.get(code="points")
    answer = staff("program_admin").post(
        page_of("wallet_change", wallet.pk), wallet_filled(by_hand_limit="50", _confirmed="1")
    )
    assert answer.status_code == 302
    wallet.refresh_from_db()
    assert wallet.by_hand_limit == 50
    assert staff("support").post(page_of("member_adjust", world.ada.pk), filled(world, points="51")).status_code == 422
