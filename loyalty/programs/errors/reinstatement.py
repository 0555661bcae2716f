"""Expired points brought back: what is refused, in the user's words."""

from django.utils.translation import gettext_lazy as _

from loyalty.lib.errors import Conflict, Gone, NotFound, Unprocessable


class NothingToBringBack(Gone):
    """Nothing expired then that can still be brought back: the window is over, or it came back before (410)."""

    code = "nothing-to-bring-back"
    message = _("These points cannot be brought back any more.")


class ReinstatementReused(Unprocessable):
    """The same id was used for other points (422)."""

    code = "reinstatement-reused"
    message = _("This id was used for other points before.")


class ReinstatementClosed(Conflict):
    """It is paid, cancelled, or never had to be paid (409)."""

    code = "reinstatement-closed"
    message = _("Nothing is to be paid for this any more.")


class UnknownReinstatement(NotFound):
    """The program, or this member, knows no such reinstatement (404)."""

    code = "unknown-reinstatement"
    message = _("There is no such reinstatement.")
