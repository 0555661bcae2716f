"""Goods brought back: what is refused, in the user's words."""

from django.utils.translation import gettext_lazy as _

from loyalty.lib.errors import Conflict, Unprocessable


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
