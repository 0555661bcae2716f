"""What people do with the portal, from the first visit on, in a real browser."""

import json

import pytest
from django.core import mail

from tests.browser.test_portal_access import sign_in
from tests.portal.conftest import TERMS, buy, open_aurora
from tests.world import PASSWORD, join

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _posted_here(settings):
    settings.ACCOUNT_RATE_LIMITS = False
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}


@pytest.fixture
def aurora(db):
    return open_aurora()


def code_in_mail() -> str:
    return mail.outbox[-1].subject.split()[0]


def sign_up(page) -> None:
    page.goto("/")
    page.get_by_role("link", name="Join for free").click()
    page.get_by_label("Your name").fill("Ben Okri")
    page.get_by_label("E-mail address").fill("ben@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label(TERMS).check()
    page.get_by_role("button", name="Join for free").click()
    page.get_by_label("Code").fill(code_in_mail())
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_url("**/p/aurora/")


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_from_the_first_visit_to_signing_out(aurora, phone, javascript):
    page = phone(javascript=javascript)
    sign_up(page)
    assert page.get_by_text("Your card is ready").is_visible()
    assert page.get_by_text("Nothing here yet").is_visible()
    member = aurora.members.get()
    buy(member, "first", "29.90", store="Oslo 1")
    page.reload()
    assert page.locator(".balance .figure").inner_text() == "29"
    page.get_by_role("link", name="See all").click()
    assert page.locator(".item").count() == 1
    page.get_by_role("link", name="Spent").click()
    page.get_by_text("Nothing matches").wait_for()
    assert page.url.endswith("?kind=spent")
    page.get_by_role("link", name="Earned", exact=True).click()
    page.locator(".item").click()
    page.get_by_text("Why this many").wait_for()
    page.goto("/p/aurora/me/profile/")
    page.get_by_label("Language").select_option("nb")
    page.get_by_role("button", name="Save").click()
    page.wait_for_load_state()
    assert page.locator("html").get_attribute("lang") == "nb"
    page.goto("/p/aurora/me/")
    page.locator("main form button").click()
    page.get_by_role("link", name="Join for free").or_(page.locator(".hero a").first).first.wait_for()
    page.goto("/p/aurora/card/")
    assert "/accounts/login/" in page.url


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_signing_in_by_code(aurora, phone, javascript):
    join(aurora, "Ada", language="en")
    page = phone(javascript=javascript)
    page.goto("/p/aurora/")
    page.get_by_role("link", name="Sign in").click()
    page.get_by_role("link", name="E-mail me a code").click()
    page.get_by_label("E-mail address").fill("ada@example.org")
    page.get_by_role("button", name="Send the code").click()
    page.get_by_label("Code").fill(code_in_mail())
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_url("**/p/aurora/")
    assert page.locator(".card-name").inner_text().startswith("Ada")


def test_the_statement_grows_in_place(aurora, phone):
    ada = join(aurora, "Ada", language="en")
    for number in range(30):
        buy(ada, f"r{number}", "5.00", days_ago=number)
    page = phone()
    sign_in(page)
    page.goto("/p/aurora/statement/")
    assert page.locator(".item").count() == 25
    page.get_by_role("link", name="Show more").click()
    page.locator(".item").nth(29).wait_for()
    assert page.locator(".item").count() == 30
    assert page.get_by_role("link", name="Show more").count() == 0


def test_a_movement_opens_over_the_statement_and_closes(aurora, phone):
    buy(join(aurora, "Ada", language="en"), "r1", "12.00")
    page = phone()
    sign_in(page)
    page.goto("/p/aurora/statement/")
    page.locator(".item").click()
    page.get_by_role("dialog").get_by_text("Why this many").wait_for()
    page.keyboard.press("Escape")
    assert page.get_by_role("dialog").count() == 0


def test_ones_own_data_come_as_a_file(aurora, phone):
    buy(join(aurora, "Ada", language="en"), "r1", "12.00")
    page = phone()
    sign_in(page)
    page.goto("/p/aurora/me/data/")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download my data").click()
    assert waiting.value.suggested_filename.startswith("aurora-my-data-")
    assert json.loads(waiting.value.path().read_text())["member"]["name"] == "Ada"


def test_the_card_stays_readable_for_scanners_at_night(aurora, phone):
    join(aurora, "Ada", language="en")
    page = phone(scheme="dark")
    sign_in(page)
    page.get_by_role("link", name="Show my card").first.click()
    page.wait_for_url("**/card/")
    sheet = page.locator(".codesheet")
    assert sheet.evaluate("each => getComputedStyle(each).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator("svg.qr").bounding_box()["width"] > 200


def test_htmx_runs_without_the_parts_that_a_strict_page_forbids(aurora, phone):
    page = phone()
    page.goto("/p/aurora/")
    config = page.evaluate("htmx.config")
    switches = ("allowEval", "allowScriptTags", "includeIndicatorStyles", "historyCacheSize", "selfRequestsOnly")
    assert [config[name] for name in switches] == [False, False, False, 0, True]


def test_a_failing_connection_is_said_aloud(aurora, phone):
    buy(join(aurora, "Ada", language="en"), "r1", "12.00")
    page = phone()
    sign_in(page)
    page.goto("/p/aurora/statement/")
    page.route("**/statement/?kind=earned", lambda route: route.fulfill(status=500, body="oops"))
    page.get_by_role("link", name="Earned", exact=True).click()
    toast = page.get_by_role("status").get_by_text("That did not work")
    toast.wait_for()
    page.get_by_role("button", name="Close").click()
    assert toast.count() == 0
