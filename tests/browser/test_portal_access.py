"""Every page of the portal for everyone: WCAG 2.2 AA by day and by night, and nothing cut off at 320 pixels."""

import pytest

from loyalty.programs.models.wallet import Wallet
from tests.browser.conftest import violations
from tests.portal.conftest import buy, open_aurora
from tests.portal.test_sign_in_pages import app_code
from tests.world import PASSWORD, earn, join, open_program

pytestmark = pytest.mark.django_db(transaction=True)

OPEN = [
    "/",
    "/p/aurora/",
    "/p/aurora/join/",
    "/p/aurora/terms/",
    "/p/nowhere/",
    "/accounts/login/?next=/p/aurora/",
    "/accounts/login/code/?next=/p/aurora/",
    "/accounts/password/reset/?next=/p/aurora/",
]
MEMBERS = [
    "/?choose=1",
    "/p/aurora/",
    "/p/aurora/terms/",
    "/p/aurora/card/",
    "/p/aurora/statement/",
    "/p/aurora/statement/?kind=spent",
    "/p/aurora/lots/",
    "/p/aurora/me/",
    "/p/aurora/me/profile/",
    "/p/aurora/me/consents/",
    "/p/aurora/me/data/",
    "/p/aurora/inbox/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/2fa/",
    "/accounts/2fa/totp/activate/",
    "/accounts/logout/",
]


@pytest.fixture
def shop(db):
    aurora = open_aurora()
    open_program("fjord", "Fjord", currency="NOK", languages=["nb"])
    ada = join(aurora, "Ada", language="en")
    for number in range(4):
        buy(ada, f"r{number}", f"{10 + number}.50", days_ago=number * 30, store="Aurora Grünerløkka by the river")
    return aurora


def sign_in(page) -> None:
    page.goto("/accounts/login/?next=/p/aurora/")
    page.get_by_label("E-mail address").fill("ada@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/p/aurora/")


def problems_of(page, addresses: list[str]) -> dict[str, list[str]]:
    found = {}
    for address in addresses:
        page.goto(address)
        if problems := violations(page):
            found[address] = problems
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_open_pages_are_accessible(shop, phone, scheme):
    assert problems_of(phone(scheme=scheme), OPEN) == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_members_pages_are_accessible(shop, phone, scheme):
    page = phone(scheme=scheme)
    sign_in(page)
    assert problems_of(page, MEMBERS) == {}
    page.goto("/p/aurora/statement/")
    page.locator(".item").first.click()
    page.get_by_role("dialog").wait_for()
    assert violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_setting_up_the_second_factor_is_accessible(shop, phone, scheme):
    page = phone(scheme=scheme)
    sign_in(page)
    page.goto("/accounts/2fa/totp/activate/")
    assert violations(page) == []  # who are you, again?
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Authenticator secret").wait_for()
    assert violations(page) == []
    secret = page.get_by_label("Authenticator secret").input_value()
    page.get_by_label("Authenticator code").fill(app_code(secret))
    page.get_by_role("button", name="Activate").click()
    page.wait_for_url("**/recovery-codes/**")
    assert (
        problems_of(page, ["/accounts/2fa/", "/accounts/2fa/recovery-codes/", "/accounts/2fa/totp/deactivate/"]) == {}
    )


@pytest.mark.parametrize("colour", ["#ffd400", "#ffffff", "#000000", "#8a8a8a", "#e6007e"])
def test_pages_stay_accessible_in_any_brand_colour(shop, phone, colour):
    shop.brand_color = shop.accent_color = colour
    shop.save()
    page = phone()
    assert problems_of(page, ["/p/aurora/", "/p/aurora/join/"]) == {}
    sign_in(page)
    assert problems_of(page, ["/p/aurora/", "/p/aurora/statement/", "/p/aurora/me/"]) == {}


def test_nothing_is_cut_off_at_320_pixels_nor_lost_on_a_desk(shop, phone):
    for width in (320, 1440):
        page = phone(size={"width": width, "height": 700})
        ensure_fits(page, OPEN)
        sign_in(page)
        ensure_fits(page, MEMBERS)


SPILT = """() => [...document.querySelectorAll(".figure")]
    .filter(each => each.getBoundingClientRect().right > each.parentElement.getBoundingClientRect().right
        || each.clientHeight > 1.5 * parseFloat(getComputedStyle(each).fontSize))
    .map(each => each.textContent)"""


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_balances_of_any_length_stay_in_their_tiles_on_one_line(shop, phone, width):
    ada = shop.members.get()
    for position, points in enumerate((12_345_678_901, 123_456_789_012, 987_654_321_098_765)):
        kind = Wallet.objects.create(program=shop, code=f"w{position}", name="W", position=position + 1)
        earn(ada, points, wallet=kind)
    earn(ada, 123_456_789_012)
    page = phone(size={"width": width, "height": 700})
    sign_in(page)
    assert page.locator(".figure").count() == 4
    assert page.evaluate(SPILT) == []
    ensure_fits(page, ["/p/aurora/", "/p/aurora/statement/", "/p/aurora/lots/"])


def ensure_fits(page, addresses: list[str]) -> None:
    for address in addresses:
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, address


SMALL = """() => [...document.querySelectorAll("main a, main button, nav a, header a")]
    .filter(each => each.checkVisibility() && getComputedStyle(each).display !== "inline")
    .map(each => [each.textContent.trim().slice(0, 30), each.getBoundingClientRect()])
    .filter(([_name, box]) => box.height < 44 || box.width < 44)
    .map(([name, box]) => `${name} ${box.width}x${box.height}`)"""


def test_what_one_taps_is_large_enough(shop, phone):
    page = phone()
    sign_in(page)
    for address in MEMBERS:
        page.goto(address)
        assert page.evaluate(SMALL) == [], address


def test_the_keyboard_can_skip_to_the_content_and_sees_where_it_is(shop, phone):
    page = phone()
    sign_in(page)
    page.goto("/p/aurora/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("Tab")
    style = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert style == "solid"
