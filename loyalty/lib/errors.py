"""What can be refused. A DomainError speaks the user's words; the edges turn its category into a status."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class DomainError(Exception):
    """A refusal that changed nothing.

    `code` is the stable kebab-case name that tills and shops match on; `message` is for people.
    `details` holds plain values for the answer (never secrets, never another member's data).
    """

    code = "refused"
    message: str | Promise = _("This is not possible.")

    def __init__(self, message: str | Promise | None = None, *, field: str = "", **details: Any) -> None:
        self.message = message or type(self).message
        self.field = field
        self.details = details
        super().__init__(str(self.message))

    def __str__(self) -> str:
        return str(self.message)


class Malformed(DomainError):
    """The request itself is wrong (HTTP 400)."""

    code = "malformed"


class Forbidden(DomainError):
    """Known, but not allowed to do this (HTTP 403)."""

    code = "forbidden"
    message = _("You are not allowed to do this.")


class NotFound(DomainError):
    """Unknown, or someone else's (HTTP 404)."""

    code = "not-found"
    message = _("Not found.")


class Conflict(DomainError):
    """The state of things forbids it now (HTTP 409)."""

    code = "conflict"


class Gone(DomainError):
    """It was possible once and is over (HTTP 410)."""

    code = "expired"


class Stale(DomainError):
    """Someone else changed it meanwhile (HTTP 412)."""

    code = "stale"
    message = _("This was changed meanwhile. Read it again, then repeat your change.")


class Unprocessable(DomainError):
    """Well formed, and wrong in content (HTTP 422)."""

    code = "unprocessable"


class Busy(DomainError):
    """Too much at once; the same request may be sent again (HTTP 503 with Retry-After)."""

    code = "busy"
    message = _("Too many changes at once. Please try again in a moment.")
