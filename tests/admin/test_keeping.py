"""Staff set rates of change and what brings expired points back, see what it means, and take payments."""

from datetime import timedelta

import pytest

from loyalty.lib import clock
from loyalty.programs.models.conversions import ConversionRate
from loyalty.programs.models.reinstatement import Reinstatement, ReinstatementPolicy
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.reinstatement import expired_of
from loyalty.programs.services.jobs import expire_points
from tests.admin.pages import page_of
from tests.till import active
from tests.world import earn

pytestmark = pytest.mark.django_db
KEY = "k" * 22


@pytest.fixture
def wallet(world) -> Wallet:
    return world.aurora.wallets.get(code="points")


@pytest.fixture
def lost(world, wallet):
    ReinstatementPolicy.objects.create(program=world.aurora, wallet=wallet, price="money", fee_money=5)
    earn(world.ada, 100, expires_at=clock.now() - timedelta(days=2), at=clock.now() - timedelta(days=9))
    expire_points()
    return world.ada


def rate_form(wallet, cash, **changes):
    usual = {
        "from_wallet": wallet.pk, "to_wallet": cash.pk, "is_on": "on", "give": 100, "get": 1, "minimum": 1,
        "per_day": "", "fee_points": 0, "fee_percent": 0, "tiers": "", "_save": "1",
    }  # fmt: skip
    return usual | changes


def test_a_rate_is_previewed_refused_and_saved(staff, world, wallet):
    cash = Wallet.objects.create(program=world.aurora, code="cash", name="Cashback", point_value=1)
    status = Wallet.objects.create(program=world.aurora, code="s", name="Status", is_spendable=False)
    earn(world.ada, 250)
    browser = staff("program_admin")
    shown = browser.post(page_of("conversionrate_preview"), rate_form(wallet, cash)).content.decode()
    assert all(
        words in shown for words in ("100 points become 1 point", "Today 1 member could change points", "2 points")
    )
    refused = browser.post(page_of("conversionrate_add"), rate_form(wallet, status)).content.decode()
    assert "This wallet only counts for tiers" in refused
    assert (
        "Nobody could change anything"
        in browser.post(page_of("conversionrate_add"), rate_form(wallet, cash, per_day=50)).content.decode()
    )
    assert browser.post(page_of("conversionrate_add"), rate_form(wallet, cash)).status_code == 302
    assert ConversionRate.objects.get().code == "points-cash"
    assert "100 points become 1 point" in browser.get(page_of("conversionrate_changelist")).content.decode()


def test_a_policy_says_what_it_means_and_wants_a_price(staff, world, wallet, lost):
    browser = staff("program_admin")
    policy = ReinstatementPolicy.objects.get()
    form = {
        "wallet": wallet.pk, "is_on": "on", "by_members": "on", "window_days": 30, "lasts_days": 60, "price": "points",
        "fee_points": 5, "fee_percent": 10, "fee_money": 0, "value_percent": 0, "comes_back": "when_paid",
        "pay_days": 14,
    }  # fmt: skip
    shown = browser.post(page_of("reinstatementpolicy_preview", of=policy.pk), form).content.decode()
    assert "Bringing 1,000 points back costs 105 points" in shown
    assert "Today 100 points of 1 member lie within the window" in shown
    free = form | {"fee_points": 0, "fee_percent": 0, "_save": "1"}
    refused = browser.post(page_of("reinstatementpolicy_change", policy.pk), free).content.decode()
    assert "Say what it costs" in refused


def test_staff_bring_back_and_take_the_payment(staff, lost):
    browser = staff("support")
    assert "Bring expired points back" in browser.get(page_of("member_change", lost.pk)).content.decode()
    page = browser.get(page_of("member_expired", lost.pk)).content.decode()
    assert all(words in page for words in ("100", "Write down what is owed", "Bring them back for nothing"))
    (part,) = expired_of(lost)
    posted = {"part": f"points@{part.expired_at.isoformat()}", "key": KEY, "reason": "Asked by phone"}
    for _click in range(2):
        browser.post(page_of("member_expired", lost.pk), posted)
    made = Reinstatement.objects.get()
    assert (made.state, made.reason, active(lost)) == ("open", "Asked by phone", 0)
    asked = browser.get(page_of("reinstatement_pay", made.pk)).content.decode()
    assert "100 points come back now" in asked
    assert browser.post(page_of("reinstatement_pay", made.pk), {"reference": ""}).status_code == 422
    browser.post(page_of("reinstatement_pay", made.pk), {"reference": "R-1"})
    made.refresh_from_db()
    assert (made.state, made.reference, active(lost)) == ("paid", "R-1", 100)
    assert browser.get(page_of("reinstatement_cancel", made.pk)).status_code == 403


def test_for_nothing_and_cancelled(staff, lost):
    browser = staff("support")
    (part,) = expired_of(lost)
    posted = {"part": f"points@{part.expired_at.isoformat()}", "key": KEY}
    browser.post(page_of("member_expired", lost.pk), posted)
    made = Reinstatement.objects.get()
    browser.post(page_of("reinstatement_cancel", made.pk), {"reason": "Not any more"})
    assert browser.post(page_of("member_expired", lost.pk), posted | {"key": "short"}).status_code == 422
    browser.post(page_of("member_expired", lost.pk), posted | {"key": "j" * 22, "free": "1"})
    assert [each.state for each in Reinstatement.objects.order_by("pk")] == ["cancelled", "done"]
    assert active(lost) == 100
