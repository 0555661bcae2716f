import pytest
from django.contrib.auth.models import AnonymousUser, Group, Permission
from django.core.management import call_command

from loyalty.ledger.models import Account, Lot
from loyalty.members import queries, rules
from loyalty.members.errors import UnknownRole
from loyalty.members.models import User
from loyalty.members.services.staff import grant_access, sync_roles, withdraw_access
from tests import factories
from tests.world import earn, new_user

pytestmark = pytest.mark.django_db

MAY = {
    #                    change_member  adjust  change_rule  import  export  change_wallet  keys
    "viewer": "",
    "support": "change_member adjust_points",
    "campaign_manager": "change_earningrule delete_rulecondition",
    "finance": "adjust_points adjust_points_beyond_limit add_purchaseimport export_members",
    "program_admin": "change_member adjust_points adjust_points_beyond_limit change_earningrule delete_rulecondition "
    "add_purchaseimport export_members change_wallet add_apikey delete_staffaccess change_program change_consenttext",
}
EVERYTHING = set(MAY["program_admin"].split())


def hire(world, role: str) -> User:
    user = new_user(f"{role}@example.org")
    grant_access(user, world.aurora, role, actor="staff:1")
    return User.objects.get(pk=user.pk)


@pytest.mark.parametrize("role", MAY)
def test_a_role_may_do_its_work_and_no_other(world, role):
    user = hire(world, role)

    assert user.is_staff
    assert {perm for perm in EVERYTHING if user.has_perm(f"loyalty.{perm}", world.aurora)} == set(MAY[role].split())
    assert user.has_perm("loyalty.view_member", world.aurora)
    assert not user.has_perm("loyalty.delete_member", world.aurora)
    assert not user.has_perm("loyalty.add_program", world.aurora)
    assert not user.has_perm("loyalty.view_message", world.aurora)


@pytest.mark.parametrize("role", MAY)
def test_no_role_reaches_into_another_program(world, role):
    user = hire(world, role)

    assert not any(user.has_perm(permission, world.fjord) for permission in rules.ROLES[role])
    assert not any(user.has_perm(permission, world.cleo) for permission in rules.ROLES[role])


def test_without_an_object_the_question_is_whether_anywhere(world):
    user = hire(world, "support")

    assert user.has_perm("loyalty.change_member")
    assert not user.has_perm("loyalty.change_wallet")
    assert user.has_module_perms("loyalty")
    assert not user.has_module_perms("auth")
    assert user.get_group_permissions() == set(rules.ROLES["support"])
    assert user.get_user_permissions() == set()


def test_one_question_to_the_database_answers_them_all(world, django_assert_num_queries):
    user = hire(world, "support")
    line = factories.ActivityLineFactory(activity__member=world.ada)

    with django_assert_num_queries(1):
        assert user.has_perm("loyalty.change_member", world.ada)
        assert user.has_perm("loyalty.view_activityline", line)
        assert not user.has_perm("loyalty.change_wallet", world.aurora)
        assert queries.can(user, "loyalty.adjust_points", world.aurora)


def test_everything_finds_the_program_that_it_belongs_to(world):
    earn(world.ada, 10)
    account, lot = Account.objects.get(), Lot.objects.get()
    member = world.ada
    belongings = [
        world.aurora,
        member,
        member.cards.get(),
        member.consents.get(),
        member.consents.get().text,
        world.aurora.rules.get(),
        factories.RuleConditionFactory(rule=world.aurora.rules.get()),
        factories.ActivityFactory(member=member),
        factories.ActivityLineFactory(activity__member=member),
        factories.InboxEntryFactory(member=member),
        factories.DeliveryFactory(member=member),
        member.history.first(),
        account,
        account.postings.get(),
        lot,
    ]

    assert all(world.sam.has_perm("loyalty.view_member", thing) for thing in belongings)
    stranger = hire_elsewhere(world)
    assert not any(stranger.has_perm("loyalty.view_member", thing) for thing in belongings)


def hire_elsewhere(world) -> User:
    user = new_user("stranger@example.org")
    grant_access(user, world.fjord, "program_admin", actor="staff:1")
    return user


def test_what_belongs_to_no_program_is_the_operators_alone(world):
    message = factories.MessageFactory()
    root = User.objects.create_superuser("root@example.org")

    assert not world.sam.has_perm("loyalty.view_member", message)
    assert not world.sam.has_perm("loyalty.view_member", world.pia)
    assert root.has_perm("loyalty.view_message", message)
    assert queries.can(root, "loyalty.change_wallet", world.fjord)


def test_who_is_not_staff_may_nothing(world):
    assert not world.pia.has_perm("loyalty.view_member", world.aurora)
    assert not AnonymousUser().has_perm("loyalty.view_member", world.aurora)
    for field in ("is_staff", "is_active"):
        user = User.objects.get(pk=world.sam.pk)
        setattr(user, field, False)
        assert not user.has_perm("loyalty.view_member", world.aurora)
        assert not queries.can(user, "loyalty.view_member", world.aurora)


def test_staff_see_the_programs_they_work_on(world):
    support = hire(world, "support")
    root = User.objects.create_superuser("root@example.org")

    assert list(queries.programs_for_staff(support)) == [world.aurora]
    assert list(queries.programs_for_staff(support, "loyalty.change_member")) == [world.aurora]
    assert list(queries.programs_for_staff(support, "loyalty.change_wallet")) == []
    assert list(queries.programs_for_staff(root, "loyalty.change_wallet")) == [world.aurora, world.fjord]
    assert list(queries.programs_for_staff(world.pia)) == []


def test_a_new_role_replaces_the_old_one_at_once(world):
    user = hire(world, "viewer")
    assert not user.has_perm("loyalty.change_wallet", world.aurora)

    access = grant_access(user, world.aurora, "program_admin", actor="staff:1")

    assert user.has_perm("loyalty.change_wallet", world.aurora)
    assert user.staff_access.get() == access
    assert [line.history_change_reason for line in access.history.all()] == ["staff:1", "staff:1"]


def test_access_can_be_withdrawn(world):
    access = world.sam.staff_access.get()

    withdraw_access(access, actor="staff:2")

    user = User.objects.get(pk=world.sam.pk)
    assert not user.has_perm("loyalty.view_member", world.aurora)
    past = type(access).history.first()
    assert (past.history_type, past.history_change_reason) == ("-", "staff:2")


def test_there_are_five_roles(world):
    with pytest.raises(UnknownRole):
        grant_access(world.pia, world.aurora, "king", actor="staff:1")


def test_every_permission_of_a_role_exists():
    known = {f"loyalty.{name}" for name in Permission.objects.values_list("codename", flat=True)}

    assert set().union(*rules.ROLES.values()) - known == set()


def test_migrating_gives_the_roles_exactly_their_permissions():
    group = Group.objects.get(name="Support")
    group.permissions.set(Permission.objects.filter(codename="add_logentry"))

    call_command("migrate", verbosity=0)
    sync_roles()

    assert {f"loyalty.{name}" for name in group.permissions.values_list("codename", flat=True)} == rules.ROLES[
        "support"
    ]
    assert Group.objects.count() == 5


def test_signing_in_is_not_this_backends_business(world):
    from loyalty.members.middleware import StaffAccessBackend

    assert StaffAccessBackend().authenticate(None, username="sam@example.org", password="x") is None
