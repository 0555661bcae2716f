"""Points by hand: what is refused, in the user's words."""

from django.utils.translation import gettext_lazy as _

from loyalty.lib.errors import Conflict, Forbidden, Unprocessable


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
