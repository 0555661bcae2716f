"""Sign-in backends: what one of the staff may do, by role and program."""

from typing import Any

from django.contrib.auth.backends import ModelBackend

from loyalty.members import queries
from loyalty.members.models import User

# How an object without a program of its own finds it, nearest first.
WAYS_UP = ("program", "rule", "activity", "member", "wallet", "account", "lot", "text", "kind", "survey", "item")


def program_id_of(obj: Any) -> int | None:
    """The id of the program that `obj` belongs to, or is; None when it belongs to none."""
    if obj._meta.label == "loyalty.Program":
        return obj.pk
    if hasattr(obj, "program_id"):
        return obj.program_id
    above = next((way for way in WAYS_UP if getattr(obj, f"{way}_id", None) is not None), None)
    return program_id_of(getattr(obj, above)) if above else None


class StaffAccessBackend(ModelBackend):
    """Permissions come from the roles of StaffAccess; an object belongs to a program, and so does the role.

    Without an object the answer is "somewhere": a page that lists things shows those of `programs_for_staff`.
    Signing in is allauth's business.
    """

    def authenticate(self, request, username=None, password=None, **kwargs):
        return None

    def get_user_permissions(self, user_obj, obj=None) -> set[str]:
        return set()

    def get_group_permissions(self, user_obj, obj=None) -> set[str]:
        return self.get_all_permissions(user_obj, obj)

    def get_all_permissions(self, user_obj: User, obj: Any = None) -> set[str]:  # type: ignore[override]
        if user_obj.is_anonymous:
            return set()
        access = queries.access_of(user_obj)
        if obj is None:
            return set().union(*access.values())
        return set(access.get(program_id_of(obj) or 0, ()))

    def has_perm(self, user_obj: User, perm: str, obj: Any = None) -> bool:  # type: ignore[override]
        return perm in self.get_all_permissions(user_obj, obj)

    def has_module_perms(self, user_obj: User, app_label: str) -> bool:  # type: ignore[override]
        return any(perm.startswith(f"{app_label}.") for perm in self.get_all_permissions(user_obj))

    def staff_programs(self, user_obj: User) -> Any:
        """The programs that one of the staff works on; asked by the back office (`loyalty/lib/admin/desk.py`)."""
        return queries.programs_for_staff(user_obj)
