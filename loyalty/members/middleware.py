"""Sign-in backends: what one of the staff may do, by role and program."""

from django.contrib.auth.backends import ModelBackend


class StaffAccessBackend(ModelBackend):
    """Permissions come from the roles of StaffAccess; an object belongs to a program, and so does the role."""
