"""A wallet's points live by another policy from now on, and nobody loses any before a full period has passed."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from loyalty.ledger.queries.figures import expiring_by
from loyalty.ledger.rules import Swept
from loyalty.outbox.models import Message
from loyalty.outbox.services import relay
from loyalty.programs.errors.programs import WrongPolicy
from loyalty.programs.events import ExpiryPolicyChanged
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.lots import lots_of
from loyalty.programs.services.policies import change_wallet_policy, preview_wallet_policy, redate_lots
from tests.till import buy, live_by

pytestmark = pytest.mark.django_db
CHANGED = datetime(2022, 3, 1, 12, tzinfo=UTC)
ROLLING = {"expiry": "rolling", "expiry_months": 12}


@pytest.fixture
def wallet(world):
    return live_by(world.aurora.wallets.get(), expiry="never")


@pytest.fixture(autouse=True)
def _on_the_day_of_the_change(world):
    with time_machine.travel(CHANGED, tick=False):
        yield


def ends(member):
    return {lot.granted: lot.expires_at and lot.expires_at.date() for lot in lots_of(member)}


def history(world):
    """100 points two years old, 50 of last month."""
    buy(world.ada, "100", receipt="1", at=datetime(2020, 1, 10, 12, tzinfo=UTC))
    buy(world.ada, "50", receipt="2", at=datetime(2022, 2, 10, 12, tzinfo=UTC))
    buy(world.ben, "7", receipt="3", at=datetime(2022, 2, 10, 12, tzinfo=UTC))


def test_switching_expiry_on_takes_nothing_for_a_full_period(world, wallet):
    history(world)
    assert change_wallet_policy(wallet, actor="staff:1", **ROLLING) == Swept(lots=3, points=157)
    assert ends(world.ada) == {100: date(2023, 3, 1), 50: date(2023, 3, 1)}
    stored = Wallet.objects.get(pk=wallet.pk)
    assert (stored.expiry, wallet.expiry) == ("rolling", "rolling")
    assert stored.history.get(history_change_reason="staff:1").expiry == "rolling"


def test_the_preview_says_what_would_happen_and_changes_nothing(world, wallet):
    history(world)
    change = preview_wallet_policy(wallet, **ROLLING)
    assert (change.lots, change.points, change.members, change.earliest) == (3, 157, 2, date(2023, 3, 1))
    assert "1 March 2023" in change.text
    assert ends(world.ada) == {100: None, 50: None}
    assert Wallet.objects.get(pk=wallet.pk).expiry == "never"


def test_a_longer_life_counts_at_once(world, wallet):
    live_by(wallet, **ROLLING)
    buy(world.ada, "50", at=datetime(2022, 2, 10, 12, tzinfo=UTC))
    change_wallet_policy(wallet, actor="staff:1", expiry_months=24)
    assert ends(world.ada) == {50: date(2024, 2, 10)}
    with time_machine.travel(CHANGED + timedelta(days=1), tick=False):
        change_wallet_policy(wallet, actor="staff:1", expiry="never")
    assert ends(world.ada) == {50: None}
    assert preview_wallet_policy(wallet, expiry="never").earliest is None


def test_a_shorter_life_spares_a_full_period_and_prolongs_nothing(world, wallet):
    live_by(wallet, expiry="rolling", expiry_months=24)
    buy(world.ada, "10", receipt="1", at=datetime(2020, 3, 15, 12, tzinfo=UTC))  # to 15 March 2022 as it is
    buy(world.ada, "20", receipt="2", at=datetime(2022, 2, 10, 12, tzinfo=UTC))  # to 10 February 2024
    change_wallet_policy(wallet, actor="staff:1", expiry_months=6)
    assert ends(world.ada) == {10: date(2022, 3, 15), 20: date(2022, 9, 1)}


def test_lots_of_one_day_with_different_ends_are_told_apart(world, wallet):
    """Sliding expiry prolonged Ada's points, not Ben's, though they earned them on the same day."""
    live_by(wallet, expiry="sliding", expiry_months=3)
    day = datetime(2022, 1, 10, 12, tzinfo=UTC)
    buy(world.ada, "10", receipt="1", at=day)
    buy(world.ben, "20", receipt="2", at=day)
    buy(world.ada, "1", receipt="3", at=day + timedelta(days=40))
    change_wallet_policy(wallet, actor="staff:1", expiry="rolling", expiry_months=2)
    assert (ends(world.ada)[10], ends(world.ben)[20]) == (date(2022, 5, 1), date(2022, 4, 10))


def test_what_was_cut_off_on_the_way_is_finished_by_the_relay(world, wallet, monkeypatch):
    history(world)
    monkeypatch.setattr("loyalty.programs.services.policies.redate_lots", lambda event: Swept())
    change_wallet_policy(wallet, actor="staff:1", **ROLLING)
    monkeypatch.undo()
    assert ends(world.ada) == {100: None, 50: None}
    assert Message.objects.filter(event="loyalty.programs.events.ExpiryPolicyChanged").count() == 1
    relay()
    assert ends(world.ada) == {100: date(2023, 3, 1), 50: date(2023, 3, 1)}


def test_it_is_harmless_twice(world, wallet):
    history(world)
    change_wallet_policy(wallet, actor="staff:1", **ROLLING)
    event = ExpiryPolicyChanged(world.aurora.pk, wallet.pk, "staff:1", CHANGED)
    assert redate_lots(event) == Swept()


def test_the_other_wallets_settings_stay_and_a_mere_waiting_time_redates_nothing(world, wallet):
    history(world)
    assert change_wallet_policy(wallet, actor="staff:1", activation="after_days", activation_count=3) == Swept()
    assert Wallet.objects.get(pk=wallet.pk).activation_count == 3
    assert not Message.objects.filter(event="loyalty.programs.events.ExpiryPolicyChanged").exists()


def test_the_figures_agree_with_the_preview(world, wallet):
    history(world)
    change = preview_wallet_policy(wallet, **ROLLING)
    change_wallet_policy(wallet, actor="staff:1", **ROLLING)
    last = datetime(2023, 3, 2, tzinfo=UTC)
    assert expiring_by([wallet.pk], last) == {wallet.pk: change.points}


@pytest.mark.parametrize(
    ("policy", "field"),
    [
        ({"expiry": "calendar"}, "dates"),
        ({"expiry": "sometimes"}, "expiry"),
        ({"expiry": "calendar", "expiry_dates": ["02-30"]}, "expiry_dates"),
        ({"expiry_months": 241}, "expiry_months"),
    ],
)
def test_a_policy_that_does_not_hold_together_is_refused(world, wallet, policy, field):
    for change in (preview_wallet_policy, lambda wallet, **policy: change_wallet_policy(wallet, actor="x", **policy)):
        with pytest.raises(WrongPolicy) as refused:
            change(wallet, **policy)
        assert refused.value.field == field
    assert Wallet.objects.get(pk=wallet.pk).expiry == "never"


def test_only_policies_are_changed_here(world, wallet):
    with pytest.raises(TypeError, match="point_value"):
        change_wallet_policy(wallet, actor="x", point_value=1)
