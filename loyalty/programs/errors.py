"""What the programs floor refuses, in the user's words."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from loyalty.lib.errors import Busy, Conflict, Forbidden, Gone, Malformed, NotFound, Unprocessable


class UnknownProgram(NotFound):
    """No program has this code (404)."""

    code = "unknown-program"
    message = _("There is no such program.")

    def __init__(self, program: str = "") -> None:
        named = _("There is no program with the code “%(code)s”.")
        super().__init__(named % {"code": program} if program else None, field="program")


class UnknownActivity(NotFound):
    """The program knows no such receipt or activity (404)."""

    code = "unknown-activity"
    message = _("There is no such purchase or activity in this program.")


class UnknownWallet(NotFound):
    """The program has no such wallet (404)."""

    code = "unknown-wallet"
    message = _("There is no such wallet in this program.")


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


class ReturnReused(Unprocessable):
    """The same return of a purchase was recorded with other content (422)."""

    code = "return-reused"
    message = _("This return was recorded before with other content. A return cannot be changed.")


class WrongReturn(Unprocessable):
    """A return that contradicts itself or its purchase (422); `field` says where."""

    code = "wrong-return"


class UnknownLine(Unprocessable):
    """The purchase has no such line (422)."""

    code = "unknown-line"

    def __init__(self, line: int, *, field: str) -> None:
        super().__init__(_("The purchase has no line %(line)d.") % {"line": line}, field=field, line=line)


class MoreThanBought(Unprocessable):
    """More is brought back of a line than is left of it (422); `details` say what is."""

    code = "more-than-bought"

    def __init__(self, line: int, left: str, *, field: str) -> None:
        nothing = _("All of line %(line)d has come back already.")
        words = nothing if left == "0" else _("Only %(left)s of line %(line)d can still come back.")
        super().__init__(words % {"line": line, "left": left}, field=field, line=line, left=left)


class NothingToReturn(Conflict):
    """All of the purchase has come back before (409)."""

    code = "nothing-to-return"
    message = _("All of this purchase has come back already.")


class UnknownTier(NotFound):
    """The program has no such ladder in force, or the ladder no such tier (404)."""

    code = "unknown-tier"
    message = _("There is no such tier in this program.")


class NothingPending(Conflict):
    """None of the activity's points wait for a confirmation (409)."""

    code = "nothing-pending"
    message = _("None of these points wait for a confirmation.")


class ReasonMissing(Unprocessable):
    """Points are adjusted by hand only with a reason (422)."""

    code = "reason-missing"
    message = _("Say why the points are adjusted.")


class BeyondLimit(Forbidden):
    """More points by hand in one act than the wallet's limit, by someone whose role ends there (403)."""

    code = "beyond-limit"
    message = _("By hand you may give or take at most %(limit)s at once. Finance or a program admin may do more.")

    def __init__(self, limit: str) -> None:
        super().__init__(self.message % {"limit": limit}, field="points")


class SecondLookNeeded(Conflict):
    """More points by hand in one act than the wallet's limit, without having been asked twice (409)."""

    code = "second-look-needed"
    message = _("This is more than %(limit)s. Look at what it is worth and confirm it once more.")

    def __init__(self, limit: str) -> None:
        super().__init__(self.message % {"limit": limit}, field="points")


class NothingToAdjust(Unprocessable):
    """An adjustment by 0 points (422)."""

    code = "nothing-to-adjust"
    message = _("Give a number of points other than 0.")


class WrongPolicy(Unprocessable):
    """A wallet's policy that contradicts itself (422); `field` names the setting."""

    code = "wrong-policy"
    message = _("This policy does not hold together.")


class WrongRule(Unprocessable):
    """An earning rule that makes no sense (422); `field` names the setting."""

    code = "wrong-rule"
    message = _("This rule does not hold together.")


class FileRefused(Unprocessable):
    """A file of purchases has errors, so nothing of it was imported (422)."""

    code = "file-refused"
    message = _("The file has errors. Nothing was imported.")


