from datetime import date

import pytest

from loyalty.members.errors import BadMemberData, MemberExists
from loyalty.members.events import MemberUpdated
from loyalty.members.models import Member
from loyalty.members.services.members import update_member

pytestmark = pytest.mark.django_db


def test_only_what_differs_is_written(world, published):
    fresh = update_member(
        world.ada,
        actor="staff:1",
        name="Ada L.",
        email="ADA@example.org",
        birth_date=date(1990, 5, 1),
        language="nb_NO",
    )

    assert (fresh.name, fresh.birth_date, fresh.language) == ("Ada L.", date(1990, 5, 1), "nb")
    assert Member.objects.get(pk=world.ada.pk).name == "Ada L."
    assert published() == [MemberUpdated(world.aurora.pk, world.ada.pk, ("birth_date", "language", "name"))]
    newest = world.ada.history.first()
    assert (newest.history_type, newest.history_change_reason, newest.name) == ("~", "staff:1", "Ada L.")


def test_no_difference_is_no_change(world, published):
    update_member(world.ada, actor="staff:1", name="Ada", email=" Ada@Example.org")

    assert published() == []
    assert world.ada.history.count() == 1


def test_two_who_change_different_things_keep_both(world):
    stale = Member.objects.get(pk=world.ada.pk)
    update_member(world.ada, actor="staff:1", phone="12345678")
    fresh = update_member(stale, actor="staff:2", name="Ada L.")

    assert (fresh.phone, fresh.name) == ("12345678", "Ada L.")
    assert world.ada.history.first().phone == "12345678"


def test_another_members_address_is_refused(world):
    with pytest.raises(MemberExists) as refusal:
        update_member(world.ada, actor="staff:1", email="BEN@example.org")

    assert refusal.value.field == "email"


@pytest.mark.parametrize(
    "changes",
    [
        {"email": "nowhere"},
        {"status": "asleep"},
        {"attributes": []},
        {"name": "\x00"},
        {"birth_date": "x"},
        {"name": "A\u202eda"},
        {"phone": "1\u20662"},
        {"external_id": "\ufeffada"},
    ],
)
def test_what_makes_no_sense_is_refused(world, changes):
    with pytest.raises(BadMemberData) as refusal:
        update_member(world.ada, actor="staff:1", **changes)

    assert {refusal.value.field} == changes.keys()


def test_a_number_never_changes(world):
    with pytest.raises(TypeError):
        update_member(world.ada, actor="staff:1", number="1")
