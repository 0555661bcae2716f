"""A program as one document: what stands in it, and that rows made from it mean the same."""

import pytest

from loyalty.programs.models.moving import TransferPolicy
from loyalty.programs.models.program import Program
from loyalty.programs.queries.blueprints import blueprint_from, yaml_of
from loyalty.programs.queries.configuration import compiled, configuration_of
from loyalty.programs.queries.documents import MODELS, described, document_of, rows_from, stored_rows
from loyalty.programs.queries.reading import document_from
from loyalty.programs.rules.documents import LEFT_OUT, NOUNS, PROGRAM
from loyalty.programs.services.documents import load_document
from tests.factories_of_activities import ActivityKindFactory, PlaceFactory, ReferralPolicyFactory
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
)


def _all_nouns():
    return [PROGRAM, *NOUNS, *(part for noun in NOUNS for part in noun.parts)]


@pytest.mark.parametrize("noun", _all_nouns(), ids=lambda noun: noun.name)
def test_every_setting_stands_in_the_document_or_is_left_out_on_purpose(noun):
    model = MODELS[noun.name]
    left_out = LEFT_OUT.get(noun.name, frozenset()) | (LEFT_OUT[""] if noun.name != "program" else frozenset())

    assert {field.name for field in model._meta.concrete_fields} - left_out == set(noun.fields)


@pytest.fixture
def rich(world) -> Program:
    """Aurora with something of every noun."""
    program = world.aurora
    rule = program.rules.get()
    rule.conditions.create(subject="weekday", operator="in", value="1,2", position=1)
    campaign = CampaignFactory(program=program, code="spring")
    AudienceConditionFactory(campaign=campaign)
    tier = TierFactory(tier_set__program=program, code="gold", threshold=500)
    TierFactory(tier_set=tier.tier_set, code="base", threshold=0)
    CapFactory(program=program, rule=rule, limit="99.50")
    CapFactory(program=program, campaign=campaign)
    kind = ActivityKindFactory(program=program, code="repair")
    kind.attributes.create(name="garment", form="choice", choices="coat, shoes", is_required=True)
    PlaceFactory(program=program, code="oslo")
    ReferralPolicyFactory(program=program, minimum_purchase=20)
    wallet = program.wallets.get()
    HouseholdPolicyFactory(program=program, wallet=wallet, percent=50)
    TransferPolicyFactory(wallet=wallet, step=1000)
    ExtensionConditionFactory(extension__wallet=wallet)
    ReinstatementPolicyFactory(wallet=wallet, fee_percent=5)
    ConversionRateFactory(from_wallet=wallet, to_wallet__code="cash")
    return program


def test_the_document_names_things_by_their_codes_and_names(rich):
    document = document_of(rich)

    assert document["program"]["name"] == "Aurora"
    assert [wallet["code"] for wallet in document["wallets"]] == ["points", "cash"]
    (rule,) = document["rules"]
    assert (rule["wallet"], rule["campaign"], rule["points"]) == ("points", None, "1")
    assert rule["conditions"] == [{"subject": "weekday", "name": "", "operator": "in", "value": "1,2"}]
    assert [tier["code"] for tier in document["tier_sets"][0]["tiers"]] == ["base", "gold"]
    assert [(cap["rule"], cap["campaign"], cap["limit"]) for cap in document["caps"]] == [
        (rule["name"], None, "99.5"),
        (None, "spring", "500"),
    ]
    (kind,) = document["activity_types"]
    assert kind["attributes"] == [{"name": "garment", "form": "choice", "choices": "coat, shoes", "is_required": True}]
    assert [place["code"] for place in document["places"]] == ["oslo"]
    assert [each["minimum_purchase"] for each in document["invitations"]] == ["20"]
    assert [(each["wallet"], each["percent"]) for each in document["households"]] == [("points", 50)]
    assert [(each["wallet"], each["step"]) for each in document["transfers"]] == [("points", 1000)]


def test_rows_made_from_a_document_say_the_same_and_stand_for_the_same_rows(rich):
    first = described(stored_rows(rich))

    again = described(rows_from(rich, first.document, first.places))

    assert again == first


def test_rows_made_from_a_document_judge_alike(rich):
    found = described(stored_rows(rich))

    assert compiled(rows_from(rich, found.document, found.places)).rules == configuration_of(rich).rules


def test_what_hangs_on_something_archived_is_left_out(rich):
    rich.campaigns.update(is_archived=True)

    assert [cap["rule"] for cap in document_of(rich)["caps"]] == [document_of(rich)["rules"][0]["name"]]


def test_a_policy_that_is_off_is_as_good_as_none(rich):
    TransferPolicy.objects.update(is_on=False)

    assert document_of(rich)["transfers"] == []


def test_of_what_an_older_document_does_not_know_the_rows_are_taken(rich):
    known = described(stored_rows(rich))
    older = {name: part for name, part in known.document.items() if name not in ("transfers", "places")}

    assert described(rows_from(rich, older, known.places)).document == known.document
    bare = {name: [] if isinstance(part, list) else part for name, part in older.items()}
    assert described(rows_from(rich, bare, {})).document["transfers"] == []  # its wallet is not there


def test_a_place_keeps_its_secret_when_it_goes_and_comes_back(rich):
    secret, document = rich.places.get().secret, document_of(rich)
    load_document(rich, {**document, "places": [], "transfers": []}, actor="test")
    assert (rich.places.get().is_archived, TransferPolicy.objects.get().is_on) == (True, False)

    load_document(rich, document, actor="test")

    assert (rich.places.get().secret, document_of(rich)) == (secret, document)


def test_another_program_becomes_the_same_by_a_file(rich, world):
    text = yaml_of(document_of(rich), title="Aurora")
    load_document(world.fjord, document_from(blueprint_from(text, "aurora").raw, world.fjord), actor="test")

    assert document_of(world.fjord) == document_of(rich)
    assert "transfers:\n- wallet: points\n  step: 1000\n" in text
    assert "households:\n  wallet: points\n  percent: 50\n" in text


def test_what_members_did_lately_survives_export_and_import(world):
    """In rules, audiences and extensions: written, read again, it asks for the same."""
    program, asked = world.aurora, {"subject": "activities_in_days", "operator": "gte", "value": "2"}
    campaign = CampaignFactory(program=program, code="keen")
    program.rules.update(campaign=campaign)
    program.rules.get().conditions.create(name="review 30", **asked)
    campaign.audience.create(name="app_open, 7", **asked)
    wallet = program.wallets.get()
    ExtensionConditionFactory(extension__wallet=wallet, extension__name="Keen", name="visit 90", **asked)

    text = yaml_of(document_of(program), title="Aurora")
    load_document(world.fjord, document_from(blueprint_from(text, "aurora").raw, world.fjord), actor="test")

    assert "review 30" in text
    assert document_of(world.fjord)["rules"] == document_of(program)["rules"]
    found = [configuration_of(each).needs.done for each in (program, world.fjord)]
    assert found == 2 * [frozenset({("review", 30), ("app_open", 7), ("visit", 90)})]
