"""A member's life in each of the ready-made programs: join, earn, climb, return, expire."""

from datetime import timedelta
from itertools import count

import pytest
import time_machine

from loyalty.ledger.errors import NotEnoughPoints
from loyalty.lib import clock
from loyalty.members.services.members import enrol_member
from loyalty.programs.errors.conversions import ConversionsOff
from loyalty.programs.errors.moving import WrongAmount
from loyalty.programs.queries.balances import balances_of
from loyalty.programs.queries.blueprints import blueprint_called
from loyalty.programs.queries.tiers import tier_codes_of, tiers_of
from loyalty.programs.services import jobs
from loyalty.programs.services.activities import record_activity
from loyalty.programs.services.blueprints import apply_blueprint
from loyalty.programs.services.checkins import check_in
from loyalty.programs.services.conversions import convert_points
from loyalty.programs.services.facts import ActivityFacts, ReturnFacts
from loyalty.programs.services.households import contribute_due, found_household, join_household
from loyalty.programs.services.moving import send_points
from loyalty.programs.services.returns import record_return
from loyalty.programs.services.tiers import review_tiers
from tests.ledger.purse import violations
from tests.till import buy, line

pytestmark = pytest.mark.django_db


class Story:
    """A program begun from a blueprint on a Tuesday in March, and Ida, who joins it."""

    def __init__(self, blueprint, time):
        self.program, self._time = apply_blueprint(blueprint_called(blueprint), code="brand", actor="test"), time
        self._numbers, self.ida = count(1), self.joins("Ida")

    def joins(self, name):
        return enrol_member(self.program, external_id=name.lower(), name=name, actor="test")

    def buys(self, amount, receipt, **facts):
        """What Ida earns with it, by wallet."""
        store = facts.pop("store", "")
        made = buy(self.ida, line(amount, **facts), receipt=receipt, store=store, at=clock.now())
        return {award.wallet_code: award.points for award in made.awards}

    def does(self, type, **attributes):
        """What it brings Ida."""
        id = f"{type}:{next(self._numbers)}"
        facts = ActivityFacts(source="shop", id=id, type=type, member=self.ida, at=clock.now(), attributes=attributes)
        return {award.wallet_code: award.points for award in record_activity(self.program, facts, actor="test").awards}

    def changes(self, points, into, *, of):
        """What becomes of the points, and the fee."""
        wallets = {each.code: each for each in self.program.wallets.all()}
        made = convert_points(
            self.ida, wallets[of], wallets[into], points=points, id=f"change:{next(self._numbers)}", source="portal",
            actor="test",
        )  # fmt: skip
        return made.received, made.fee

    def returns(self, receipt):
        """What is taken back, by wallet."""
        done = record_return(self.program, "till", receipt, ReturnFacts(id="1"), actor="test")
        return {claw.wallet_code: claw.points for claw in done.clawbacks}

    def after(self, days):
        """Time passes, and what is done at night is done."""
        self._time.shift(timedelta(days=days))
        jobs.activate_points()
        jobs.expire_points()
        review_tiers()

    @property
    def tier(self):
        return tier_codes_of([self.ida])[self.ida.pk]

    def has(self, member=None):
        """What the member can spend, by wallet; what waits is not among it."""
        return {each.wallet.code: each.active for each in balances_of(member or self.ida) if each.active}


@pytest.fixture
def story():
    with time_machine.travel("2026-03-03T12:00:00Z", tick=False) as time:
        yield lambda blueprint: Story(blueprint, time)
        assert violations() == {}


def test_bank_points_are_sent_in_steps_of_a_thousand(story):
    bank = story("bank-points")
    assert bank.buys("100", "1") == {"points": 5_100}, "a point per franc, and a welcome"
    assert (bank.buys("20000", "2"), bank.tier) == ({"points": 20_000}, "gold")
    assert bank.buys("100", "3") == {"points": 150}, "gold earns half as much again"

    assert (bank.returns("2"), bank.tier) == ({"points": 20_000}, "classic")
    assert bank.has() == {}, "points wait for thirty days"
    bank.after(days=31)
    assert bank.has() == {"points": 5_250}

    ben, wallet = bank.joins("Ben"), bank.program.wallets.get()
    with pytest.raises(WrongAmount):
        send_points(bank.ida, ben, wallet, points=1_500, id="1", source="portal", actor="test")
    send_points(bank.ida, ben, wallet, points=2_000, id="2", source="portal", actor="test")
    assert (bank.has(), bank.has(ben)) == ({"points": 3_250}, {"points": 2_000})

    bank.after(days=4 * 366)
    assert (bank.has(), bank.has(ben)) == ({}, {}), "both ends of a transfer die on the same day"


def test_a_beauty_club_with_three_tiers(story):
    club = story("beauty-club")
    assert (club.buys("100", "1"), club.tier) == ({"points": 100}, "insider")
    assert (club.does("profile"), club.does("profile")) == ({"points": 50}, {}), "the profile pays once"
    assert (club.buys("900", "2"), club.tier) == ({"points": 900}, "rouge"), "two rungs at once"
    assert club.buys("10", "3") == {"points": 15}

    assert (club.returns("2"), club.tier) == ({"points": 900}, "insider")
    assert club.has() == {"points": 165}

    club.after(days=19 * 31)
    assert club.has() == {}


