"""A draft's difference, as the staff read it before they publish."""

import pytest

from loyalty.programs.models.households import HouseholdPolicy
from loyalty.programs.models.moving import TransferPolicy
from loyalty.programs.queries.differences import difference_of_draft, difference_to
from loyalty.programs.services.versions import change_publishing, publish_draft
from tests.factories_of_activities import ActivityKindFactory, PlaceFactory, ReferralPolicyFactory
from tests.factories_of_programs import CampaignFactory, HouseholdPolicyFactory, TierFactory, TransferPolicyFactory


@pytest.fixture
def drafted(world):
    return change_publishing(world.aurora, "draft", actor="staff:1")


def words(program):
    return [(line.kind, line.text) for line in difference_of_draft(program)]


def test_no_draft_no_difference(world, drafted):
    assert (words(drafted), words(world.fjord)) == ([], [])


def test_a_rule_reads_as_its_sentence_before_and_after(drafted):
    drafted.rules.update(points=3, name="Triple")

    (sentence, name) = words(drafted)
    assert sentence == (
        "changed",
        "Earning rule “Purchases”: “Members earn 1 point per 1\xa0€” becomes “Members earn 3 points per 1\xa0€”.",
    )
    assert name == ("changed", "Earning rule “Purchases”, name: Purchases becomes Triple.")


def test_what_is_new_and_what_goes(drafted):
    TierFactory(tier_set__program=drafted, tier_set__code="status", code="gold", name="Gold", threshold=500)
    CampaignFactory(program=drafted, name="Summer", starts_at=None, ends_at=None)
    drafted.rules.update(is_archived=True)

    assert words(drafted) == [
        ("added", "Tier ladder “Status” is new: counts: money spent."),
        ("added", "Tier “Gold” is new: from: 500."),
        ("added", "Campaign “Summer” is new."),
        ("removed", "Earning rule “Purchases” goes."),
    ]


def test_settings_are_told_one_by_one(drafted):
    drafted.wallets.update(expiry_months=24, is_qualifying=True)
    type(drafted).objects.filter(pk=drafted.pk).update(debt_policy="unlimited", warn_days=[])

    assert [text for _kind, text in words(drafted)] == [
        "Program, when points to be taken back are already spent: take back what is left, never below zero becomes "
        "take back everything; the balance may go negative and the next points repay it.",
        "Program, warn of expiry, days before: 30, 7 becomes nothing.",
        "Wallet “Points”, counts for tiers: no becomes yes.",
        "Wallet “Points”, months: 12 becomes 24.",
    ]


def test_going_back_reads_the_other_way_round(drafted):
    drafted.wallets.update(expiry_months=24)

    (line,) = difference_to(drafted.published)
    assert line.text == "Wallet “Points”, months: 24 becomes 12."


SHARING = (
    "Up to 6 members can share points in a household. 50 % of what each earns goes there. Who leaves takes a part of "
    "what is left along, by what they put in."
)
SENDING = (
    "Members can send points to one another; they keep their last day. In steps of 1,000 points. 2.5 % of what you "
    "send comes on top, rounded up. Not within 24 hours after a new e-mail address."
)


def test_policies_types_and_places_are_told_in_words(drafted):
    wallet = drafted.wallets.get()
    TransferPolicyFactory(wallet=wallet, step=1000, fee_percent="2.50")
    HouseholdPolicyFactory(program=drafted, wallet=wallet, percent=50)
    ReferralPolicyFactory(program=drafted, minimum_purchase=20)
    PlaceFactory(program=drafted, name="Oslo 1", kind="event")
    ActivityKindFactory(program=drafted, code="repair", name="Repair")

    assert words(drafted) == [
        ("added", "Type of activity “Repair” is new."),
        ("added", "Place to check in “Oslo 1” is new: what it is: event: once."),
        ("added", "Invitation policy is new: first purchase of at least: 20."),
        ("added", f"Sharing of points is new: {SHARING}"),
        ("added", f"Sending of points “Points” is new: {SENDING}"),
    ]

    publish_draft(drafted, actor="staff:1")
    TransferPolicy.objects.update(step=500, per_day=2000)
    HouseholdPolicy.objects.update(is_on=False)
    changed = SENDING.replace("1,000 points.", "500 points. At most 2,000 points in a day.")

    assert words(drafted) == [
        ("removed", "Sharing of points goes."),
        ("changed", f"Sending of points “Points”: “{SENDING[:-1]}” becomes “{changed[:-1]}”."),
    ]


def test_what_members_did_lately_reads_as_people_say_it(drafted):
    campaign = CampaignFactory(program=drafted, name="Summer", starts_at=None, ends_at=None)
    deed = campaign.audience.create(subject="activities_in_days", name="review 30", operator="gte", value="1")
    added = [text for kind, text in words(drafted) if kind == "added"]
    assert any("with “review” in the last 30 days" in text for text in added), added
    publish_draft(drafted, actor="staff:1")

    type(deed).objects.update(name="review 7", value="0", operator="equals")

    told = " ".join(text for _kind, text in words(drafted))
    assert "with “review” in the last 30 days" in told
    assert "without “review” in the last 7 days" in told
