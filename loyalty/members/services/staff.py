"""Who of the staff works on which program, and what their roles may do."""

from django.contrib.auth.models import Group, Permission
from django.db import transaction

from loyalty.members import errors, rules
from loyalty.members.models import StaffAccess, User
from loyalty.members.services.rows import sign


@transaction.atomic
def grant_access(user: User, program: rules.AnyProgram, role: str, *, actor: str) -> StaffAccess:
    """Let one of the staff work on `program` in `role` (a key of `rules.ROLES`), instead of any role so far."""
    if role not in rules.ROLES:
        raise errors.UnknownRole(field="role", role=role)
    whom = {"user": user, "program_id": program.pk}
    access = StaffAccess.objects.filter(**whom).first() or StaffAccess(**whom)
    access.role = Group.objects.get(name=rules.ROLE_NAMES[role])
    sign(access, actor).save()
    if not user.is_staff:
        user.is_staff = True
        user.save(update_fields=["is_staff"])
    vars(user).pop("_staff_access", None)
    return access


@transaction.atomic
def withdraw_access(access: StaffAccess, *, actor: str) -> None:
    """One of the staff no longer works on a program; they may still sign in, and see what else they work on."""
    sign(access, actor).delete()


@transaction.atomic
def sync_roles() -> None:
    """Give the five groups of `rules.ROLES` exactly their permissions. Runs after every migrate; harmless twice."""
    known = Permission.objects.filter(content_type__app_label="loyalty")
    by_name = {f"loyalty.{codename}": pk for pk, codename in known.values_list("pk", "codename")}
    for role, permissions in rules.ROLES.items():
        group, _made = Group.objects.get_or_create(name=rules.ROLE_NAMES[role])
        group.permissions.set([by_name[name] for name in permissions if name in by_name])
