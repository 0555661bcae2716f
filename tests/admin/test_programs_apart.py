"""Staff of one program find nothing of another: 404, or an empty list, whatever address or id they send."""

import pytest
from django.contrib import admin
from django.urls import reverse

from loyalty.lib.admin.screens import ProgramScreen
from tests.admin.pages import page_of, screen_of
from tests.admin.stock import add_one_of_each, model
from tests.admin.test_access import THINGS, thing

pytestmark = pytest.mark.django_db


def scoped_screens():
    return {m._meta.model_name: s for m, s in admin.site._registry.items() if isinstance(s, ProgramScreen)}


@pytest.fixture
def foreign(world):
    """Rows of Fjord; Sam's colleagues at Aurora must not see any of them."""
    add_one_of_each(world.aurora, 1)
    return add_one_of_each(world.fjord, 2)


def test_every_page_of_a_foreign_thing_is_not_found(staff, world, foreign):
    browser = staff("program_admin")
    for name in THINGS:
        url = page_of(name, thing(name, world.fjord).pk)
        assert browser.get(url).status_code == 404, name
        assert browser.post(url, {"confirmed": "1"}).status_code in (404, 403), name
    for kind in scoped_screens():
        row = thing(f"{kind}_change", world.fjord)
        assert browser.get(page_of(f"{kind}_history", row.pk)).status_code == 404, kind
        assert browser.get(page_of(f"{kind}_delete", row.pk)).status_code in (403, 404), kind


def test_lists_show_nothing_foreign(staff, world, foreign):
    browser = staff("program_admin")
    for kind, screen in scoped_screens().items():
        answer = browser.get(page_of(f"{kind}_changelist"))
        shown = {screen.program_id_of(row) for row in answer.context["cl"].result_list}
        assert shown == {world.aurora.pk}, kind


def test_searching_finds_nothing_foreign(staff, world, foreign):
    browser = staff("program_admin")
    for term in (foreign.number, foreign.name, foreign.email, foreign.external_id):
        for kind in ("member", "activity", "posting", "delivery", "account"):
            answer = browser.get(page_of(f"{kind}_changelist"), {"q": term})
            assert list(answer.context["cl"].result_list) == [], (kind, term)
        assert foreign.number not in browser.get(reverse("admin:search"), {"s": term}).content.decode()


def test_autocomplete_finds_nothing_foreign(staff, world, foreign):
    browser = staff("program_admin")
    asked = {"app_label": "loyalty", "model_name": "activity", "field_name": "member", "term": foreign.name}
    assert browser.get(reverse("admin:autocomplete"), asked).json()["results"] == []
    own = browser.get(reverse("admin:autocomplete"), asked | {"term": "Ada"}).json()["results"]
    assert [each["text"] for each in own] == ["Ada"]


@pytest.mark.parametrize("kind", ["member", "activity"])
def test_exports_hold_nothing_foreign(staff, world, foreign, kind):
    answer = staff("program_admin").get(page_of(f"{kind}_export", "csv"))
    assert foreign.number not in b"".join(answer.streaming_content).decode()


def test_a_foreign_wallet_is_no_choice(staff, world, foreign):
    fjord = world.fjord.wallets.get(code="points")
    filled = {"name": "Mine", "trigger": "purchase", "wallet": fjord.pk, "effect": "rate", "points": 1, "per_amount": 1}
    filled |= {"factor": 1, "basis": "basket", "rounding": "down", "priority": 0}
    filled |= {f"{rows}-{name}_FORMS": 0 for rows in ("conditions", "caps") for name in ("TOTAL", "INITIAL")}
    answer = staff("program_admin").post(page_of("earningrule_add"), filled)
    assert "wallet" in answer.context["adminform"].form.errors
    assert not model("EarningRule").objects.filter(name="Mine").exists()


def test_points_go_to_no_foreign_wallet(staff, world, foreign):
    wallet = world.fjord.wallets.get(code="points")
    filled = {"key": "k" * 22, "wallet": wallet.pk, "direction": "give", "points": 5, "reason": "x", "confirmed": "1"}
    answer = staff("program_admin").post(page_of("member_adjust", world.ada.pk), filled)
    assert answer.status_code == 422


def test_a_foreign_movement_is_not_found(staff, world, foreign):
    """The id of another member's movement, even on a member of one's own."""
    posting = model("Posting").objects.filter(account__subject=foreign.subject).first()
    browser = staff("program_admin")
    assert browser.get(page_of("member_movement", world.ada.pk, id=posting.pk)).status_code == 404


def test_previews_take_no_foreign_id(staff, world, foreign):
    browser = staff("program_admin")
    wallet = thing("wallet_change", world.fjord)
    assert browser.post(page_of("wallet_preview", wallet=wallet.pk)).status_code == 404
    rule = thing("earningrule_change", world.fjord)
    assert browser.post(page_of("earningrule_sentence"), {"rule": rule.pk}).status_code == 404
    assert browser.post(page_of("earningrule_try-draft"), VALID_BASKET | {"rule": rule.pk}).status_code == 404


def test_trying_finds_no_foreign_member(staff, world, foreign):
    answer = staff("viewer").post(page_of("earningrule_try"), VALID_BASKET | {"try-member": foreign.number})
    assert "There is no such member" in answer.content.decode()


def test_one_cannot_open_a_foreign_program(staff, world):
    browser = staff("program_admin")
    assert browser.get(reverse("admin:open_program", args=[world.fjord.pk])).status_code == 404


def test_a_role_holds_in_its_own_program_only(staff, world):
    """Program admin at Aurora, viewer at Fjord: what may be done follows the program that is open."""
    from loyalty.members.services.staff import grant_access

    browser = staff("program_admin")
    grant_access(browser.user, world.fjord, "viewer", actor="test")
    assert browser.get(page_of("member_add")).status_code == 200
    browser.get(reverse("admin:open_program", args=[world.fjord.pk]))
    assert browser.get(page_of("member_add")).status_code == 403
    assert browser.get(page_of("member_changelist")).status_code == 200
    assert browser.get(page_of("member_adjust", world.cleo.pk)).status_code == 403
    assert browser.get(page_of("member_adjust", world.ada.pk)).status_code == 200


def test_opening_a_thing_opens_its_program(staff, world):
    from loyalty.members.services.staff import grant_access

    browser = staff("program_admin")
    grant_access(browser.user, world.fjord, "viewer", actor="test")
    assert browser.get(page_of("member_change", world.cleo.pk)).status_code == 200
    shown = browser.get(page_of("member_changelist")).context["cl"].result_list
    assert {member.program_id for member in shown} == {world.fjord.pk}


def test_the_screens_of_the_programs_are_all_scoped():
    for name in ("member", "wallet", "earningrule", "activity", "posting", "delivery", "apikey", "staffaccess"):
        assert isinstance(screen_of(name), ProgramScreen)


VALID_BASKET = {"try-type": "purchase", "try-at": "2026-03-02T10:00", "try-0-amount": "100"}
