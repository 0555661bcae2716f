"""A program as one document: what stands in it, and that rows made from it mean the same."""

import pytest

from loyalty.programs.models.program import Program
from loyalty.programs.queries.configuration import compiled, configuration_of
from loyalty.programs.queries.documents import MODELS, described, document_of, rows_from, stored_rows
from loyalty.programs.rules.documents import LEFT_OUT, NOUNS, PROGRAM
from tests.factories_of_programs import AudienceConditionFactory, CampaignFactory, CapFactory, TierFactory


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
    return program


def test_the_document_names_things_by_their_codes_and_names(rich):
    document = document_of(rich)

    assert document["program"]["name"] == "Aurora"
    assert [wallet["code"] for wallet in document["wallets"]] == ["points"]
    (rule,) = document["rules"]
    assert (rule["wallet"], rule["campaign"], rule["points"]) == ("points", None, "1")
    assert rule["conditions"] == [{"subject": "weekday", "name": "", "operator": "in", "value": "1,2"}]
    assert [tier["code"] for tier in document["tier_sets"][0]["tiers"]] == ["base", "gold"]
    assert [(cap["rule"], cap["campaign"], cap["limit"]) for cap in document["caps"]] == [
        (rule["name"], None, "99.5"),
        (None, "spring", "500"),
    ]


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
