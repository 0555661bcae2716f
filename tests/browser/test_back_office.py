"""The back office in a real browser: for everyone (WCAG 2.2 AA, phone and desk, day and night), and while one types."""

import pytest
from django.urls import reverse

from loyalty.programs.queries.balances import balances_of
from tests.admin.stock import add_one_of_each
from tests.browser.conftest import PHONE, violations
from tests.world import PASSWORD, make_world

pytestmark = pytest.mark.django_db(transaction=True)
DESK = {"width": 1440, "height": 900}
SIDEBAR_ENTRY = "#nav-sidebar a[href$='/earningrule/']"


@pytest.fixture
def world(db, settings, tmp_path):
    settings.STAFF_MFA_REQUIRED = False
    settings.MEDIA_ROOT = tmp_path
    world = make_world()
    add_one_of_each(world.aurora, 1)
    return world


def sign_in(page):
    page.goto("/admin/")
    page.get_by_label("E-mail address").fill("sam@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/admin/")
    return page


def address(name: str, *args) -> str:
    return reverse(f"admin:loyalty_{name}", args=args)


def pages_of(world) -> list[str]:
    wallet = world.aurora.wallets.get(code="points")
    rule = world.aurora.rules.earliest("pk")
    return [
        reverse("admin:index"),
        address("member_changelist"),
        address("member_change", world.ada.pk),
        address("member_adjust", world.ada.pk),
        address("member_edit", world.ada.pk),
        address("wallet_change", wallet.pk),
        address("earningrule_changelist"),
        address("earningrule_change", rule.pk),
        address("earningrule_try"),
        address("program_open"),
        address("program_terms"),
        address("posting_changelist"),
        address("activity_changelist"),
        address("purchaseimport_add"),
        address("staffaccess_add"),
        address("apikey_add"),
        address("wallet_history", wallet.pk),
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_pages_are_for_everyone(phone, world, scheme, size):
    page = sign_in(phone(scheme=scheme, size=size))
    wrong = {}
    for url in pages_of(world):
        page.goto(url)
        if found := violations(page):
            wrong[url] = found
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), url
    assert wrong == {}


@pytest.mark.parametrize(("width", "is_open"), [(1280, True), (1279, False), (390, False)])
def test_the_sidebar_stands_open_on_a_desk(phone, world, width, is_open):
    page = sign_in(phone(size={"width": width, "height": 800}))
    entry = page.locator(SIDEBAR_ENTRY)
    entry.wait_for(state="visible" if is_open else "hidden")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_sidebar_stays_as_one_left_it(phone, world):
    page = sign_in(phone(size={"width": 1280, "height": 800}))
    entry = page.locator(SIDEBAR_ENTRY)
    for is_open in (False, True):
        page.keyboard.press("[")
        page.reload()
        entry.wait_for(state="visible" if is_open else "hidden")
        assert entry.is_visible() is is_open


@pytest.mark.parametrize("width", [390, 1280, 1900])
def test_the_words_of_a_chart_are_as_small_as_those_around_it(phone, world, width):
    page = sign_in(phone(size={"width": width, "height": 800}))
    words = page.locator(".l-chart svg text").first
    assert words.evaluate("word => getComputedStyle(word).fontSize") == "12px"
    assert words.evaluate("word => word.getScreenCTM().a") == 1  # nothing scales it
    assert words.evaluate("word => getComputedStyle(word).fontFamily === getComputedStyle(document.body).fontFamily")


def test_many_points_are_asked_about_twice_without_scripts_too(phone, world):
    world.aurora.wallets.filter(code="points").update(point_value="0.01")
    page = sign_in(phone(javascript=False))
    page.goto(address("member_adjust", world.ada.pk))
    before = balances_of(world.ada)[0].active
    page.get_by_label("How many").fill("10001")
    page.get_by_label("Reason").fill("A long story")
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Give the points").click()
    page.get_by_text("10,001 points are worth 100.01").wait_for()
    page.get_by_role("button", name="Yes, give 10,001").click()
    page.wait_for_url("**/change/")
    assert balances_of(world.ada)[0].active == before + 10_001


def test_the_wallet_says_what_it_means_while_it_is_changed(phone, world):
    page = sign_in(phone(size=DESK))
    page.goto(address("wallet_change", world.aurora.wallets.get(code="points").pk))
    sample = page.locator("#wallet-sample")
    sample.get_by_text("Points earned today expire").wait_for()
    page.get_by_label("Points expire").select_option("never")
    sample.get_by_text("Points earned today never expire.").wait_for()
    assert not page.get_by_label("Months", exact=False).first.is_visible()
    page.get_by_label("Points expire").select_option("calendar")
    sample.get_by_text("at least one date").wait_for()
    page.get_by_label("Expiry dates").fill("12-31")
    page.get_by_role("button", name="Preview").click()
    sample.get_by_text("Points earned today expire at the end of").wait_for()


def test_a_rule_is_said_and_tried_while_it_is_written(phone, world):
    page = sign_in(phone(size=DESK))
    page.goto(address("earningrule_add"))
    page.locator("#id_name").fill("Triple")
    page.locator("[name=wallet]").select_option(label="Points")
    page.locator("[name=points]").fill("3")
    page.locator("[name=points]").blur()
    page.get_by_text("Members earn 3 points per").wait_for()
    page.locator("[name=try-0-amount]").fill("100")
    page.get_by_role("button", name="Try it").click()
    page.locator("#tried").get_by_text("+400").wait_for()
    assert world.aurora.rules.filter(name="Triple").count() == 0


def test_conditions_offer_what_makes_sense(phone, world):
    page = sign_in(phone(size=DESK))
    page.goto(address("earningrule_add"))
    page.get_by_text("Add another Condition").click()
    subject = page.locator("[name=conditions-0-subject]")
    subject.select_option("basket_total")
    shown = page.locator("[name=conditions-0-operator] option:not([disabled])").all_inner_texts()
    assert "is one of" not in shown
    assert "is at least" in shown
    assert not page.locator("[name=conditions-0-name]").is_visible()
    subject.select_option("member_attribute")
    assert page.locator("[name=conditions-0-name]").is_visible()


def test_points_are_given_on_a_phone(phone, world):
    page = sign_in(phone())
    page.goto(address("member_change", world.ada.pk))
    page.get_by_role("link", name="Adjust points").click()
    page.get_by_label("How many").fill("150")
    page.get_by_label("Reason").fill("Machine broke down")
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Give the points").dblclick()
    page.wait_for_url(f"**{address('member_change', world.ada.pk)}")
    page.get_by_text("Machine broke down").wait_for()
    assert balances_of(world.ada)[0].active == 150


def test_search_opens_a_member(phone, world):
    page = sign_in(phone(size=DESK))
    page.keyboard.press("Control+k")
    page.get_by_placeholder("Type to search").press_sequentially("Ada")
    page.locator("#command-results").get_by_text("Ada", exact=True).click()
    page.wait_for_url(f"**{address('member_change', world.ada.pk)}")
