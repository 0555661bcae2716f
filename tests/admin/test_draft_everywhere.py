"""Every screen of configuration edits the draft, says so, and none of them goes round four eyes."""

import pytest
from django.contrib import admin
from django.urls import reverse

from loyalty.members.models import ConsentText, Segment, User
from loyalty.members.services.staff import grant_access
from loyalty.programs.admin.banner import WithDraftBanner
from loyalty.programs.errors.documents import SecondPersonNeeded
from loyalty.programs.models.program import Program
from loyalty.programs.queries.configuration import configuration_of
from loyalty.programs.queries.documents import MODELS
from loyalty.programs.queries.versions import has_draft
from loyalty.programs.rules.documents import NOUNS, PROGRAM
from loyalty.programs.services.versions import change_publishing, discard_draft, publish_draft
from tests.factories import ConsentTextFactory, EarningRuleFactory, RuleConditionFactory, SegmentFactory
from tests.factories_of_activities import ActivityKindFactory, PlaceFactory, ReferralPolicyFactory, ReviewPolicyFactory
from tests.factories_of_programs import (
    AudienceConditionFactory,
    CampaignFactory,
    CapFactory,
    ConversionRateFactory,
    ExtensionConditionFactory,
    HouseholdPolicyFactory,
    ReinstatementPolicyFactory,
    TierFactory,
    TransferPolicyFactory,
    VelocityRuleFactory,
)

# Noun of the document → what an editor changes of it on its screen. A noun more is a line more.
EDITS = {
    "program": {"warn_days": [3]},
    "wallets": {"unit_many": "stars"},
    "tier_sets": {"name": "Ranks"},
    "tiers": {"multiplier": 3},
    "campaigns": {"name": "Winter"},
    "audience": {"value": "silver"},
    "rules": {"points": 7},
    "conditions": {"value": "web"},
    "caps": {"limit": 9},
    "activity_types": {"name": "Mend"},
    "attributes": {"is_required": True},
    "places": {"name": "Bergen"},
    "invitations": {"minimum_purchase": 99},
    "reviews": {"shortest": 5},
    "households": {"percent": 10},
    "transfers": {"step": 250},
    "conversions": {"give": 250},
    "extensions": {"months": 7},
    "extension_audience": {"value": "silver"},
    "reinstatement": {"window_days": 9},
    "velocity_rules": {"minutes": 7},
}
SHOWN_WITHIN = {
    "tiers",
    "audience",
    "conditions",
    "attributes",
    "extension_audience",
}  # on the screen of what they are a part of
LIVE_AT_ONCE = (Segment, ConsentText)


@pytest.fixture
def rows(world):
    """One row of every noun of Aurora, which asks for four eyes."""
    program = world.aurora
    wallet = program.wallets.get()
    campaign, tier = CampaignFactory(program=program), TierFactory(tier_set__program=program, threshold=100)
    rule = EarningRuleFactory(program=program, wallet=wallet, name="Shop")
    kind = ActivityKindFactory(program=program, code="repair")
    longer = ExtensionConditionFactory(extension__wallet=wallet)
    found = {
        "program": program, "wallets": wallet, "campaigns": campaign, "rules": rule, "tier_sets": tier.tier_set,
        "tiers": tier, "audience": AudienceConditionFactory(campaign=campaign),
        "conditions": RuleConditionFactory(rule=rule), "caps": CapFactory(program=program, rule=rule),
        "activity_types": kind, "attributes": kind.attributes.create(name="garment"),
        "places": PlaceFactory(program=program), "invitations": ReferralPolicyFactory(program=program),
        "reviews": ReviewPolicyFactory(program=program),
        "households": HouseholdPolicyFactory(program=program, wallet=wallet),
        "velocity_rules": VelocityRuleFactory(program=program),
        "transfers": TransferPolicyFactory(wallet=wallet),
        "extensions": longer.extension, "extension_audience": longer,
        "conversions": ConversionRateFactory(from_wallet=wallet),
        "reinstatement": ReinstatementPolicyFactory(wallet=wallet),
    }  # fmt: skip
    change_publishing(program, "four_eyes", actor="staff:1")
    return found


def test_the_table_names_every_noun():
    nouns = [PROGRAM, *NOUNS, *(part for noun in NOUNS for part in noun.parts)]

    assert set(EDITS) == {noun.name for noun in nouns} == set(MODELS)


@pytest.mark.parametrize("noun", EDITS)
def test_what_one_person_edits_is_a_draft_that_another_one_publishes(world, rows, noun):
    program, row = world.aurora, type(rows[noun]).objects.get(pk=rows[noun].pk)
    before = configuration_of(program).described.document
    for name, value in EDITS[noun].items():
        setattr(row, name, value)
    row._change_reason = "staff:2"
    row.save()

    assert (configuration_of(program).described.document == before, has_draft(program)) == (True, True)
    with pytest.raises(SecondPersonNeeded):
        publish_draft(program, actor="staff:2")
    publish_draft(program, actor="staff:3")

    assert configuration_of(program).described.document != before


def test_thrown_away_everything_is_as_it_was(world, rows):
    before = configuration_of(world.aurora).described.document
    for noun in (noun for noun in EDITS if noun not in ("conditions", "audience", "attributes", "extension_audience")):
        MODELS[noun].objects.filter(pk=rows[noun].pk).update(**EDITS[noun])

    discard_draft(Program.objects.get(pk=world.aurora.pk), actor="staff:2")

    assert (has_draft(world.aurora), configuration_of(world.aurora).described.document) == (False, before)


@pytest.mark.parametrize("noun", [noun for noun in EDITS if noun not in SHOWN_WITHIN])
def test_every_screen_of_configuration_tells_of_the_draft(staff, rows, noun):
    screen = admin.site._registry[MODELS[noun]]
    assert isinstance(screen, WithDraftBanner)
    browser = staff("program_admin")

    told = browser.get(screen.address("change", rows[noun])).content.decode()
    assert "You edit a draft: nothing changes for members until it is published." in told
    assert ("take effect at once" in told) == (noun == "program")
    assert "You edit a draft" in browser.get(screen.address("changelist")).content.decode()


@pytest.mark.parametrize("model", LIVE_AT_ONCE)
def test_what_is_no_part_of_the_draft_says_so(staff, rows, model):
    row = {Segment: SegmentFactory, ConsentText: ConsentTextFactory}[model](program=rows["program"])
    told = staff("program_admin").get(admin.site._registry[model].address("change", row)).content.decode()

    assert "is no part of the draft: it takes effect at once" in told


def test_doing_without_four_eyes_needs_four_eyes(staff, world, rows):
    first = staff("program_admin")
    page = reverse("admin:loyalty_programversion_manner")
    for _twice in range(2):
        told = first.post(page, {"publishing": "at_once"}, follow=True).content.decode()
        assert "A second person must choose the same" in told
    assert "program_admin asks that changes go live as soon as they are saved" in told
    assert Program.objects.get(pk=world.aurora.pk).publishing == "four_eyes"

    second = User.objects.create_user("second@staff.example.org", is_staff=True)
    grant_access(second, world.aurora, "program_admin", actor="test")
    change_publishing(world.aurora, "at_once", actor=f"staff:{second.pk}")

    fresh = Program.objects.get(pk=world.aurora.pk)
    assert (fresh.publishing, fresh.manner_asked, fresh.published) == ("at_once", "", None)
