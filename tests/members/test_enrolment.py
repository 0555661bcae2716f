import pytest

from loyalty.members import queries, rules
from loyalty.members.errors import MemberExists
from loyalty.members.services.crowds import enrol_many
from loyalty.members.services.members import enrol_member
from loyalty.programs.models.program import Program

pytestmark = pytest.mark.django_db


def test_smoke():
    program = Program.objects.create(code="aurora", name="Aurora", languages=["en"])
    ada = enrol_member(program, actor="api:1", external_id="ada", email="Ada@Example.org ")
    assert rules.is_number(ada.number)
    with pytest.raises(MemberExists):
        enrol_member(program, actor="api:1", external_id="x", email="ada@example.org")
    assert queries.find_member(program, card=ada.number) == ada
    made = enrol_many(program, ["ada", "b", "c", "b"], actor="import:1")
    assert made.enrolled == 2
    assert made.members["ada"].id == ada.pk
