import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import pytest
from django.db import connection

from loyalty.members import queries, rules
from loyalty.members.errors import BadMemberData, ConsentNeeded, MemberExists, ProgramClosed, UnknownPurpose
from loyalty.members.events import MemberEnrolled
from loyalty.members.models import Consent, Member
from loyalty.members.services import members
from tests.factories import ProgramFactory
from tests.world import open_program

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def enrol(program, **facts) -> Member:
    return members.enrol_member(program, actor="api:1", **facts)


@pytest.fixture
def aurora(db):
    return open_program("aurora", "Aurora", currency="EUR", languages=["en", "nb"])


def test_a_new_member_has_a_number_a_card_and_a_code_to_share(aurora):
    eve = enrol(
        aurora,
        external_id="eve",
        email=" Eve@Example.org ",
        phone="+47 912 34 567",
        name="Eve",
        language="nb-NO",
        birth_date=date(1990, 5, 1),
        channel="till",
        attributes={"city": "Oslo"},
        at=NOON,
    )

    eve.refresh_from_db()
    assert rules.is_number(eve.number)
    assert len(eve.referral_code) == 8
    assert [card.code for card in eve.cards.all()] == [eve.number]
    assert (eve.email, eve.language, eve.joined_at, eve.status) == ("eve@example.org", "nb", NOON, "active")
    assert eve.attributes == {"city": "Oslo"}


def test_who_enrolled_stands_in_the_history(aurora):
    (entry,) = enrol(aurora, name="Eve").history.all()

    assert (entry.history_type, entry.history_change_reason, entry.name) == ("+", "api:1", "Eve")


def test_a_member_may_be_nothing_but_a_number(aurora):
    enrol(aurora)
    enrol(aurora)

    assert Member.objects.of(aurora).count() == 2


@pytest.mark.parametrize(
    ("first", "second", "field"),
    [
        ({"external_id": "eve"}, {"external_id": "eve"}, "external_id"),
        ({"email": "eve@example.org"}, {"email": "EVE@example.ORG"}, "email"),
    ],
)
def test_the_same_person_twice_is_refused(aurora, first, second, field):
    enrol(aurora, **first)

    with pytest.raises(MemberExists) as refusal:
        enrol(aurora, **second)

    assert (refusal.value.field, refusal.value.code) == (field, "member-exists")
    assert Member.objects.count() == 1


def test_the_same_person_may_be_in_two_programs(aurora):
    enrol(aurora, external_id="eve", email="eve@example.org")
    enrol(ProgramFactory(), external_id="eve", email="eve@example.org")

    assert Member.objects.count() == 2


def test_a_closed_program_enrols_no_one(aurora):
    aurora.is_active = False

    with pytest.raises(ProgramClosed):
        enrol(aurora)


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"email": "not an address"}, "email"),
        ({"email": "a" * 260 + "@example.org"}, "email"),
        ({"external_id": "x" * 101}, "external_id"),
        ({"phone": "1" * 31}, "phone"),
        ({"name": "a\x00b"}, "name"),
        ({"name": "\ud800"}, "name"),
        ({"name": "A\u202eda"}, "name"),
        ({"name": "Ada\u2066"}, "name"),
        ({"name": "A\u200bda"}, "name"),
        ({"name": "A\u200dda"}, "name"),
        ({"name": "Ada\n"}, "name"),
        ({"email": "ada@exa\u200bmple.org"}, "email"),
        ({"external_id": "ada\u200b"}, "external_id"),
        ({"phone": "\u202a12345678\u202c"}, "phone"),
        ({"attributes": {"a": ["\x00"]}}, "attributes"),
        ({"attributes": {"\x00": 1}}, "attributes"),
        ({"attributes": ["city"]}, "attributes"),
        ({"channel": "c" * 41}, "channel"),
        ({"birth_date": "1990-02-30"}, "birth_date"),
    ],
)
def test_what_no_column_takes_is_refused_with_its_field(aurora, facts, field):
    with pytest.raises(BadMemberData) as refusal:
        enrol(aurora, **facts)

    assert refusal.value.field == field
    assert Member.objects.count() == 0


@pytest.mark.parametrize("name", ["علی\u200cرضا", "മോഹന്\u200d", "Zoë O’Neill", "עדה (Ada)\u200f", "👩\u200d🚀"])
def test_names_are_kept_as_people_write_them(aurora, name):
    assert Member.objects.get(pk=enrol(aurora, name=name).pk).name == name


def test_consents_are_written_down_with_the_words_of_the_day(aurora):
    eve = enrol(aurora, consents={"terms": True, "marketing": False}, channel="till", at=NOON)

    decided = queries.consents_of(eve)
    assert {purpose: consent.is_granted for purpose, consent in decided.items()} == {"terms": True, "marketing": False}
    assert {consent.text.version for consent in decided.values()} == {1}
    assert {(consent.at, consent.source) for consent in decided.values()} == {(NOON, "till")}


@pytest.mark.parametrize(
    ("consents", "error"), [({"astrology": True}, UnknownPurpose), ({"terms": False}, ConsentNeeded)]
)
def test_a_wrong_consent_enrols_no_one(aurora, consents, error):
    with pytest.raises(error):
        enrol(aurora, consents=consents)

    assert (Member.objects.count(), Consent.objects.count()) == (0, 0)


def test_a_member_invites_into_their_own_program(aurora):
    eve = enrol(aurora)

    assert enrol(aurora, referred_by=eve).referred_by == eve
    with pytest.raises(BadMemberData) as refusal:
        enrol(ProgramFactory(), referred_by=eve)
    assert refusal.value.field == "referred_by"


def test_joining_is_published(aurora, published):
    eve = enrol(aurora, channel="till", at=NOON)
    ivy = enrol(aurora, referred_by=eve, at=NOON)

    assert published() == [
        MemberEnrolled(aurora.pk, eve.pk, "till", None, NOON),
        MemberEnrolled(aurora.pk, ivy.pk, "", eve.pk, NOON),
    ]


def test_a_number_that_is_taken_is_drawn_again(aurora, monkeypatch):
    draws = [7, 7, 5, 5, 5, 5]  # by twos: a number and a referral code
    monkeypatch.setattr(secrets, "randbelow", lambda _below: draws.pop())

    assert enrol(aurora).number[:-1] == "10000000005"
    assert enrol(aurora).number[:-1] == "10000000007"


def test_dice_that_always_fall_the_same_are_not_thrown_for_ever(aurora, monkeypatch):
    monkeypatch.setattr(secrets, "randbelow", lambda _below: 7)
    enrol(aurora)

    with pytest.raises(RuntimeError):
        enrol(aurora)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_twenty_who_enrol_the_same_person_at_once_one_does():
    program = ProgramFactory()

    def try_it(_number: int) -> str:
        try:
            enrol(program, external_id="eve", email="eve@example.org")
        except MemberExists:
            return "exists"
        finally:
            connection.close()
        return "enrolled"

    with ThreadPoolExecutor(5) as pool:
        answers = sorted(pool.map(try_it, range(20)))

    assert answers == ["enrolled"] + ["exists"] * 19
    assert Member.objects.get().cards.count() == 1
