"""A change of policy is cut off before it has dated the points, and its message comes after the next change."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import OperationalError, close_old_connections

from loyalty.ledger import services as ledger
from loyalty.members.services.members import enrol_member
from loyalty.outbox.services import relay
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.services.policies import change_wallet_policy
from tests.faults.books import open_shop, violations
from tests.faults.lines import Line

pytestmark = [pytest.mark.alone, pytest.mark.xdist_group("cut lines")]

FIRST = datetime(2024, 3, 1, 12, tzinfo=UTC)
SECOND = FIRST + timedelta(days=30)
SIX_MONTHS = {"expiry": "rolling", "expiry_months": 6}


@pytest.fixture
def line(home):
    line = Line(home.sockets)
    yield line
    line.end()


def hold_points() -> None:
    member = enrol_member(open_shop(), external_id="ada", actor="test")
    account = ledger.open_account(wallet_id=Wallet.objects.get().pk, subject=member.subject)
    ledger.award(account, points=50, key="gift", at=FIRST, expires_at=FIRST + timedelta(days=365), actor="test")


def last_day(shop) -> date:
    return shop.one("SELECT (expires_at AT TIME ZONE 'Europe/Oslo')::date - 1 FROM ledger_lot")


@pytest.mark.parametrize("is_cut", [False, True], ids=["undisturbed", "cut off"])
def test_no_point_ends_before_the_day_that_the_last_change_promised(shop, line, is_cut):
    with shop.at_home(line.folder):
        with time_machine.travel(FIRST):
            hold_points()
            if is_cut:
                line.cut("ledger_redate", after=False)
                with pytest.raises(OperationalError):
                    change_wallet_policy(Wallet.objects.get(), expiry_months=24, actor="test")
                close_old_connections()
            else:
                change_wallet_policy(Wallet.objects.get(), expiry_months=24, actor="test")
        with time_machine.travel(SECOND):
            change_wallet_policy(Wallet.objects.get(), **SIX_MONTHS, actor="test")
            assert last_day(shop) == date(2024, 9, 30)  # six months from the change

            relay()
            relay()
            assert last_day(shop) == date(2024, 9, 30)
        assert violations() == {}
