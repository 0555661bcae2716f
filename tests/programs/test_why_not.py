"""Why not? Every reason why something earns less, nothing, or not yet: the words that staff and that members read.

One table for all that rules, campaigns, caps, wallets, types and watch rules say about a purchase or an activity. That
nothing is missing in it is tested, too.
"""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from loyalty.programs.models.activity import Activity
from loyalty.programs.models.velocity import VelocityRule
from loyalty.programs.queries.activities import why_of
from loyalty.programs.rules.wording.steps import GIVEN, REASONS
from tests.factories_of_activities import ActivityKindFactory, KindAttributeFactory
from tests.factories_of_programs import (
    AudienceConditionFactory,
    CampaignFactory,
    CapFactory,
    HouseholdFactory,
    HouseholdMemberFactory,
    TierFactory,
)
from tests.till import AT, buy, do, line, rule, without_rules
from tests.world import World

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
EURO = "\N{NO-BREAK SPACE}€"
type Setting = Callable[[World], Any]


class Case(NamedTuple):
    """What is set up and done; the code that the last activity is told with, whose name, and both sentences.

    No `member` sentence: members read the same. None: they are not told.
    """

    name: str
    do: Setting
    code: str
    rule: str
    staff: str
    member: str | None = ""


def paid(world: World, *conditions: tuple[str, str, str], name: str = "Extra", **facts: Any) -> None:
    """A rule beside which a purchase of 40 € is made."""
    rule(without_rules(world.aurora), name, *conditions, **facts)
    buy(world.ada, line("40.00", category="cake", sku="bun"), store="Oslo 1")


def campaign(world: World, audience: tuple[str, str, str] | None = None, **facts: Any) -> None:
    times = {"starts_at": AT - DAY, "ends_at": AT + DAY}
    row = CampaignFactory(program=world.aurora, name="Spring", **times | facts)
    if audience:
        AudienceConditionFactory(campaign=row, subject=audience[0], operator=audience[1], value=audience[2])
    paid(world, campaign=row)


def both(world: World, first: dict[str, Any], second: dict[str, Any], *conditions: tuple[str, str, str]) -> None:
    rule(without_rules(world.aurora), "Base", **first)
    rule(world.aurora, "Big", *conditions, **second)
    buy(world.ada, line("40.00", category="cake"))


def capped(world: World, *, times: int = 2, amount: str = "40", apart: timedelta = timedelta(), **facts: Any) -> None:
    """So many purchases under a cap; the last one is told."""
    CapFactory(**{"program": world.aurora, "rule": None, "wallet": world.aurora.wallets.get()} | facts)
    for number in range(times):
        told = {"store": "Oslo 1", "attributes": {"card": "tok_1"}}
        buy(world.ada, amount, receipt=str(number), at=AT + number * apart, **told)


def household(world: World) -> None:
    group = HouseholdFactory(program=world.aurora)
    for member in (world.ada, world.ben):
        HouseholdMemberFactory(household=group, member=member, joined_at=AT - DAY)
    CapFactory(program=world.aurora, rule=None, scope="household", measure="points", limit=50, period="month")
    for member in (world.ben, world.ada):
        buy(member, "40", receipt=str(member.pk))


def full(world: World, room: int) -> None:
    wallet = world.aurora.wallets.get()
    wallet.balance_cap = 40 + room
    wallet.save()
    for receipt in "12":
        buy(world.ada, "40", receipt=receipt)


def once(world: World, pays: str, *attributes: str) -> None:
    """The same type twice on one day, under two ids."""
    rule(world.aurora, "Films", trigger="film", effect="fixed", points=5)
    told_for = "".join(attributes)
    kind = ActivityKindFactory(program=world.aurora, code="film", name="Watch a film", pays=pays, pays_for=told_for)
    for name in attributes:
        KindAttributeFactory(kind=kind, name=name, is_required=True)
    for id in "12":
        do(world.ada, "film", id=id, attributes=dict.fromkeys(attributes, "intro"))


def watched(world: World, pattern: str, most: int = 1) -> None:
    VelocityRule.objects.create(program=world.aurora, name="Too often", pattern=pattern, most=most, minutes=60)
    told = {"card": "tok_1", "device": "phone-1", "cashier": "C-17"}
    for number, member in enumerate((world.ben, world.ada) if pattern == "device" else (world.ada, world.ada)):
        buy(member, "40", receipt=str(number), at=AT + timedelta(minutes=number), attributes=told)


def tiered(world: World) -> None:
    TierFactory(tier_set__program=world.aurora, code="gold", name="Gold", threshold=500)
    paid(world, ("tier", "in", "gold"))


def shadowed(world: World, amount: str, *conditions: tuple[str, str, str], **facts: Any) -> None:
    rule(world.aurora, "Trial", *conditions, is_shadow=True, **facts)
    buy(world.ada, amount)


