import pytest

from loyalty.members import queries
from loyalty.members.errors import UnknownMember
from loyalty.members.models import Card
from loyalty.members.services.members import enrol_member, update_member

pytestmark = pytest.mark.django_db


def test_a_number_finds_its_member_however_it_is_typed(world):
    number = world.ada.number
    spaced = f" {number[:4]} {number[4:8]}-{number[8:]} "

    assert queries.member_by_number(world.aurora, number) == world.ada
    assert queries.member_by_number(world.aurora, spaced) == world.ada


@pytest.mark.parametrize("number", ["", "123456789012", "eve", "٣" * 12])
def test_a_number_that_is_none_finds_nobody(world, number):
    with pytest.raises(UnknownMember):
        queries.member_by_number(world.aurora, number)


def test_members_of_another_program_are_not_there(world):
    with pytest.raises(UnknownMember):
        queries.member_by_number(world.aurora, world.cleo.number)
    assert queries.find_member(world.aurora, external_id="cleo") is None
    assert queries.referrer_of(world.aurora, world.cleo.referral_code) is None


def test_a_member_is_found_by_what_a_till_knows(world):
    assert queries.find_member(world.aurora, external_id="ada") == world.ada
    assert queries.find_member(world.aurora, email=" ADA@example.org ") == world.ada
    assert queries.find_member(world.aurora, card=world.ada.number) == world.ada
    assert queries.find_member(world.aurora, email="ada@example.org", external_id="ben") is None
    assert queries.find_member(world.aurora) is None


def test_a_card_that_was_given_up_opens_nothing(world):
    Card.objects.create(member=world.ada, program=world.aurora, code="PLASTIC-7", is_active=False)
    assert queries.find_member(world.aurora, card="PLASTIC-7") is None

    Card.objects.update(is_active=True)
    assert queries.find_member(world.aurora, card="PLASTIC-7") == world.ada
    assert queries.card_of(world.ada).code == "PLASTIC-7"


def test_a_friend_is_found_by_code_or_number(world):
    assert queries.referrer_of(world.aurora, f" {world.ada.referral_code.lower()} ") == world.ada
    assert queries.referrer_of(world.aurora, world.ada.number) == world.ada
    update_member(world.ada, actor="test", status="blocked")
    assert queries.referrer_of(world.aurora, world.ada.referral_code) is None


def test_the_language_to_write_in_is_the_nearest_that_is_known(world):
    world.aurora.languages = ["pl"]
    world.aurora.save()
    assert queries.language_of(world.ben) == "nb"

    dot = enrol_member(world.aurora, actor="test", language="xx")
    assert queries.language_of(dot) == "pl"
    dot.user = world.ben.user
    assert queries.language_of(dot) == "nb"
    dot.user, dot.program.languages = None, ["tlh"]
    assert queries.language_of(dot) == "en"


def test_mail_reaches_members_at_their_own_address_else_at_that_of_their_sign_in(world):
    assert queries.address_of(world.ada) == "ada@example.org"
    world.ada.email = ""
    assert queries.address_of(world.ada) == "ada@example.org"
    world.ada.user = None
    assert queries.address_of(world.ada) == ""


def test_a_member_can_take_everything_away(world):
    ada = update_member(world.ada, actor="test", phone="12345678")

    data = queries.data_of(ada)

    assert data["member"]["number"] == world.ada.number
    assert data["member"]["program"] == "aurora"
    assert data["member"]["phone"] == "12345678"
    assert data["sign_in"] == {"email": "ada@example.org", "name": "Ada"}
    assert [card["code"] for card in data["cards"]] == [world.ada.number]
    assert [(row["purpose"], row["text__version"]) for row in data["consents"]] == [("terms", 1)]
    assert [row["phone"] for row in data["history"]] == ["", "12345678"]
    assert not {"id", "user", "referred_by"} & data["member"].keys()


def test_who_never_signed_in_has_no_sign_in_to_take_away(world):
    dot = enrol_member(world.aurora, actor="test")

    assert queries.data_of(dot)["sign_in"] is None
