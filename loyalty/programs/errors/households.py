"""Households and clubs: what is refused, in the user's words."""

from django.utils.translation import gettext_lazy as _

from loyalty.lib.errors import Conflict, Forbidden, NotFound


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