class WrongImportState(Conflict):
    """An import can be checked once it waits, and applied once it was checked without errors (409)."""

    code = "wrong-import-state"
    message = _("This file is not ready for that step.")


class AlreadyRunning(Busy):
    """Another import into the same program is running (503)."""

    code = "busy"
    message = _("Another import into this program is running. Try again when it has ended.")


class ProgramExists(Conflict):
    """The code is taken (409)."""

    code = "program-exists"
    message = _("Another program has this code already.")


class RulesChanged(Conflict):
    """Rules or policies changed while a file was being judged (409)."""

    code = "rules-changed"
    message = _("The program’s rules were changed while the file was being read. Nothing was imported; start again.")


class ImportOvertaken(Conflict):
    """A receipt of the file was recorded elsewhere while the file was being read (409)."""

    code = "import-overtaken"
    message = _("Purchases of this file were recorded by someone else meanwhile. Nothing was imported; start again.")


class TransfersOff(Forbidden):
    """Points of this wallet are not sent from member to member, or not by this member (403)."""

    code = "transfers-off"
    message = _("Points of this wallet cannot be sent to other members.")


class CannotReceive(Unprocessable):
    """There is nobody to whom these points can go; the same words whoever it is, so that nobody is found out (422)."""

    code = "cannot-receive"
    message = _("We cannot send points there. Check the number or address with the person it belongs to.")


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


class WrongAttributes(Unprocessable):
    """What was told with an activity does not fit its type, as the program defines it (422); `field` names it."""

    code = "wrong-attributes"
    message = _("What was told does not fit this type of activity.")


class WrongDocument(Unprocessable):
    """A program's document that makes no sense (422); `where` is the way to the setting, such as rules, 0, points."""

    code = "wrong-document"
    message = _("This document does not hold together.")

    def __init__(
        self, message: str | Promise | None = None, *, where: tuple[str | int, ...] = (), line: int = 0
    ) -> None:
        self.where, self.line = where, line
        super().__init__(message, field=".".join(str(each + 1 if isinstance(each, int) else each) for each in where))


class NothingToPublish(Conflict):
    """The draft says what is in force already (409)."""

    code = "nothing-to-publish"
    message = _("There is nothing to publish: the draft is what is in force.")


class SecondPersonNeeded(Forbidden):
    """Somebody who worked on the draft would publish it, in a program that asks for four eyes (403)."""

    code = "second-person-needed"
    message = _("You worked on this draft yourself. In this program somebody else publishes it.")


class DraftOpen(Conflict):
    """An unpublished draft stands in the way (409)."""

    code = "draft-open"
    message = _("There is a draft that is not published. Publish or discard it first.")


class StillInUse(Conflict):
    """Something cannot go because members stand on it (409)."""

    code = "still-in-use"
    message = _("Members stand on the tier “%(name)s”. Move them first.")

    def __init__(self, name: str) -> None:
        super().__init__(self.message % {"name": name})


class ProgramInUse(Conflict):
    """A blueprint would change what members live by, at once (409)."""

    code = "program-in-use"
    message = _("This program has activity. Let changes go live as a draft first, then start from a blueprint.")


class UnknownBlueprint(NotFound):
    """There is no such blueprint and no such file (404)."""

    code = "unknown-blueprint"
    message = _("There is no such blueprint.")


class HouseholdsOff(Forbidden):
    code = "households-off"
    message = _("Points are not shared in this program.")


class InHousehold(Conflict):
    code = "in-household"
    message = _("You share your points with a household already. Leave it first.")


class UnknownHousehold(NotFound):
    code = "unknown-household"
    message = _("There is no household with this code.")


class HouseholdFull(Conflict):
    code = "household-full"
    message = _("This household has as many members as it may have.")


class MayNotTake(Forbidden):
    code = "may-not-take"
    message = _("You may add points to this household, but not take them.")


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
