"""The connection is cut before COMMIT and after it: whoever hears nothing asks again, and it has happened once."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import InterfaceError, OperationalError, close_old_connections, transaction

from loyalty.ledger import services as ledger
from loyalty.lib import clock
from loyalty.members.errors import MemberExists
from loyalty.members.models import Member
from loyalty.members.services.members import enrol_member
from loyalty.outbox.services import publish, relay
from loyalty.programs.events import PointsExpiring
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.programs import program_by_code
from loyalty.programs.rules.occurrence import Line as Item
from loyalty.programs.services import jobs
from loyalty.programs.services.activities import record_purchase
from loyalty.programs.services.batches import record_purchases
from loyalty.programs.services.facts import PurchaseFacts
from loyalty.programs.services.imports import import_purchases
from loyalty.programs.services.points import adjust_points
from loyalty.programs.services.policies import change_wallet_policy
from tests.faults.books import history, open_shop, violations, write
from tests.faults.lines import Line

pytestmark = [pytest.mark.alone, pytest.mark.xdist_group("cut lines")]

NOON = datetime(2024, 5, 2, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def opened(home):
    """A shop with a member who holds 100 points of 1 April, 30 of which have long expired, and a file."""
    shop = home.shop()
    with shop.at_home():
        member = enrol_member(open_shop(), external_id="ada", email="ada@example.org", actor="test")
        account = ledger.open_account(wallet_id=wallet().pk, subject=member.subject)
        for points, ends in ((30, NOON - timedelta(days=9)), (70, NOON + timedelta(days=9))):
            ledger.award(account, points=points, key=f"gift:{points}", at=NOON, expires_at=ends, actor="test")
    yield shop
    shop.end()


@pytest.fixture
def shop(home, opened):
    shop = home.shop(opened.name)
    yield shop
    shop.end()


@pytest.fixture
def line(home):
    line = Line(home.sockets)
    yield line
    line.end()


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    rows = [row for row in history(400, 40) if row.day < NOON.date()][:200]
    return write(rows, tmp_path_factory.mktemp("file") / "history.csv")


def ada() -> Member:
    return Member.objects.get(external_id="ada")


def wallet() -> Wallet:
    return Wallet.objects.get(code="points")


def account() -> int:
    return ledger.open_account(wallet_id=wallet().pk, subject=ada().subject)


def receipt(number: int) -> PurchaseFacts:
    items = (Item(amount=Decimal(10), quantity=Decimal(1), sku="tea"),)
    return PurchaseFacts(
        source="till", receipt=f"r{number}", member=ada(), at=NOON - timedelta(days=1), currency="NOK", lines=items
    )


def warn(points: int = 70) -> None:
    with transaction.atomic():
        ends = NOON + timedelta(days=9)
        publish(PointsExpiring(ada().pk, wallet().pk, points, ends, 30, ends))


@dataclass(frozen=True)
class Act:
    """What a caller does, the word at which it becomes true, and the question that counts its effect."""

    name: str
    do: Callable[..., Any]
    effect: str
    whole: int = 1
    word: str = "COMMIT\0"
    prepare: Callable[[], Any] = lambda: None
    skip: int = 0


POSTINGS = "SELECT count(*) FROM ledger_posting WHERE kind = '{}'"
ACTS = [
    Act(
        "a purchase",
        lambda _file: record_purchase(program_by_code("shop"), receipt(1), actor="test"),
        "SELECT coalesce(sum(points), 0) FROM ledger_posting WHERE source = 'purchase:till:r1'",
        whole=10,
    ),
    Act(
        "a batch of purchases",
        lambda _file: record_purchases(program_by_code("shop"), [receipt(1), receipt(2)], actor="test"),
        "SELECT count(*) FROM ledger_posting p JOIN loyalty_activity a ON p.source = 'purchase:till:' || a.external_id",
        whole=2,
    ),
    Act(
        "points by hand",
        lambda _file: adjust_points(ada(), wallet(), points=-50, reason="why not", key="form-1", actor="test"),
        POSTINGS.format("adjustment"),
    ),
    Act(
        "a spend by itself",
        lambda _file: ledger.spend(account(), points=70, key="redemption:1", at=NOON, actor="test"),
        POSTINGS.format("spend"),
        word="ledger_spend",
    ),
    Act(
        "a transfer",
        lambda _file: ledger.transfer(account(), other(), points=70, key="gift:1", at=NOON, actor="test"),
        POSTINGS.format("transfer"),
        whole=2,
        word="ledger_transfer",
    ),
    Act(
        "an enrolment",
        lambda _file: joined(),
        "SELECT count(*) FROM loyalty_member m JOIN loyalty_card c ON c.member_id = m.id WHERE external_id = 'ben'",
    ),
    Act("an import", lambda file: bring_in(file), "SELECT count(*) FROM loyalty_activityline", whole=200),
    Act("a sweep", lambda _file: jobs.expire_points(at=NOON), POSTINGS.format("expire"), word="FROM ledger_expire("),
    Act(
        "a warning",
        lambda _file: jobs.warn_of_expiry(at=NOON),
        "SELECT count(*) FROM loyalty_expirywarning w, outbox_message m WHERE m.event ~ 'PointsExpiring$'",
    ),
    Act(
        "a message of the outbox",
        lambda _file: relay(),
        "SELECT count(*) FROM loyalty_inboxentry",
        prepare=lambda: (relay(), warn()),
        skip=1,  # the first COMMIT counts the attempt
    ),
    Act(
        "a new policy",
        lambda _file: change_wallet_policy(wallet(), expiry="rolling", expiry_months=240, actor="test"),
        "SELECT count(*) FROM outbox_message m, loyalty_wallet w"
        " WHERE m.event ~ 'ExpiryPolicyChanged$' AND w.expiry_months = 240",
    ),
]


def other() -> int:
    return ledger.open_account(wallet_id=wallet().pk, subject=enrolled("cleo").subject)


def enrolled(name: str) -> Member:
    return Member.objects.filter(external_id=name).first() or enrol_member(
        program_by_code("shop"), external_id=name, actor="test"
    )


def joined() -> None:
    with suppress(MemberExists):  # what whoever asks again is told
        enrol_member(program_by_code("shop"), external_id="ben", actor="test")


def bring_in(file) -> None:
    with file.open("rb") as stream:
        import_purchases(program_by_code("shop"), stream, actor="test")


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.name)
def test_what_was_cut_off_and_asked_again_has_happened_once(shop, line, file, act, after):
    with shop.at_home(line.folder), time_machine.travel(NOON, tick=True):
        other()
        act.prepare()
        line.cut(act.word, after=after, skip=act.skip)
        with suppress(OperationalError, InterfaceError):  # what a relay meets it writes down, and goes on
            act.do(file)
        assert line.cuts == 1
        assert shop.one(act.effect) == (act.whole if after else 0)

        with time_machine.travel(clock.now() + timedelta(minutes=1)):  # a message's next attempt is due
            for _again in range(2):
                close_old_connections()  # as before every request and task
                act.do(file)
        assert shop.one(act.effect) == act.whole
        assert violations() == {}