def test_cafe_stars_with_a_status(story):
    cafe = story("cafe-stars")
    assert cafe.buys("100", "1") == {"stars": 200}, "two for every euro"
    assert check_in(cafe.program.places.get(), cafe.ida, actor="test").awards[0].points == 1
    cafe.after(days=6)
    assert (cafe.buys("70", "2"), cafe.tier) == ({"stars": 280}, "gold"), "Mondays count twice"
    cafe.after(days=1)
    assert cafe.buys("4", "3") == {"stars": 10}, "gold earns a quarter more"

    assert (cafe.returns("2"), cafe.tier) == ({"stars": 280}, "green")
    assert cafe.has() == {"stars": 211}

    cafe.after(days=7 * 31)
    assert cafe.has() == {}, "stars live six months"


def test_cash_back_that_the_till_takes(story):
    card = story("card-cashback")
    assert card.buys("100", "1") == {"cashback": 100}, "one per cent, in øre"
    assert card.buys("100", "2", category="fuel") == {"cashback": 300}
    assert (card.buys("20000", "3"), card.tier) == ({"cashback": 4_600}, "plus"), "at most 50 crowns a month"
    card.after(days=31)
    assert card.buys("100", "4") == {"cashback": 150}

    assert (card.returns("3"), card.tier) == ({"cashback": 4_600}, "card")
    card.after(days=15)
    assert card.has() == {"cashback": 550}

    card.after(days=3 * 366)
    assert card.has() == {}, "whoever stays away for two years loses it"


def test_cosmetics_that_give_vouchers(story):
    shop = story("cosmetics-vouchers")
    assert shop.buys("19.90", "1") == {"points": 30}, "ten for every ten euros, and a welcome"
    assert shop.does("review") == {"points": 5}
    shop.buys("100", "2")
    assert (shop.buys("30", "3"), shop.tier) == ({"points": 30}, "friend"), "the third purchase makes a friend"

    assert (shop.returns("2"), shop.tier) == ({"points": 100}, "guest")
    assert shop.has() == {"points": 65}

    shop.after(days=365)
    assert shop.has() == {"points": 65}
    shop.after(days=365)
    assert shop.has() == {}, "points end with the year after the next"


def test_two_brands_of_fashion_and_one_status(story):
    house = story("fashion-exchange")
    assert house.buys("100", "1", store="Urban 1") == {"urban": 200, "status": 100}
    assert house.buys("450", "2", store="Atelier Via Roma") == {"atelier": 450, "status": 450}
    assert house.tier == "friend"

    assert (house.returns("2"), house.tier) == ({"atelier": 450, "status": 450}, "guest")
    assert house.has() == {"urban": 200, "status": 100}

    with pytest.raises(WrongAmount):
        house.changes(110, "atelier", of="urban")
    assert house.changes(100, "atelier", of="urban") == (50, 5), "two of the one are worth one of the other"
    assert house.has() == {"urban": 95, "atelier": 50, "status": 100}
    with pytest.raises(NotEnoughPoints):
        house.changes(50, "urban", of="atelier")  # the fee is paid on top
    with pytest.raises(ConversionsOff):
        house.changes(100, "status", of="urban")

    house.after(days=366)
    assert house.has() == {"status": 100}, "what was changed keeps its end; a status does not end by itself"


def test_a_jeweller_whose_regulars_pay_less(story):
    shop = story("jewellery-ladder")
    discounts = []
    for receipt, amount in enumerate(["500", "500", "2000", "3000", "4000"]):
        shop.buys(amount, str(receipt))
        discounts.append(tiers_of(shop.ida)[0].rung.discount_percent)
    assert discounts == [0, 6, 9, 12, 15]

    assert shop.returns("4") == {"points": 4_000}
    assert shop.tier == "ruby", "what came back was not spent"

    shop.after(days=10 * 365)
    assert (shop.tier, shop.has()) == ("ruby", {"points": 6_000}), "a discount is for good"


def test_a_make_up_club_that_collects_together(story):
    club = story("make-up-club")
    household = found_household(club.ida, name="Glowers", actor="test")
    ben = club.joins("Ben")
    join_household(ben, code=household.code, actor="test")

    assert club.buys("100", "1") == {"points": 300}
    evening = check_in(club.program.places.get(), club.ida, actor="test")
    assert [award.points for award in evening.awards] == [100]
    assert (club.buys("50", "2"), club.tier) == ({"points": 150}, "artist")
    assert club.buys("10", "3") == {"points": 36}, "artists earn a fifth more"
    contribute_due()
    assert club.has() == {"points": 293}, "half of it is in the common balance"

    assert club.returns("2") == {"points": 150}
    assert club.tier == "friend"
    before = club.has()
    club.after(days=14 * 31)
    assert (before, club.has()) == ({"points": 218}, {}), "a year without a purchase or an evening"


def test_a_telephone_company_with_a_partner(story):
    phone = story("telecom")
    assert phone.buys("100", "1", category="top-up") == {"coins": 100}
    assert phone.does("partner_subscription", service="films") == {"coins": 50}
    assert phone.does("partner_subscription", service="music") == {}, "once a month"
    for _month in range(3):
        phone.after(days=31)
        phone.does("partner_subscription", service="films")
    assert (phone.does("bill_paid"), phone.tier) == ({"coins": 10}, "plus")
    assert phone.buys("10", "2", category="top-up") == {"coins": 12}

    assert phone.returns("1") == {"coins": 100}
    assert phone.tier == "plus", "subscriptions and bills are what counts here"

    phone.after(days=13 * 31)
    assert (phone.has(), phone.tier) == ({}, "basic")
