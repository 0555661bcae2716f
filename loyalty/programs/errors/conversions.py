"""Points changed into those of another wallet: what is refused, in the user's words."""

from django.utils.translation import gettext_lazy as _

from loyalty.lib.errors import Conflict, Forbidden, Unprocessable


class ConversionsOff(Forbidden):
    """Points of this wallet are not changed into those of that one, or not by this member (403)."""

    code = "conversions-off"
    message = _("These points cannot be changed into the others.")


class ConversionReused(Unprocessable):
    """The same id was used for another change of points (422)."""

    code = "conversion-reused"
    message = _("This id was used for another change of points before.")


class OverCap(Conflict):
    """The member would hold more than the receiving wallet allows (409); `details` say how many have room."""

    code = "over-cap"
    message = _("You would hold more than this program allows.")
