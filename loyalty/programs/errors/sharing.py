"""Sharing: what is refused, in the user's words."""

from django.utils.translation import gettext_lazy as _

from loyalty.lib.errors import Conflict, NotFound


class UnknownShare(NotFound):
    """There is no such thing to share, or no such link (404)."""

    code = "unknown-share"
    message = _("There is no such link.")


class SharingClosed(Conflict):
    """Too early, too late, or out of use (409)."""

    code = "sharing-closed"
    message = _("This is not shared at the moment.")
