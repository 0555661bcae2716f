from django.utils.translation import gettext_lazy as _

from loyalty.lib.errors import Conflict


class NotFailed(Conflict):
    code = "message-not-failed"
    message = _("Only a message that failed can be tried again.")
