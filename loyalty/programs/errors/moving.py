"""Points sent to others: what is refused, in the user's words."""

from django.utils.translation import gettext_lazy as _

from loyalty.lib.errors import Conflict, Forbidden, NotFound, Unprocessable


class TransfersOff(Forbidden):
    """Points of this wallet are not sent from member to member, or not by this member (403)."""

    code = "transfers-off"
    message = _("Points of this wallet cannot be sent to other members.")


class CannotReceive(Unprocessable):
    """There is nobody to whom these points can go; the same words whoever it is, so that nobody is found out (422)."""

    code = "cannot-receive"
    message = _("We cannot send points there. Check the number or address with the person it belongs to.")


class ReceiverFull(Conflict):
    """The receiver would hold more than the wallet lets a member hold (409); how much they hold is not told."""

    code = "receiver-full"
    message = _("They cannot hold so many points more in this program.")


class TooManyTries(Forbidden):
    """Someone tries out who is a member (403)."""

    code = "too-many-tries"
    message = _("You tried too many addresses today. Please try again tomorrow.")


class WrongAmount(Unprocessable):
    """An amount that the wallet does not let move: its step, its minimum or a limit (422); `details` give it."""

    code = "wrong-amount"
    message = _("This number of points cannot be moved.")


class OverLimit(Conflict):
    """More than what is left of the limit of a day or a year (409); `details` say how much that is."""

    code = "over-limit"
    message = _("That is more than you can still send for now.")


class CoolingOff(Conflict):
    """The e-mail address is new, so points stay put for some hours (409)."""

    code = "cooling-off"
    message = _("Your e-mail address was changed a short while ago. To protect your points, you can send them later.")


class TransferReused(Unprocessable):
    """The same id was used for another transfer (422)."""

    code = "transfer-reused"
    message = _("This id was used for another transfer before.")


class UnknownTransfer(NotFound):
    """The program, or this member, knows no such transfer (404)."""

    code = "unknown-transfer"
    message = _("There is no such transfer.")


class TransferClosed(Conflict):
    """It was accepted, declined or withdrawn, or its time is over (409)."""

    code = "transfer-closed"
    message = _("This transfer does not wait for an answer any more.")
