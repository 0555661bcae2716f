"""The program in plain words, generated from what is live."""

from datetime import timedelta

import pytest
from django.utils import translation

from loyalty.lib import clock
from loyalty.programs.models.households import HouseholdPolicy
from loyalty.programs.models.moving import TransferPolicy
from loyalty.programs.models.tiers import Tier, TierSet
from loyalty.programs.queries.terms import terms_of
from tests.till import live_by, rule, without_rules

pytestmark = pytest.mark.django_db


def lines(program, code):
    return [
        line.replace("\xa0", " ") for section in terms_of(program) if section.code == code for line in section.lines
    ]


def test_a_new_program_says_how_one_earns_and_how_long_points_last(world):
    assert [section.code for section in terms_of(world.aurora)] == ["earning", "expiry", "returns"]
    assert lines(world.aurora, "earning") == ["You earn 1 point per €1."] or lines(world.aurora, "earning") == [
        "You earn 1 point per 1 €."
    ]
    assert lines(world.aurora, "expiry") == [
        "Points are valid for 12 months after you earned them.",
        "We tell you 30 days and 7 days before points expire.",
    ]
    assert lines(world.aurora, "returns") == [
        "Points are taken back when you return what earned them, as far as you still have them."
    ]


def test_tiers_are_told_with_what_they_bring_how_they_are_kept_and_when_one_is_warned(world):
    ladder = TierSet.objects.create(
        program=world.aurora, code="status", name="Status", measure="purchases", warn_days=[7, 30], one_step_down=True
    )
    Tier.objects.create(tier_set=ladder, code="basic", name="Basic", threshold=0)
    Tier.objects.create(tier_set=ladder, code="gold", name="Gold", threshold=3, discount_percent=6, perks="Champagne")
    assert lines(world.aurora, "tiers") == [
        "Basic from the first day.",
        "Gold from 3 purchases in a calendar year: 6 % discount; Champagne.",
        "A tier is kept until the end of the next year.",
        "Members fall at most one step at a time.",
        "We tell you 30 days and 7 days before a tier ends.",
    ]
    assert [section.code for section in terms_of(world.aurora)] == ["earning", "tiers", "expiry", "returns"]


def test_a_wallet_that_can_be_full_is_told(world):
    live_by(world.aurora.wallets.get(), balance_cap=10_000)
    assert lines(world.aurora, "earning")[-1] == (
        "You can have at most 10,000 points at a time; what would go over is not given."
    )


def test_it_tells_rules_that_are_on_and_not_over_and_not_on_trial(world):
    rule(world.aurora, "Off", points=7, is_active=False)
    rule(world.aurora, "Archived", points=7, is_archived=True)
    rule(world.aurora, "Idea", points=7, is_shadow=True)
    rule(world.aurora, "Over", points=7, ends_at=clock.now() - timedelta(days=1))
    rule(world.aurora, "Review", trigger="review", effect="fixed", points=20)
    told = lines(world.aurora, "earning")
    assert len(told) == 2
    assert "7" not in " ".join(told)


def test_the_plain_case_comes_first(world):
    rule(world.aurora, "Beans", ("category", "equals", "beans"), points=3, basis="lines", priority=10)
    rule(world.aurora, "Double", effect="multiplier", factor=2, priority=30)
    rule(world.aurora, "Review", trigger="review", effect="fixed", points=20, priority=40)
    told = lines(world.aurora, "earning")
    places = [next(at for at, each in enumerate(told) if word in each) for word in ("1 €", "beans", "review")]
    assert places == [0, 1, 3], told


def test_a_waiting_time_has_a_part_of_its_own(world):
    live_by(world.aurora.wallets.get(), activation="after_days", activation_count=14)
    assert len(lines(world.aurora, "activation")) == 1
    assert "14 days" in lines(world.aurora, "activation")[0]


def test_points_that_never_expire_need_no_warning(world):
    live_by(world.aurora.wallets.get(), expiry="never")
    assert len(lines(world.aurora, "expiry")) == 1


@pytest.mark.parametrize(
    ("policy", "words"), [("only_pending", "cannot spend yet"), ("unlimited", "set off against the next points")]
)
def test_what_a_return_takes_back(world, policy, words):
    world.aurora.debt_policy = policy
    world.aurora.save()
    (told,) = lines(world.aurora, "returns")
    assert words in told


def test_a_program_without_rules_promises_nothing(world):
    without_rules(world.aurora)
    assert [section.code for section in terms_of(world.aurora)] == ["expiry"]


def test_one_warning_is_told_alone(world):
    world.aurora.warn_days = [1]
    world.aurora.save()
    assert lines(world.aurora, "expiry")[1] == "We tell you 1 day before points expire."


def test_it_speaks_the_readers_language(world):
    with translation.override("nb"):
        assert len(terms_of(world.aurora)) == 3


def test_sending_and_sharing_are_told_with_their_limits(world):
    wallet = world.aurora.wallets.get()
    TransferPolicy.objects.create(
        wallet=wallet, step=1000, minimum=2000, per_day=5000, fee_points=10, fee_percent=2, cooling_hours=24,
        asks_receiver=True, answer_days=7,
    )  # fmt: skip
    HouseholdPolicy.objects.create(program=world.aurora, wallet=wallet, percent=50, most_members=4, leaving="stays")
    assert lines(world.aurora, "sending") == [
        "Members can send points to one another; they keep their last day. In steps of 1,000 points. At least 2,000 "
        "points at a time. At most 5,000 points in a day. Each time costs 10 points on top. 2 % of what you send comes "
        "on top, rounded up. Not within 24 hours after a new e-mail address. Whoever gets them has 7 days to accept; "
        "else they go back.",
        "Up to 4 members can share points in a household. 50 % of what each earns goes there. Who leaves takes nothing "
        "along.",
    ]
    TransferPolicy.objects.update(is_on=False)
    world.aurora.save()
    assert len(lines(world.aurora, "sending")) == 1
