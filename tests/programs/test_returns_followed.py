"""What a return moves beside points: words on the statement, ladders, caps; the first purchase is the first again."""

from decimal import Decimal

import pytest
import time_machine

from loyalty.programs.models.caps import Cap, CapUse
from loyalty.programs.models.tiers import Tier, TierSet, TierStanding
from loyalty.programs.queries.activities import has_bought
from loyalty.programs.queries.statement import statement_of
from loyalty.programs.services.facts import LineBack, ReturnFacts
from loyalty.programs.services.returns import record_return
from tests.programs.files import bring, rows
from tests.till import ACTOR, AT, active, buy, earned, line, rule

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _a_monday(world):
    with time_machine.travel(AT, tick=False):
        yield


def bring_back(member, *lines, id="r1", receipt="1001"):
    backs = tuple(LineBack(position, Decimal(quantity)) for position, quantity in lines)
    return record_return(member.program, "till", receipt, ReturnFacts(id=id, lines=backs), actor=ACTOR)


def test_the_statement_says_what_came_back(world):
    buy(world.ada, line("9.90", quantity=3, category="espresso"), line("4", category="cake"), "7")
    bring_back(world.ada, (1, 2))
    bring_back(world.ada, (2, 1), (3, 1), id="r:2")
    second, first, _award = statement_of(world.ada).rows
    assert (first.title, first.points) == ("Returned 2 of 3 espresso", -6)
    assert first.why == "Purchase of 20.90\xa0€ on 2 March 2026"
    assert (second.title, second.points) == ("Returned cake, an item", -10)


def test_everything_at_once(world):
    buy(world.ada, "5", "6")
    bring_back(world.ada)
    assert statement_of(world.ada).rows[0].title == "Returned everything"


def test_a_ladder_is_climbed_down(world):
    ladder = TierSet.objects.create(program=world.aurora, code="status", name="Status", measure="spend")
    for code, threshold in (("bronze", 0), ("silver", 10_000)):
        Tier.objects.create(tier_set=ladder, code=code, name=code.title(), threshold=threshold)
    buy(world.ada, "4000", "6000")
    assert [each.tier.code for each in TierStanding.objects.filter(tier__isnull=False)] == ["silver"]
    bring_back(world.ada, (1, 1))
    assert "silver" not in [each.tier.code for each in TierStanding.objects.filter(tier__isnull=False)]


def test_caps_have_room_again(world):
    Cap.objects.create(program=world.aurora, scope="member", period="day", measure="points", limit=100)
    buy(world.ada, "60", "40")
    (use,) = CapUse.objects.values_list("times", "points")
    assert use == (1, 100)
    bring_back(world.ada, (1, 1))
    assert CapUse.objects.values_list("times", "points").get() == (1, 40)
    bring_back(world.ada, id="r2")
    assert CapUse.objects.values_list("times", "points").get() == (0, 0)
    buy(world.ada, "150", receipt="2")
    assert active(world.ada) == 100


def test_after_everything_came_back_the_next_purchase_is_the_first(world):
    rule(world.aurora, "Welcome", ("first_purchase", "equals", "yes"), effect="fixed", points=50)
    buy(world.ada, "10", "5", receipt="1001")
    bring_back(world.ada, (1, 1))
    assert earned(buy(world.ada, "10", receipt="1002")) == {"points": 10}
    buy(world.ben, "10", receipt="1003")
    bring_back(world.ben, receipt="1003")
    assert has_bought(world.ada)
    assert not has_bought(world.ben)
    assert earned(buy(world.ben, "10", receipt="1004")) == {"points": 60}


def test_in_a_file_too(world):
    rule(world.aurora, "Welcome", ("first_purchase", "equals", "yes"), effect="fixed", points=50)
    for member, receipt in ((world.ada, "1001"), (world.ben, "1002")):
        buy(member, "10", receipt=receipt)
    bring_back(world.ben, receipt="1002")
    before = active(world.ada), active(world.ben)
    bring(world.aurora, rows("r1,ada,2026-03-01,1,5", "r2,ben,2026-03-01,1,5"))
    assert (active(world.ada) - before[0], active(world.ben) - before[1]) == (5, 55)
