from django.utils.translation import gettext_lazy as _

from loyalty.lib.errors import Conflict, Forbidden, Malformed, NotFound, Unprocessable


class UnknownMember(NotFound):
    code = "unknown-member"
    message = _("There is no such member in this program.")


class MemberExists(Conflict):
    code = "member-exists"
    message = _("This person is a member of the program already.")


class MemberNotActive(Conflict):
    code = "member-not-active"
    message = _("This membership is blocked or has ended.")


class AlreadyLinked(Conflict):
    code = "already-linked"
    message = _("Someone else signs in for this member already.")


class ProgramClosed(Conflict):
    code = "program-closed"
    message = _("This program is closed.")


class BadMemberData(Malformed):
    code = "bad-member-data"
    message = _("A member’s data cannot be like this.")


class UnknownPurpose(Unprocessable):
    code = "unknown-purpose"
    message = _("The program asks no consent for this purpose.")


class ConsentNeeded(Unprocessable):
    code = "consent-needed"
    message = _("Membership needs your agreement to this.")


class UnknownScope(Unprocessable):
    code = "unknown-scope"
    message = _("There is no such scope.")


class UnknownRole(Unprocessable):
    code = "unknown-role"
    message = _("There is no such role.")


class KeyRefused(Forbidden):
    code = "key-refused"
    message = _("This API key may not do that.")


class InProgress(Conflict):
    """The first request with this key has not been answered yet (409 with Retry-After)."""

    code = "in-progress"
    message = _("The first request with this Idempotency-Key is still running. Send it again in a moment.")


class RequestReused(Unprocessable):
    """The key stands for another request (422)."""

    code = "key-reused"
    message = _("This Idempotency-Key was used for another request. Use a new key for a new intention.")
