from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from loyalty.lib.errors import Conflict, DomainError, Malformed, NotFound, Unprocessable


class NotEnoughPoints(Conflict):
    code = "insufficient-points"
    message = _("There are not enough points.")


class KeyReused(Unprocessable):
    code = "key-reused"
    message = _("This key was already used for something else.")


class UnknownAccount(NotFound):
    code = "unknown-account"
    message = _("There is no such account.")


class UnknownPosting(NotFound):
    code = "unknown-posting"
    message = _("There is no such entry on this account.")


class UnknownLot(NotFound):
    code = "unknown-lot"
    message = _("There are no such points on this account.")


class NotPending(Conflict):
    code = "not-pending"
    message = _("These points are not pending any more.")


class HoldClosed(Conflict):
    code = "hold-closed"
    message = _("These points are no longer set aside.")


class MoreThanHeld(Conflict):
    code = "more-than-held"
    message = _("Fewer points than that are set aside.")


class NotReversible(Conflict):
    code = "not-reversible"
    message = _("This entry cannot be reversed.")


class NothingToReverse(Conflict):
    code = "nothing-to-reverse"
    message = _("This entry has already been reversed.")


class NothingExpired(Conflict):
    code = "nothing-expired"
    message = _("None of these points have expired.")


class DifferentWallets(Conflict):
    code = "different-wallets"
    message = _("Points can only be given within one wallet.")


class SameAccount(Conflict):
    code = "same-account"
    message = _("Points cannot be given to the account that they are on.")


class OutOfRange(Unprocessable):
    code = "out-of-range"
    message = _("That would be more points than an account can hold.")


class BadPoints(Malformed):
    code = "bad-points"
    message = _("Points must be a whole number above zero.")


class BadInstant(Malformed):
    code = "bad-instant"
    message = _("The time must be given with its time zone.")


class BeyondCalendar(BadInstant):
    """An instant of a year that not every database and reader can hold."""

    code = "beyond-calendar"
    message = _("“%(instant)s” is beyond the calendar. Give a time from %(first)s to %(last)s.")

    def __init__(self, instant: datetime, first: str, last: str) -> None:
        super().__init__(self.message % {"instant": instant.isoformat(), "first": first, "last": last})


class BadText(Malformed):
    code = "bad-text"
    message = _("This text is missing, too long, or has characters that cannot be stored.")


# What the ledger's functions answer, as the caller hears it.
REFUSALS: dict[str, type[DomainError]] = {
    "not-enough": NotEnoughPoints,
    "key-reused": KeyReused,
    "unknown-account": UnknownAccount,
    "unknown-posting": UnknownPosting,
    "unknown-lot": UnknownLot,
    "not-pending": NotPending,
    "hold-closed": HoldClosed,
    "more-than-held": MoreThanHeld,
    "not-reversible": NotReversible,
    "nothing-to-reverse": NothingToReverse,
    "nothing-expired": NothingExpired,
    "different-wallets": DifferentWallets,
    "same-account": SameAccount,
    "out-of-range": OutOfRange,
}
RAISED = "LR001"


def refusal_in(error: BaseException) -> DomainError | None:
    """What a verb refused inside the caller's own SQL, which raised it by its name (programs/record.sql)."""
    cause: Any = error.__cause__
    return REFUSALS[cause.diag.message_primary]() if getattr(cause, "sqlstate", None) == RAISED else None
