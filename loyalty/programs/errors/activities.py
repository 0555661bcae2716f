"""Purchases, activities and check-ins: what is refused, in the user's words."""

from django.utils.translation import gettext_lazy as _

from loyalty.lib.errors import Conflict, Gone, Malformed, NotFound, Unprocessable


class UnknownActivity(NotFound):
    """The program knows no such receipt or activity (404)."""

    code = "unknown-activity"
    message = _("There is no such purchase or activity in this program.")


class WrongFacts(Malformed):
    """A fact is missing, too long or of the wrong shape (400); `field` names it."""

    code = "malformed"


class ReceiptReused(Unprocessable):
    """The same receipt or id was recorded with other content (422)."""

    code = "receipt-reused"
    message = _("This receipt was recorded before with other content. A receipt cannot be changed.")


class WrongCurrency(Unprocessable):
    """A purchase in another currency than the program's (422)."""

    code = "wrong-currency"
    message = _("The purchase is in another currency than the program’s.")


class BasketDoesNotAddUp(Unprocessable):
    """Lines and payments, or amount, tax and discount of a line, contradict one another (422)."""

    code = "basket-does-not-add-up"
    message = _("The basket does not add up.")


class HappensInFuture(Unprocessable):
    """An event later than now, beyond what clocks differ (422)."""

    code = "in-the-future"
    message = _("This lies in the future. Check the clock of the till.")


class TooManyPoints(Unprocessable):
    """One activity would earn more than a wallet can hold (422)."""

    code = "too-many-points"
    message = _("This would earn more points than a wallet can hold. Check the amounts and the rules.")


class NothingPending(Conflict):
    """None of the activity's points wait for a confirmation (409)."""

    code = "nothing-pending"
    message = _("None of these points wait for a confirmation.")


class AlreadyConfirmed(Conflict):
    """The shop confirmed the activity, which cannot be cancelled any more (409)."""

    code = "already-confirmed"
    message = _("This was confirmed and cannot be cancelled any more. What comes back of a purchase is a return.")


class WrongAttributes(Unprocessable):
    """What was told with an activity does not fit its type, as the program defines it (422); `field` names it."""

    code = "wrong-attributes"
    message = _("What was told does not fit this type of activity.")


class UnknownPlace(NotFound):
    """The program has no such place, or it is out of use (404)."""

    code = "unknown-place"
    message = _("There is no such place.")


class PlaceClosed(Conflict):
    """It is too early or too late to check in (409)."""

    code = "place-closed"
    message = _("You cannot check in here at the moment.")


class AlreadyCheckedIn(Conflict):
    """Once a day in a store, once at an event (409)."""

    code = "already-checked-in"
    message = _("You have checked in here already.")


class CodeTooOld(Gone):
    """The code that was scanned is not shown any more (410)."""

    code = "code-too-old"
    message = _("This code is no longer valid. Scan the one that is shown now.")
