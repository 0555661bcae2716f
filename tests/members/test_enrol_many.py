import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from django.db import connection

from loyalty.members import queries, rules
from loyalty.members.errors import ProgramClosed
from loyalty.members.models import Card, Member
from loyalty.members.services.crowds import SLICE, enrol_many
from tests.factories import MemberFactory, ProgramFactory

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_unknown_customers_are_enrolled_and_known_ones_are_found():
    known = MemberFactory(external_id="b")

    made = enrol_many(known.program, ["c", "b", "a", "c"], actor="import:1", joined_at={"a": NOON})

    assert made.enrolled == 2
    assert made.members.keys() == {"a", "b", "c"}
    assert made.members["b"] == queries.MemberRef(known.pk, known.subject)
    a = Member.objects.get(external_id="a")
    assert made.members["a"] == queries.MemberRef(a.pk, a.subject)
    assert (a.joined_at, a.channel, rules.is_number(a.number)) == (NOON, "import", True)
    assert [card.code for card in a.cards.all()] == [a.number]
    assert [(line.history_type, line.history_change_reason) for line in a.history.all()] == [("+", "import:1")]


def test_again_is_harmless():
    program = ProgramFactory()
    first = enrol_many(program, ["a", "b"], actor="import:1")

    again = enrol_many(program, ["a", "b"], actor="import:1")

    assert (again.enrolled, again.members) == (0, first.members)
    assert (Member.objects.count(), Card.objects.count()) == (2, 2)


def test_nobody_is_nobody():
    assert enrol_many(ProgramFactory(), [], actor="import:1").members == {}


def test_a_closed_program_enrols_no_one():
    with pytest.raises(ProgramClosed):
        enrol_many(ProgramFactory(is_active=False), ["a"], actor="import:1")


def test_every_joining_is_published(published):
    found = enrol_many(ProgramFactory(), ["a", "b"], actor="import:1").members

    assert [(type(event).__name__, event.member_id) for event in published()] == [
        ("MemberImported", ref.id) for ref in found.values()
    ]


def test_thousands_take_a_few_statements(django_assert_max_num_queries):
    program = ProgramFactory()
    crowd = [str(number) for number in range(SLICE)]

    with django_assert_max_num_queries(5):
        assert enrol_many(program, crowd, actor="import:1").enrolled == SLICE


def test_numbers_that_are_taken_are_drawn_again(monkeypatch):
    draws = [7, 7, 7, 1, 2, 3, 8, 9, 4, 5]  # three numbers, three codes; then two and two
    monkeypatch.setattr(secrets, "randbelow", lambda _below: draws.pop(0))

    made = enrol_many(ProgramFactory(), ["a", "b", "c"], actor="import:1")

    assert made.enrolled == 3
    numbers = Member.objects.order_by("number").values_list("number", flat=True)
    assert [number[10] for number in numbers] == ["7", "8", "9"]
    assert Card.objects.count() == 3


def test_dice_that_always_fall_the_same_are_not_thrown_for_ever(monkeypatch):
    monkeypatch.setattr(secrets, "randbelow", lambda _below: 7)

    with pytest.raises(RuntimeError):
        enrol_many(ProgramFactory(), ["a", "b"], actor="import:1")


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_imports_of_the_same_customers_enrol_each_once():
    program = ProgramFactory()
    crowd = [f"customer {number}" for number in range(300)]

    def run(_number: int) -> int:
        try:
            return enrol_many(program, crowd, actor="import:1").enrolled
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        enrolled = sum(pool.map(run, range(4)))

    assert enrolled == Member.objects.count() == Card.objects.count() == 300