CASES = (
    # Rules: when, and what they ask
    Case("starts later", lambda w: paid(w, starts_at=AT + DAY), "not-started", "Extra",
         "Not applied: it starts on 3 March 2026, 11:30 a.m."),
    Case("ended", lambda w: paid(w, ends_at=AT - DAY), "ended", "Extra",
         "Not applied: it ended on 1 March 2026, 11:30 a.m."),
    Case("another day", lambda w: paid(w, ("weekday", "in", "6,7")), "condition-failed", "Extra",
         "Not applied: only at weekends"),
    Case("another hour", lambda w: paid(w, ("time_of_day", "between", "17:00 - 19:00")), "condition-failed", "Extra",
         "Not applied: only between 5 p.m. and 7 p.m."),
    Case("another store", lambda w: paid(w, ("store", "equals", "Bergen")), "condition-failed", "Extra",
         "Not applied: only in store Bergen"),
    Case("small basket", lambda w: paid(w, ("basket_total", "gte", "50")), "condition-failed", "Extra",
         f"Not applied: only when the basket is at least 50{EURO}; it is 40.00{EURO}"),
    Case("not the first", lambda w: (buy(w.ada, "1", receipt="0"), paid(w, ("first_purchase", "equals", "yes"))),
         "condition-failed", "Extra",
         "Not applied: only on a first purchase"),
    Case("another member", lambda w: paid(w, ("member_attribute.vip", "equals", "yes")), "condition-failed", "Extra",
         "Not applied: only for members whose vip is yes", "Not applied: only if your vip is yes"),
    Case("another tier", tiered, "condition-failed", "Extra",
         "Not applied: only for members in tier gold", "Not applied: only if your tier is gold"),
    Case("another product", lambda w: paid(w, ("category", "equals", "beans"), basis="lines"),
         "no-matching-lines", "Extra", "Not applied: only in category beans"),
    Case("nothing paid", lambda w: (rule(without_rules(w.aurora), "Extra"), buy(w.ada, "0")),
         "nothing-to-earn-on", "Extra", "Not applied: there is no amount to earn on"),
    Case("too little", lambda w: paid(w, points=5, per_amount=50, whole_steps=True), "below-first-step", "Extra",
         f"Not applied: 40.00{EURO} does not reach 50.00{EURO}"),
    # Rules among themselves
    Case("excluded", lambda w: paid(w, ("category", "equals", "cake"), basis="lines", points=0), "excluded", "Extra",
         "No points on bun"),
    Case("pays nothing", lambda w: paid(w, points=0), "pays-nothing", "Extra", "This rule gives no points"),
    Case("claimed", lambda w: both(w, {}, {"basis": "lines", "points": 2}), "lines-claimed", "Base",
         "Not applied: “Big” earns on these items instead"),
    Case("taken out", lambda w: both(w, {}, {"basis": "lines", "points": 0}), "lines-excluded", "Base",
         "Not applied: “Big” excludes these items"),
    Case("outranked", lambda w: both(w, {}, {"points": 2, "is_stackable": False, "priority": 1}), "outranked", "Base",
         "Not applied: “Big” comes first and cannot be combined with it"),
    Case("nothing to multiply", lambda w: paid(w, effect="multiplier", factor=2), "nothing-to-multiply", "Extra",
         "Not applied: there is nothing to multiply"),
    # Campaigns
    Case("campaign to come", lambda w: campaign(w, starts_at=AT + DAY, ends_at=AT + 9 * DAY), "campaign-not-running",
         "Extra", "Not applied: the campaign “Spring” starts on 3 March 2026, 11:30 a.m."),
    Case("campaign over", lambda w: campaign(w, starts_at=AT - 9 * DAY, ends_at=AT - DAY), "campaign-not-running",
         "Extra", "Not applied: the campaign “Spring” ended on 1 March 2026, 11:30 a.m."),
    Case("campaign off", lambda w: campaign(w, is_active=False), "campaign-not-running", "Extra",
         "Not applied: the campaign “Spring” is switched off"),
    Case("not invited", lambda w: campaign(w, ("list", "in", "friends")), "not-in-audience", "Extra",
         "Not applied: the campaign “Spring” is not for everybody: only for members on list friends",
         "Not applied: the campaign “Spring” is not for everybody: only for chosen members"),
    # Caps, cooldowns, budgets
    Case("daily cap", lambda w: capped(w, limit=50), "cap-trimmed", "Limit",
         "Trimmed to 10 points: at most 50 points a day"),
    Case("daily transactions", lambda w: capped(w, times=3, measure="times", limit=2), "cap-refused", "Limit",
         "Gives nothing: at most 2 times a day"),
    Case("once and for all", lambda w: capped(w, limit=40, period="ever", name="Welcome"), "cap-refused", "Welcome",
         "Gives nothing: at most 40 points in all"),
    Case("too much at once", lambda w: capped(w, times=1, limit=30, period="transaction", mode="reject"),
         "cap-refused", "Limit", "Gives nothing: at most 30 points each time"),
    Case("hourly, by card", lambda w: capped(w, limit=50, period="hour", scope="card"), "cap-trimmed", "Limit",
         "Trimmed to 10 points: at most 50 points an hour for each payment card"),
    Case("weekly, by store", lambda w: capped(w, limit=40, period="week", scope="store"), "cap-refused", "Limit",
         "Gives nothing: at most 40 points a week in each store"),
    Case("yearly, over the limit", lambda w: capped(w, limit=50, period="year", mode="reject"), "cap-refused", "Limit",
         "Gives nothing: at most 50 points a year"),
    Case("household", household, "cap-trimmed", "Limit",
         "Trimmed to 10 points: at most 50 points a month for each household"),
    Case("budget", lambda w: capped(w, limit=60, period="ever", scope="program"), "cap-trimmed", "Limit",
         "Trimmed to 20 points: at most 60 points in all for everybody together"),
    Case("budget in money", lambda w: (
            w.aurora.wallets.update(point_value=Decimal("0.01")),
            capped(w, limit="0.50", measure="money", wallet=None, period="month", scope="program"),
         ), "cap-trimmed", "Limit",
         f"Trimmed to 10 points: at most 0.50{EURO} a month for everybody together"),
    Case("cooldown", lambda w: capped(w, period="cooldown", minutes=120, apart=timedelta(hours=1)), "cap-refused",
         "Limit", "Gives nothing: once in 2 hours"),
    Case("a rule's own cap", lambda w: capped(w, wallet=None, rule=w.aurora.rules.get(), limit=50), "cap-trimmed",
         "Purchases", "Trimmed to 10 points: at most 50 points a day"),
    Case("wallet almost full", lambda w: full(w, 15), "balance-full", "Full wallet",
         "Trimmed to 15 points: then the wallet is full"),
    Case("wallet full", lambda w: full(w, 0), "balance-full", "Full wallet", "Gives nothing: the wallet is full"),
    # Types that pay once
    Case("once", lambda w: once(w, "ever"), "already-earned", "Watch a film",
         "Already earned on 2 March 2026, 11:30 a.m.: it pays once"),
    Case("once a day", lambda w: once(w, "daily"), "already-earned", "Watch a film",
         "Already earned on 2 March 2026, 11:30 a.m.: it pays once a day"),
    Case("once each", lambda w: once(w, "value", "film"), "already-earned", "Watch a film",
         "Already earned for “intro” on 2 March 2026, 11:30 a.m.: it pays once for each “film”"),
    # What waits
    *(
        Case(f"watched {pattern}", lambda w, pattern=pattern: watched(w, pattern), "under-review", "Too often",
             f"To be reviewed: {fact} within 60 minutes; up to 1 is usual",
             "These points wait until we have had a look at the purchase")
        for pattern, fact in (
            ("purchases", "2 purchases of this member"),
            ("card_at_till", "2 purchases with the card tok_1 on the till till"),
            ("device", "2 members on the device phone-1"),
            ("cashier", "2 purchases rung up by the cashier C-17 for this member"),
        )
    ),
    # Rules on trial are for the staff alone
    Case("on trial", lambda w: shadowed(w, "40", effect="fixed", points=30), "fixed", "Trial",
         "On trial, pays nothing. A bonus of 30 points. Going live would change the total by +30 points", None),
    Case("on trial, not fitting", lambda w: shadowed(w, "40", ("weekday", "in", "6,7")), "condition-failed", "Trial",
         "On trial, pays nothing. Not applied: only at weekends", None),
    Case("on trial, too much", lambda w: shadowed(w, "400000000", points=99_999_999, per_amount=Decimal("0.01")),
         "too-many-points", "Trial", "On trial, pays nothing. It would give more points than a wallet can hold", None),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
def test_the_words_for_staff_and_members(world, case):
    case.do(world)
    activity = Activity.objects.filter(member=world.ada).latest("pk")
    (place,) = [number for number, each in enumerate(activity.explanation) if each["code"] == case.code]
    is_shadow = activity.explanation[place]["shadow"]
    staff = why_of(activity, voice="staff")[place]
    assert (staff.rule, staff.why, staff.is_shadow) == (case.rule, case.staff, is_shadow)
    members = why_of(activity)
    if case.member is None:
        assert "Trial" not in [each.rule for each in members]
        return
    name = "Being checked" if case.code == "under-review" else case.rule
    assert (members[place].rule, members[place].why) == (name, case.member or case.staff)


GIVES = {"rate", "fixed", "fixed-per-unit", "multiplier", "extended"}
# A rule that is switched off is not read at all, so that no explanation has it since.
PAST = {"inactive"}


def test_no_reason_is_missing_in_the_table():
    assert {case.code for case in CASES} - {"fixed"} == {*GIVEN, *REASONS} - GIVES - PAST


def test_where_no_rule_is_for_it_that_is_said(world):
    do(world.ada, "moonwalk")
    assert why_of(Activity.objects.get()) == []  # the pages say so, see tests.portal.test_why
