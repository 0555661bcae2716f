import pytest

from loyalty.members import queries
from loyalty.members.errors import AlreadyLinked, ConsentNeeded, MemberExists, ProgramClosed
from loyalty.members.events import MemberUpdated
from loyalty.members.models import Consent, Member
from loyalty.members.services.members import enrol_member, join_program, link_user, update_member
from tests.world import new_user

pytestmark = pytest.mark.django_db

YES = {"terms": True, "marketing": False}


@pytest.fixture
def eve(world):
    return new_user("eve@example.org", "Eve", language="nb")


def join(program, user, consents=None, **facts) -> Member:
    return join_program(program, user, consents=YES if consents is None else consents, actor="user:1", **facts)


def test_someone_who_signed_in_becomes_a_member(world, eve):
    member = join(world.aurora, eve)

    assert (member.user, member.email, member.name, member.language) == (eve, "eve@example.org", "Eve", "nb")
    assert member.channel == "portal"
    assert queries.has_consent(member, "terms")
    assert not queries.has_consent(member, "marketing")


def test_the_form_may_say_another_name_and_language(world, eve):
    member = join(world.aurora, eve, name="Eva", language="pl", referred_by=world.ada)

    assert (member.name, member.language, member.referred_by) == ("Eva", "pl", world.ada)


@pytest.mark.parametrize("consents", [{}, {"marketing": True}, {"terms": False}])
def test_membership_needs_what_is_required(world, eve, consents):
    with pytest.raises(ConsentNeeded) as refusal:
        join(world.aurora, eve, consents)

    assert refusal.value.details == {"purposes": ["terms"]}
    assert not Member.objects.filter(user=eve).exists()


def test_joining_twice_is_joining_once(world, eve):
    assert join(world.aurora, eve) == join(world.aurora, eve)
    assert Consent.objects.filter(member__user=eve).count() == 2


def test_what_a_till_began_is_taken_over(world, eve):
    waiting = enrol_member(world.aurora, actor="api:1", external_id="eve", email="Eve@example.org", channel="till")

    assert join(world.aurora, eve) == waiting
    waiting.refresh_from_db()
    assert (waiting.user, waiting.channel) == (eve, "till")


def test_only_a_proved_address_takes_over(world, eve):
    waiting = enrol_member(world.aurora, actor="api:1", email="eve@example.org")
    eve.emailaddress_set.update(verified=False)

    with pytest.raises(MemberExists):
        join(world.aurora, eve)
    waiting.refresh_from_db()
    assert waiting.user is None


def test_whoever_left_may_come_back(world):
    update_member(world.ada, actor="test", status="left")

    assert join(world.aurora, world.ada.user).status == "active"


def test_whoever_is_blocked_stays_blocked(world):
    update_member(world.ada, actor="test", status="blocked")

    assert join(world.aurora, world.ada.user).status == "blocked"


def test_a_closed_program_lets_no_one_in(world, eve):
    enrol_member(world.aurora, actor="api:1", email="eve@example.org")
    world.aurora.is_active = False

    with pytest.raises(ProgramClosed):
        join(world.aurora, eve)
    with pytest.raises(ProgramClosed):
        join(world.aurora, new_user("ivy@example.org"))


def test_a_sign_in_is_given_to_a_member(world, eve, published):
    dot = enrol_member(world.aurora, actor="api:1", external_id="dot")

    assert link_user(dot, eve, actor="staff:1").user == eve
    assert link_user(dot, eve, actor="staff:1").user == eve
    assert published()[1:] == [MemberUpdated(world.aurora.pk, dot.pk, ("user",))]


def test_a_member_has_one_sign_in(world, eve):
    with pytest.raises(AlreadyLinked):
        link_user(world.ada, eve, actor="staff:1")


def test_a_sign_in_has_one_membership_in_a_program(world):
    dot = enrol_member(world.aurora, actor="api:1")

    with pytest.raises(MemberExists):
        link_user(dot, world.ada.user, actor="staff:1")


def test_memberships_are_listed_by_program(world):
    join(world.fjord, world.ada.user)
    assert [member.program.code for member in queries.memberships_of(world.ada.user)] == ["aurora", "fjord"]
    assert queries.membership_of(world.ada.user, "aurora") == world.ada
    assert queries.membership_of(world.pia, "aurora") is None

    update_member(world.ada, actor="test", status="left")
    assert queries.membership_of(world.ada.user, "aurora") is None
