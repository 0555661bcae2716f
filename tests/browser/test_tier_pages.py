"""Tiers and returns in a browser: WCAG 2.2 AA by day and by night, on a phone and on a desktop; joy and quiet."""

import os
from decimal import Decimal
from pathlib import Path

import pytest
from django.urls import reverse

from loyalty.outbox.services import relay
from loyalty.programs.models.tiers import Tier, TierSet
from loyalty.programs.services.facts import LineBack, ReturnFacts
from loyalty.programs.services.returns import record_return
from tests.browser.conftest import PHONE, violations
from tests.browser.test_back_office import sign_in as staff_sign_in
from tests.browser.test_portal_access import sign_in
from tests.portal.conftest import open_aurora
from tests.till import buy, line
from tests.world import join, make_world

pytestmark = pytest.mark.django_db(transaction=True)
DESKTOP = {"width": 1280, "height": 900}
PICTURES = os.environ.get("LAUREL_PICTURES", "")  # a folder, to look at the pages
SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])
ON_BOTH = pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])


def ladder_in(program) -> TierSet:
    program.wallets.filter(code="points").update(is_qualifying=True)
    row = TierSet.objects.create(
        program=program, code="status", name="Aurora status", measure="points", warn_days=[30, 7],
        wallet=program.wallets.get(code="points"),
    )  # fmt: skip
    for code, threshold, facts in (
        ("bronze", 0, {"color": "#9a5b2f"}),
        ("silver", 300, {"color": "#8a8d91", "discount_percent": 6}),
        ("gold", 1000, {"color": "#c98a1b", "discount_percent": 9, "multiplier": "1.5", "perks": "Champagne at nine"}),
        ("diamond", 5000, {"color": "#5fa8c9", "discount_percent": 15, "expiry_extra_months": 6}),
    ):
        Tier.objects.create(tier_set=row, code=code, name=code.capitalize(), threshold=threshold, **facts)
    return row


@pytest.fixture
def ada(db):
    aurora = open_aurora()
    ada = join(aurora, "Ada", language="en", days_ago=400)
    ladder_in(aurora)
    relay()
    buy(ada, line("900", quantity=3, category="coffee machines"), line("400", category="grinders"), "38", receipt="1")
    relay()
    return ada


def bring_back(member, *lines, id="r1"):
    backs = tuple(LineBack(position, Decimal(quantity)) for position, quantity in lines)
    record_return(member.program, "till", "1", ReturnFacts(id=id, lines=backs), actor="test")
    relay()


def look(page, name: str, scheme: str, size: dict) -> list[str]:
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}-{size['width']}-{scheme}.png", full_page=True)
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return [*(f"{name}: {each}" for each in violations(page)), *([f"{name}: too wide"] if wide else [])]


@SCHEMES
@ON_BOTH
def test_members_pages(phone, ada, scheme, size):
    page = phone(scheme=scheme, size=size)
    sign_in(page)
    page.get_by_role("heading", name="Welcome to Gold").wait_for()
    found = look(page, "home-joy", scheme, size)
    page.goto("/p/aurora/tiers/")
    found += look(page, "tiers", scheme, size)
    bring_back(ada, (1, 1))
    bring_back(ada, (1, 2), (2, 1), id="r2")
    for name in ("", "tiers/", "statement/", "inbox/"):
        page.goto(f"/p/aurora/{name}")
        found += look(page, f"after-{name.strip('/') or 'home'}", scheme, size)
    page.locator("a.item", has_text="Your tier is now Bronze").first.click()
    page.get_by_role("heading", name="Your tier is now Bronze").wait_for()
    assert [*found, *look(page, "message", scheme, size)] == []


@SCHEMES
@ON_BOTH
def test_staff_pages(phone, settings, tmp_path, scheme, size):
    settings.STAFF_MFA_REQUIRED, settings.MEDIA_ROOT = False, tmp_path
    world = make_world()
    ladder = ladder_in(world.aurora)
    bought = buy(world.ada, line("900", quantity=3, category="coffee machines"), "400", receipt="1")
    page = staff_sign_in(phone(scheme=scheme, size=size))
    found = []
    for name, route, pk in (
        ("ladders", "tierset_changelist", None),
        ("ladder", "tierset_change", ladder.pk),
        ("purchase", "activity_change", bought.activity_id),
    ):
        page.goto(reverse(f"admin:loyalty_{route}", args=[pk] if pk else []))
        if name == "ladder":
            page.locator("#ladder-preview").click()
            page.locator("#ladder-sample table").wait_for()
        page.wait_for_load_state("networkidle")
        found += look(page, f"staff-{name}", scheme, size)
    page.get_by_role("link", name="Return goods").click()
    page.get_by_label("coffee machines").fill("1")
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Record the return").wait_for()
    found += look(page, "staff-return", scheme, size)
    assert found == []


def test_joy_is_quiet_for_those_who_asked_for_it_and_shown_once(phone, ada):
    page = phone()
    sign_in(page)
    page.get_by_role("heading", name="Welcome to Gold").wait_for()
    assert page.locator(".joy-rain").is_hidden()
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate("getComputedStyle(document.querySelector('.joy-rain i')).animationName") == "joy-fall"
    page.reload()
    assert page.get_by_role("heading", name="Welcome to Gold").count() == 0
