"""A document becomes rows, and rows the same document again, whatever there was before."""

from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from loyalty.members.models import Segment
from loyalty.outbox.models import Message
from loyalty.programs.errors.documents import StillInUse, UnknownBlueprint, WrongDocument
from loyalty.programs.models.caps import Cap
from loyalty.programs.models.moving import TransferPolicy
from loyalty.programs.queries.blueprints import blueprint_from, yaml_of
from loyalty.programs.queries.documents import described, document_of, stored_rows
from loyalty.programs.queries.reading import document_from
from loyalty.programs.services.documents import load_document
from tests.factories import ProgramFactory
from tests.factories_of_programs import CampaignFactory, CapFactory, TierFactory, TierStandingFactory

CODES = st.lists(st.sampled_from(["a", "b", "c", "d"]), unique=True, max_size=3)
NAMES = st.sampled_from(["One", "Two", "Two (2)", "Three"])
NUMBERS = st.decimals(min_value=0, max_value=1000, places=2).map(lambda number: str(number.normalize() + 0))


@st.composite
def raw_documents(draw):
    """What somebody may write, references and repeated names among it."""
    wallets = draw(CODES.filter(bool))
    campaigns = draw(CODES)
    rules = [
        {
            "name": draw(NAMES),
            "wallet": draw(st.sampled_from(wallets)),
            "campaign": draw(st.sampled_from([None, *campaigns])),
            "points": draw(NUMBERS),
            "is_active": draw(st.booleans()),
            "conditions": [
                {"subject": "channel", "value": value} for value in draw(st.lists(st.sampled_from("xyz"), max_size=2))
            ],
        }
        for _rule in range(draw(st.integers(0, 3)))
    ]
    heights = draw(st.lists(st.integers(0, 500), unique=True, max_size=3))
    return {
        "program": {"name": draw(NAMES), "warn_days": draw(st.lists(st.integers(1, 90), max_size=2))},
        "wallets": [
            {"code": code, "name": code, "expiry_months": draw(st.integers(1, 24)), "is_qualifying": True}
            for code in wallets
        ],
        "campaigns": [{"code": code, "name": code, "starts_at": "2027-05-01"} for code in campaigns],
        "rules": rules,
        "tier_sets": [
            {
                "code": "ladder", "name": "Ladder", "measure": "points", "wallet": wallets[0],
                "tiers": [
                    {"code": code, "name": code, "threshold": str(height)}
                    for code, height in zip("xyz", heights, strict=False)
                ],
            }
        ],
        "caps": [
            {"limit": draw(NUMBERS), "campaign": draw(st.sampled_from([None, *campaigns]))}
            for _cap in range(draw(st.integers(0, 2)))
        ],
    }  # fmt: skip


