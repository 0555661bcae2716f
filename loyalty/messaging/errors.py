from django.utils.translation import gettext_lazy as _

from loyalty.lib.errors import NotFound


class UnknownMessage(NotFound):
    code = "unknown-message"
    message = _("There is no such message.")
