"""Today: figures that lead to their rows, what a new program still needs, and the way to other months."""

from datetime import timedelta

import pytest
from django.urls import reverse

from loyalty.insights.services import refresh_snapshots
from loyalty.lib import clock
from tests.admin.pages import page_of
from tests.admin.stock import add_one_of_each
from tests.world import earn

pytestmark = pytest.mark.django_db


def test_every_figure_leads_to_its_rows(staff, world):
    add_one_of_each(world.aurora, 1)
    refresh_snapshots()
    browser = staff("viewer")
    (wallet,) = [each for each in browser.get(page_of("index")).context["wallets"] if each["figures"].earned]
    flow, points, address = wallet["totals"][0]
    rows = browser.get(address).context["cl"].result_list
    assert (flow, points, sum(row.points for row in rows)) == ("earned", 51, 51)
    month = [cells[0] for _month, cells in wallet["rows"]][-1]
    assert sum(row.points for row in browser.get(month[1]).context["cl"].result_list) == month[0]
    soon, lots = wallet["soon"][0]
    assert sum(lot.remaining for lot in browser.get(lots).context["cl"].result_list) == soon.points == 10
    assert browser.get(wallet["accounts"]).status_code == 200


def test_earned_shows_earned_and_spent_shows_spent(staff, world):
    from loyalty.ledger import services as ledger

    earn(world.ada, 100, expires_at=clock.now() + timedelta(days=5))
    wallet = world.aurora.wallets.get(code="points")
    account = ledger.open_account(wallet_id=wallet.pk, subject=world.ada.subject)
    ledger.spend(account, points=30, key="s", at=clock.now(), actor="test")
    ledger.hold(account, points=5, key="h", at=clock.now(), until=clock.now() + timedelta(days=1), actor="test")
    browser = staff("viewer")
    for flow, points in (("earned", [100]), ("spent", [-30]), ("expired", [])):
        rows = browser.get(page_of("posting_changelist", flow=flow)).context["cl"].result_list
        assert [row.points for row in rows] == points, flow


@pytest.mark.parametrize("asked", ["", "2026-13", "x", "0001-01", "9999-12", "1997-06"])
def test_any_month_may_be_asked_for(staff, world, asked):
    assert staff("viewer").get(page_of("index"), {"until": asked}).status_code == 200


@pytest.mark.parametrize(
    "asked", ["month=2026-13", "month=x", "flow=x", "wallet=x", "wallet=999999999999999999999", "p=x"]
)
def test_filters_that_make_no_sense_hide_nothing_and_break_nothing(staff, world, asked):
    earn(world.ada, 100)
    answer = staff("viewer").get(f"{page_of('posting_changelist')}?{asked}", follow=True)
    assert answer.status_code == 200


def test_a_new_program_is_told_what_comes_next(boss, world):
    boss.get(reverse("admin:open_program", args=[world.fjord.pk]))
    page = boss.get(page_of("index")).content.decode()
    for words in ("Get Fjord going", "4 of 8 done", "Connect a till"):
        assert words in page, words


def test_suggestions_fill_the_forms(boss, world):
    world.fjord.rules.all().delete()
    world.fjord.wallets.all().delete()
    boss.get(reverse("admin:open_program", args=[world.fjord.pk]))
    steps = {item["step"].code: item["address"] for item in boss.get(page_of("index")).context["steps"]}
    page = boss.get(steps["wallet"])
    assert page.context["adminform"].form.initial["expiry"] == "rolling"
    assert boss.get(steps["rule"]).context["adminform"].form.initial["points"] == "1"


def test_steps_are_shown_to_those_who_may_take_them(staff, world):
    codes = {item["step"].code for item in staff("support").get(page_of("index")).context["steps_open"]}
    assert codes == set()


def test_the_page_is_cheap(staff, world, django_assert_max_num_queries):
    browser = staff("program_admin")
    browser.get(page_of("index"))
    with django_assert_max_num_queries(24):
        browser.get(page_of("index"))
