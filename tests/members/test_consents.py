from datetime import UTC, datetime

import pytest

from loyalty.members import queries
from loyalty.members.errors import ConsentNeeded, UnknownPurpose
from loyalty.members.events import ConsentsChanged
from loyalty.members.models import ConsentText
from loyalty.members.services.consents import put_consent_text, record_consents

pytestmark = pytest.mark.django_db

NOON = datetime(2030, 3, 1, 12, tzinfo=UTC)


def decide(member, source: str = "portal", **decisions: bool) -> list:
    return record_consents(member, decisions, actor="member:1", source=source, at=NOON)


def test_a_decision_is_dated_and_told(world, published):
    (consent,) = decide(world.ada, marketing=True)

    assert (consent.purpose, consent.is_granted, consent.at, consent.source) == ("marketing", True, NOON, "portal")
    assert queries.has_consent(world.ada, "marketing")
    assert published() == [ConsentsChanged(world.aurora.pk, world.ada.pk, ("marketing",), (), NOON)]


def test_without_a_source_the_actor_is_it(world):
    (consent,) = decide(world.ada, source="", marketing=True)

    assert consent.source == "member:1"


def test_a_decision_can_be_taken_back_and_both_stay(world, published):
    decide(world.ada, marketing=True)
    decide(world.ada, marketing=False)

    assert not queries.has_consent(world.ada, "marketing")
    assert world.ada.consents.filter(purpose="marketing").count() == 2
    assert published()[-1].withdrawn == ("marketing",)


def test_deciding_the_same_again_writes_nothing(world, published):
    decide(world.ada, marketing=True)

    assert decide(world.ada, marketing=True) == []
    assert len(published()) == 1


def test_new_words_ask_anew(world):
    decide(world.ada, marketing=True)
    text = put_consent_text(world.aurora, purpose="marketing", text="And by post.", actor="staff:1")

    assert text.version == 2
    _terms, choice = queries.consent_choices(world.aurora, world.ada)
    assert (choice.is_granted, choice.is_newest, choice.decided_at) == (True, False, NOON)
    assert len(decide(world.ada, marketing=True)) == 1
    assert queries.consents_of(world.ada)["marketing"].text == text


def test_the_same_words_make_no_version(world):
    terms = queries.current_texts(world.aurora)[0]

    same = put_consent_text(world.aurora, purpose="terms", text=terms.text, is_required=True, actor="staff:1")
    softer = put_consent_text(world.aurora, purpose="terms", text=terms.text, is_required=False, actor="staff:1")

    assert (same, softer.version) == (terms, 2)
    assert ConsentText.objects.filter(program=world.aurora, purpose="terms", is_current=True).get() == softer
    assert terms.history.first().history_change_reason == "staff:1"


def test_a_purpose_that_nobody_asks_for_is_refused(world):
    with pytest.raises(UnknownPurpose) as refusal:
        decide(world.ada, marketing=True, astrology=True)

    assert refusal.value.details == {"purposes": ["astrology"]}
    assert not queries.has_consent(world.ada, "marketing")


def test_what_membership_rests_on_cannot_be_taken_back(world):
    with pytest.raises(ConsentNeeded):
        decide(world.ada, terms=False)


def test_a_stranger_sees_what_is_asked(world):
    choices = queries.consent_choices(world.aurora)

    assert [(choice.purpose, choice.is_required, choice.is_granted) for choice in choices] == [
        ("terms", True, None),
        ("marketing", False, None),
    ]
