"""Points of one wallet become another's: what is received, what it costs, how long it lasts, and what is refused."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from loyalty.ledger.errors import NotEnoughPoints
from loyalty.ledger.queries.lots import lots_of
from loyalty.lib import clock
from loyalty.members.errors import MemberNotActive
from loyalty.members.models import Member
from loyalty.outbox.models import Message
from loyalty.programs.errors.conversions import ConversionReused, ConversionsOff, OverCap
from loyalty.programs.errors.moving import OverLimit, WrongAmount
from loyalty.programs.errors.programs import UnknownWallet
from loyalty.programs.models.conversions import Conversion, ConversionRate
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.balances import balances_of
from loyalty.programs.queries.conversions import quote_of, terms_of_converting
from loyalty.programs.queries.statement import statement_of
from loyalty.programs.services.conversions import convert_points
from tests.factories_of_programs import TierFactory, TierSetFactory, TierStandingFactory
from tests.ledger.purse import violations
from tests.till import active
from tests.world import earn

pytestmark = pytest.mark.django_db


@pytest.fixture
def stars(world) -> Wallet:
    return world.aurora.wallets.get(code="points")


@pytest.fixture
def cash(world) -> Wallet:
    return Wallet.objects.create(
        program=world.aurora, code="cash", name="Cashback", unit_one="krone", unit_many="kroner", position=5
    )


@pytest.fixture
def rate(world, stars, cash) -> ConversionRate:
    return ConversionRate.objects.create(program=world.aurora, from_wallet=stars, to_wallet=cash, give=100, get=1)


@pytest.fixture
def change(world, stars, cash, rate):
    def act(points: int, *, id: str = "one", member=world.ada, **terms) -> Conversion:
        for name, value in terms.items():
            setattr(rate, name, value)
        rate.save()
        return convert_points(member, stars, cash, points=points, id=id, source="portal", actor="member:1")

    return act


@pytest.fixture(autouse=True)
def _proved(db):
    yield
    assert violations() == {}


def test_five_hundred_become_five_and_both_rows_say_so(world, change):
    earn(world.ada, 600)
    made = change(500)
    assert (made.given, made.received, made.fee) == (500, 5, 0)
    assert (active(world.ada), active(world.ada, "cash")) == (100, 5)
    told = [(row.title, row.points, row.wallet.code) for row in statement_of(world.ada).rows[:2]]
    assert told == [
        ("You changed 500 points into 5 kroner", 5, "cash"), ("You changed 500 points into 5 kroner", -500, "points"),
    ]  # fmt: skip
    assert Message.objects.filter(event="loyalty.programs.events.PointsConverted").count() <= 1


def test_it_is_not_earning(world, change):
    earn(world.ada, 100)
    change(100)
    earned = {each.wallet.code: each.earned_total for each in balances_of(world.ada)}
    assert earned == {"points": 100, "cash": 0}


def test_the_same_id_is_the_same_change(world, change):
    earn(world.ada, 500)
    assert change(100).pk == change(100).pk
    assert active(world.ada) == 400
    with pytest.raises(ConversionReused):
        change(200)


def test_steps_minimum_day_and_balance(world, change):
    earn(world.ada, 1000)
    with pytest.raises(WrongAmount, match="in steps of 100 points"):
        change(150)
    with pytest.raises(WrongAmount, match="at least 300 points"):
        change(200, minimum=250)
    change(300, per_day=500)
    with pytest.raises(OverLimit, match="You can change 200 points more today"):
        change(300, id="two")
    with pytest.raises(NotEnoughPoints):
        change(800, id="two", per_day=None)
    assert (active(world.ada), Conversion.objects.count()) == (700, 1)


def test_the_fee_comes_on_top(world, change):
    earn(world.ada, 210)
    assert change(200, fee_points=4, fee_percent=Decimal("2.6")).fee == 4 + 6
    assert (active(world.ada), active(world.ada, "cash")) == (0, 2)
    assert statement_of(world.ada).rows[0].title == "Fee for changing points"
    earn(world.ada, 100, key="more")
    with pytest.raises(NotEnoughPoints):
        change(100, id="two")


def test_it_lasts_as_its_wallet_says(world, change, cash):
    earn(world.ada, 100)
    cash.expiry, cash.expiry_months = "rolling", 1
    cash.save()
    change(100)
    (lot,) = [lot for lot in lots_of(world.ada.subject, clock.now()) if lot.wallet_id == cash.pk]
    assert timedelta(days=27) < lot.expires_at - clock.now() < timedelta(days=33)


def test_or_as_long_as_what_was_given(world, change, cash):
    soon, later = clock.now() + timedelta(days=10), clock.now() + timedelta(days=40)
    earn(world.ada, 150, key="a", expires_at=soon)
    earn(world.ada, 150, key="b", expires_at=later)
    change(300, keeps_expiry=True, get=3)
    lots = [(lot.remaining, lot.expires_at) for lot in lots_of(world.ada.subject, clock.now())]
    assert [(points, round((end - clock.now()).total_seconds() / 86400)) for points, end in lots] == [(4, 10), (5, 40)]


def test_only_some_tiers_and_only_while_it_is_on(world, change, rate, stars, cash):
    earn(world.ada, 1000)
    ladder = TierSetFactory(program=world.aurora)
    gold = TierFactory(tier_set=ladder, code="gold", threshold=5000)
    with pytest.raises(ConversionsOff):
        change(100, tiers=["gold"])
    TierStandingFactory(member=world.ada, tier_set=ladder, tier=gold)
    change(100)
    with pytest.raises(ConversionsOff):
        change(100, id="two", is_on=False)
    rate.is_on = stars.is_archived = True
    rate.save()
    stars.save()
    with pytest.raises(ConversionsOff):
        change(100, id="two")


def test_what_counts_for_tiers_alone_is_neither_given_nor_got(world, stars, cash, change):
    status = Wallet.objects.create(
        program=world.aurora, code="status", name="Status", is_spendable=False, is_qualifying=True
    )
    for pair in ({"from_wallet": status, "to_wallet": cash}, {"from_wallet": stars, "to_wallet": status}):
        with pytest.raises(ValidationError, match="only counts for tiers"):
            ConversionRate(program=world.aurora, give=1, get=1, **pair).full_clean()
    earn(world.ada, 100)
    cash.is_spendable, cash.is_qualifying = False, True
    cash.save()
    with pytest.raises(ConversionsOff):
        change(100)


def test_not_more_than_one_may_hold(world, change, cash):
    earn(world.ada, 1000)
    cash.balance_cap = 3
    cash.save()
    change(200)
    with pytest.raises(OverCap, match="You can hold 1 krone more there"):
        change(200, id="two")
    change(100, id="two")
    assert active(world.ada, "cash") == 3


def test_who_is_blocked_and_whose_wallet_it_is_not(world, change, stars, cash):
    earn(world.ada, 100)
    Member.objects.filter(pk=world.ada.pk).update(status="blocked")
    with pytest.raises(MemberNotActive):
        change(100)
    with pytest.raises(UnknownWallet):
        convert_points(world.cleo, stars, cash, points=100, id="x", source="portal", actor="test")


def test_the_quote_says_what_happens(world, change, rate):
    earn(world.ada, 350)
    rate.fee_points = 10
    rate.save()
    (terms,) = terms_of_converting(world.ada)
    quote = quote_of(terms, 300)
    assert (quote.total, quote.received, quote.remains, quote.then, quote.ends) == (310, 3, 40, 3, None)
    change(300)
    assert (active(world.ada), active(world.ada, "cash")) == (quote.remains, quote.then)
