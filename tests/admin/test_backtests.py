"""A draft is tried on the history from the back office."""

from django.urls import reverse

from loyalty.programs.models.backtests import Backtest
from loyalty.programs.services.backtests import work_on_backtests
from tests.till import buy


def test_it_is_asked_for_run_and_read(staff, world):
    buy(world.ada, "100", receipt="1")
    browser = staff("campaign_manager")

    answer = browser.post(reverse("admin:loyalty_backtest_add"), {"months": "24", "budget": "50"}, follow=True)
    assert "waiting for its turn" in answer.content.decode()
    assert work_on_backtests() == 1

    test = Backtest.objects.get()
    told = browser.get(reverse("admin:loyalty_backtest_change", args=[test.pk])).content.decode()
    assert ("1 activity, judged anew" in told, "Of the last 24 months." in told) == (True, True)
    assert ("Everyone redeems" in told, "50.00\N{NO-BREAK SPACE}€ are set aside" in told) == (True, True)
    assert test.asked_by == browser.user
