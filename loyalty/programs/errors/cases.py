"""Cases for review: what is refused, in the user's words."""

from django.utils.translation import gettext_lazy as _

from loyalty.lib.errors import Conflict, Unprocessable


class CaseDecided(Conflict):
    """Somebody has decided this case (409)."""

    code = "case-decided"
    message = _("Somebody has decided this case already.")


class WrongWatchRule(Unprocessable):
    """A watch rule that makes no sense (422); `field` names the setting."""

    code = "wrong-watch-rule"
    message = _("This watch rule does not make sense.")