class RoundTrip(TestCase):
    @settings(max_examples=8, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(first=raw_documents(), second=raw_documents())
    def test_rows_become_what_was_written_and_back_again(self, first, second):
        program = ProgramFactory(time_zone="Europe/Oslo")
        documents = [document_from(raw, program) for raw in (first, second)]
        for document in (*documents, documents[0]):
            load_document(program, document, actor="test")
            assert _sorted(document_of(program)) == _sorted(document)
        text = yaml_of(document_of(program), title="Any")
        assert document_from(blueprint_from(text, "any").raw, program) == document_of(program)


def _sorted(document):
    """What is taken back into use keeps its old place; only the order of tiers and conditions says something."""
    order = lambda entry: repr(entry)  # noqa: E731
    return {name: sorted(part, key=order) if isinstance(part, list) else part for name, part in document.items()}


def test_what_is_gone_is_archived_and_comes_back_as_the_same_row(world):
    first = described(stored_rows(world.aurora))
    rule = world.aurora.rules.get()

    load_document(world.aurora, first.document | {"rules": []}, actor="staff:7")
    rule.refresh_from_db()
    assert rule.is_archived
    assert rule.history.first().history_change_reason == "staff:7"

    load_document(world.aurora, first.document, actor="staff:7")
    rule.refresh_from_db()
    assert not rule.is_archived
    assert world.aurora.rules.count() == 1


def test_a_new_name_stays_the_same_row_when_it_is_known_where_it_stood(world):
    first = described(stored_rows(world.aurora))
    world.aurora.rules.update(name="Another name")

    load_document(world.aurora, first.document, places=first.places, actor="test")

    assert [rule.name for rule in world.aurora.rules.all()] == ["Purchases"]


def test_a_shorter_life_of_points_is_told_so_that_points_there_are_are_dated_anew(world):
    document = document_of(world.aurora)
    document["wallets"][0]["expiry_months"] = 6

    load_document(world.aurora, document, actor="staff:7")

    assert Message.objects.filter(event__endswith="ExpiryPolicyChanged").count() == 1


def test_a_tier_on_which_members_stand_does_not_go(world):
    tier = TierFactory(tier_set__program=world.aurora)
    TierStandingFactory(member=world.ada, tier_set=tier.tier_set, tier=tier)
    document = document_of(world.aurora)
    document["tier_sets"][0]["tiers"] = []

    with pytest.raises(StillInUse, match=tier.name):
        load_document(world.aurora, document, actor="test")


def test_a_list_that_an_audience_names_is_there_to_be_filled(world):
    document = document_of(world.aurora)
    audience = [{"subject": "list", "operator": "in", "value": "vip, press", "name": ""}]
    document["campaigns"] = [
        {"code": "spring", "name": "Spring", "description": "", "starts_at": None, "ends_at": None, "is_active": True,
         "audience": audience}
    ]  # fmt: skip

    load_document(world.aurora, document, actor="staff:7")
    load_document(world.aurora, document, actor="staff:7")

    assert set(Segment.objects.values_list("program__code", "code")) == {("aurora", "vip"), ("aurora", "press")}
    audience[0]["value"] = "no list of that name!"
    with pytest.raises(WrongDocument) as caught:
        load_document(world.aurora, document, actor="staff:7")
    assert caught.value.where == ("campaigns", 0, "audience", 0, "value")


def test_sending_is_for_tiers_that_there_are(world):
    TierFactory(tier_set__program=world.aurora, code="gold")
    policy = TransferPolicy.objects.create(wallet=world.aurora.wallets.get(), tiers=["gold"])
    policy.full_clean()
    document = document_of(world.aurora)
    document["transfers"][0]["tiers"] = ["gold", "gould"]

    with pytest.raises(WrongDocument, match="No ladder has a tier “gould”") as caught:
        load_document(world.aurora, document, actor="staff:7")
    assert caught.value.where == ("transfers", 0, "tiers")


def test_thresholds_may_change_places(world):
    low = TierFactory(tier_set__program=world.aurora, code="low", threshold=1)
    TierFactory(tier_set=low.tier_set, code="high", threshold=2)
    document = document_of(world.aurora)
    for tier, height in zip(document["tier_sets"][0]["tiers"], ("2", "1"), strict=True):
        tier["threshold"] = height

    load_document(world.aurora, document, actor="test")

    assert list(low.tier_set.tiers.values_list("code", "threshold")) == [("high", Decimal(1)), ("low", Decimal(2))]


def test_nothing_is_written_for_what_says_the_same(world):
    CapFactory(program=world.aurora, campaign=CampaignFactory(program=world.aurora))
    world.aurora.refresh_from_db()
    before = world.aurora.config_version, Cap.history.count()
    load_document(world.aurora, document_of(world.aurora), actor="test")
    world.aurora.refresh_from_db()

    assert (world.aurora.config_version, Cap.history.count()) == before


@pytest.mark.parametrize(
    ("raw", "where", "words"),
    [
        ({"rulez": []}, ("rulez",), "no setting “rulez”"),
        ({"wallets": {}}, ("wallets",), "list"),
        ({"wallets": [{"code": "a", "name": "A", "expiry": "soon"}]}, ("wallets", 0, "expiry"), "soon"),
        ({"wallets": [{"name": "A"}]}, ("wallets", 0, "code"), "null|blank"),
        ({"rules": [{"name": "R", "wallet": "none"}]}, ("rules", 0, "wallet"), "nothing called “none”"),
        ({"rules": [{"name": "R"}]}, ("rules", 0, "wallet"), "required"),
        ({"program": {"warn_days": "7"}}, ("program", "warn_days"), "list"),
        ({"format": 9}, ("format",), "format"),
        ({"campaigns": [{"code": "a", "name": "A", "starts_at": "May"}]}, ("campaigns", 0, "starts_at"), "2027-05-01"),
        ({"campaigns": [{"code": "a", "name": "A", "is_active": "so"}]}, ("campaigns", 0, "is_active"), "true or"),
    ],
)
def test_mistakes_are_named_by_place(world, raw, where, words):
    with pytest.raises(WrongDocument, match=words) as refused:
        document_from(raw, world.aurora)

    assert refused.value.where == where


def test_instants_without_a_zone_are_the_programs(world):
    raw = {"campaigns": [{"code": "a", "name": "A", "starts_at": "2027-05-01", "ends_at": "2027-06-01 08:00"}]}

    (campaign,) = document_from(raw, world.aurora)["campaigns"]

    assert datetime.fromisoformat(campaign["starts_at"]).isoformat() == "2027-04-30T22:00:00+00:00"
    assert campaign["ends_at"] == "2027-06-01T06:00:00+00:00"


@pytest.mark.parametrize(
    ("text", "words"),
    [("a: [", "Line 1"), ("- a", "settings"), ("program: {name: A, name: B}", "twice"), ("", "settings")],
)
def test_what_is_no_yaml_of_ours_is_refused(text, words):
    with pytest.raises(WrongDocument, match=words):
        blueprint_from(text, "x")


def test_a_file_that_repeats_itself_without_end_is_refused():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]

    with pytest.raises(WrongDocument, match="too large"):
        blueprint_from("\n".join(lines), "x")


def test_an_unknown_blueprint():
    from loyalty.programs.queries.blueprints import blueprint_called

    for name in ("nothing", "/etc/passwd", "../x"):
        with pytest.raises(UnknownBlueprint):
            blueprint_called(name)
