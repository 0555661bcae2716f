"""Expired points come back within their window: for nothing, for points, or for money that is owed and paid; once."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine

from loyalty.ledger.errors import NotEnoughPoints
from loyalty.members.errors import MemberNotActive
from loyalty.members.models import Member
from loyalty.programs.errors.reinstatement import NothingToBringBack, ReinstatementClosed, ReinstatementReused
from loyalty.programs.models.reinstatement import Reinstatement, ReinstatementPolicy
from loyalty.programs.queries.lots import lots_of
from loyalty.programs.queries.reinstatement import expired_of, words_of_reinstatement
from loyalty.programs.queries.statement import statement_of
from loyalty.programs.rules.days import end_of_day
from loyalty.programs.services.jobs import expire_points
from loyalty.programs.services.reinstatement import (
    bring_back,
    cancel_reinstatement,
    lapse_reinstatements,
    pay_reinstatement,
)
from tests.ledger.purse import violations
from tests.programs.test_record_return import bring_back as return_goods
from tests.programs.test_record_return import taken
from tests.till import AT, active, buy
from tests.world import earn

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _a_monday(world, settings):
    settings.OUTBOX_WIRING = "tests.wires"
    with time_machine.travel(AT, tick=False):
        yield
        assert violations() == {}


@pytest.fixture
def wallet(world):
    return world.aurora.wallets.get(code="points")


@pytest.fixture
def allow(world, wallet):
    def policy(**terms) -> ReinstatementPolicy:
        usual = {"program": world.aurora, "price": "free"}
        return ReinstatementPolicy.objects.update_or_create(wallet=wallet, defaults=usual | terms)[0]

    policy()
    return policy


@pytest.fixture
def lost(world):
    """Ada lost 100 points two days ago; the job has run."""
    earn(world.ada, 100, expires_at=AT - 2 * DAY, at=AT - 9 * DAY)
    expire_points()
    return world.ada


@pytest.fixture
def back(world, wallet):
    def act(*, id: str = "one", member=world.ada, **facts) -> Reinstatement:
        return bring_back(member, wallet, AT - 2 * DAY, id=id, source="portal", actor="member:1", **facts)

    return act


def test_for_nothing_they_come_back_once_and_last_anew(lost, allow, back, wallet):
    allow(lasts_days=30)
    (part,) = expired_of(lost)
    assert (part.points, part.fee, part.amount, part.before, part.after) == (100, 0, 0, 0, 100)
    assert back().pk == back().pk
    assert active(lost) == 100
    (lot,) = lots_of(lost)
    assert (lot.remaining, lot.expires_at) == (100, part.ends)
    assert [row.title for row in statement_of(lost).rows[:1]] == ["Brought back after they had expired"]
    assert expired_of(lost) == []
    with pytest.raises(NothingToBringBack):
        back(id="two")


def test_what_came_back_and_expired_again_is_gone(lost, allow, back):
    allow(lasts_days=1)
    back()
    with time_machine.travel(AT + 3 * DAY, tick=False):
        expire_points()
        assert (active(lost), expired_of(lost)) == (0, [])


def test_also_before_the_job_has_run(world, allow, back):
    earn(world.ada, 100, expires_at=AT - 2 * DAY, at=AT - 9 * DAY)
    assert back().came_back == 100
    assert active(world.ada) == 100


def test_a_fee_in_points_is_taken_from_them(lost, allow, back):
    allow(price="points", fee_points=3, fee_percent=Decimal("10.5"))
    (part,) = expired_of(lost, for_members=True)
    assert (part.fee, part.after, part.gain) == (14, 86, 86)
    made = back()
    assert (made.state, made.came_back, made.fee, active(lost)) == ("done", 100, 14, 86)
    assert [(row.title, row.points) for row in statement_of(lost).rows[:2]] == [
        ("Fee for bringing points back", -14), ("Brought back after they had expired", 100),
    ]  # fmt: skip


def test_what_costs_more_than_it_brings_is_not_offered(lost, allow, back):
    allow(price="points", fee_points=100, fee_percent=0)
    assert expired_of(lost, for_members=True) == []
    with pytest.raises(NothingToBringBack):
        back()
    allow(price="points", fee_points=101, fee_percent=0)
    with pytest.raises(NotEnoughPoints):
        back(by_staff=True)
    assert back(by_staff=True, is_free=True, reason="Goodwill").fee == 0
    assert active(lost) == 100


def test_money_is_owed_and_the_points_wait_for_it(lost, allow, back, wallet):
    wallet.point_value = Decimal("0.01")
    wallet.save()
    allow(price="money", fee_money=2, value_percent=50, pay_days=5)
    made = back()
    assert (made.state, made.amount, made.currency) == ("open", Decimal("2.50"), "EUR")
    assert (made.came_back, active(lost)) == (0, 0)
    assert expired_of(lost) == []
    for _twice in range(2):
        paid = pay_reinstatement(made, reference="R-7", actor="staff:1")
    assert (paid.state, paid.reference, paid.came_back, active(lost)) == ("paid", "R-7", 100, 100)
    with pytest.raises(ReinstatementClosed):
        pay_reinstatement(made, reference="R-8", actor="staff:1")
    with pytest.raises(ReinstatementClosed):
        cancel_reinstatement(made, actor="staff:1")


def test_what_is_not_paid_in_time_stays_expired_and_can_be_asked_for_again(lost, allow, back):
    allow(price="money", fee_money=2, pay_days=5, window_days=60)
    made = back()
    assert lapse_reinstatements(at=made.pay_by - timedelta(seconds=1)) == 0
    assert [lapse_reinstatements(at=made.pay_by) for _twice in range(2)] == [1, 0]
    made.refresh_from_db()
    assert (made.state, active(lost)) == ("cancelled", 0)
    with pytest.raises(ReinstatementClosed):
        pay_reinstatement(made, reference="late", actor="staff:1")
    assert back(id="two").state == "open"


def test_at_once_and_paid_later(lost, allow, back):
    allow(price="money", fee_money=2, comes_back="at_once")
    made = back()
    assert (made.state, made.came_back, active(lost)) == ("open", 100, 100)
    assert lapse_reinstatements(at=made.pay_by) == 0
    assert pay_reinstatement(made, reference="R", actor="staff:1").state == "paid"
    assert active(lost) == 100


def test_written_off_the_points_stay(lost, allow, back):
    allow(price="money", fee_money=2, comes_back="at_once")
    made = cancel_reinstatement(back(), reason="Goodwill", actor="staff:1")
    assert (made.state, made.reason, active(lost)) == ("cancelled", "Goodwill", 100)
    with pytest.raises(NothingToBringBack):
        back(id="two")


def test_the_window_is_counted_in_days_of_the_program(world, allow, wallet):
    allow(window_days=3)
    end = end_of_day(AT.date(), "Europe/Oslo")
    earn(world.ada, 10, expires_at=end, at=AT - 9 * DAY)
    (part,) = expired_of(world.ada, at=end)
    assert part.until == end + 3 * DAY
    assert len(expired_of(world.ada, at=end + 3 * DAY - timedelta(seconds=1))) == 1
    assert expired_of(world.ada, at=end + 3 * DAY) == []


def test_only_where_it_is_allowed_and_to_whom(lost, allow, back, world):
    allow(by_members=False)
    with pytest.raises(NothingToBringBack):
        back()
    assert back(by_staff=True).came_back == 100
    allow(is_on=False)
    with pytest.raises(NothingToBringBack):
        back(id="two", by_staff=True)
    with pytest.raises(NothingToBringBack):
        back(id="three", member=world.ben, by_staff=True)


def test_the_same_id_is_the_same_points(lost, allow, back, wallet):
    back()
    with pytest.raises(ReinstatementReused):
        bring_back(lost, wallet, AT - DAY, id="one", source="portal", actor="member:1")
    earn(lost, 10, key="more", expires_at=AT - DAY, at=AT - 9 * DAY)
    Member.objects.filter(pk=lost.pk).update(status="blocked")
    with pytest.raises(MemberNotActive):
        bring_back(lost, wallet, AT - DAY, id="two", source="portal", actor="member:1")


def test_points_of_returned_goods_do_not_come_back(world, allow, wallet):
    """60 of 100 points were waived at the return, for they had expired: 40 can come back."""
    buy(world.ada, "60", "40")
    with time_machine.travel(AT + 370 * DAY, tick=False):
        expire_points()
        assert taken(return_goods(world.ada, 1)) == {"points": 0}
        (part,) = expired_of(world.ada)
        assert part.points == 40
        made = bring_back(world.ada, wallet, part.expired_at, id="one", source="portal", actor="member:1")
        assert (made.came_back, active(world.ada)) == (40, 40)
        assert taken(return_goods(world.ada, id="r2")) == {"points": 40}


def test_a_return_between_asking_and_paying_is_heeded(world, allow, wallet):
    buy(world.ada, "60", "40")
    allow(price="money", fee_money=1)
    with time_machine.travel(AT + 370 * DAY, tick=False):
        (part,) = expired_of(world.ada)
        made = bring_back(world.ada, wallet, part.expired_at, id="one", source="portal", actor="member:1")
        return_goods(world.ada, 1)
        assert pay_reinstatement(made, reference="R", actor="staff:1").came_back == 40
        assert active(world.ada) == 40


def test_the_policy_in_words(allow):
    words = words_of_reinstatement(allow(price="points", fee_points=0, fee_percent=Decimal(10)))
    assert " ".join(words) == (
        "Expired points can be brought back once, within 30 days. "
        "It costs 10 % of what comes back, rounded up. They then last 90 days."
    )
    words = words_of_reinstatement(allow(price="money", fee_money=Decimal("4.50"), by_members=False, pay_days=1))
    assert " ".join(words[1:]) == (
        "It costs 4.50\xa0€. They come back when it is paid, within 1 day. They then last 90 days. "
        "Ask us, and we do it for you."
    )
