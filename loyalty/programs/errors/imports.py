"""Files of purchases: what is refused, in the user's words."""

from django.utils.translation import gettext_lazy as _

from loyalty.lib.errors import Busy, Conflict, Unprocessable


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


class ImportOvertaken(Conflict):
    """A receipt of the file was recorded elsewhere while the file was being read (409)."""

    code = "import-overtaken"
    message = _("Purchases of this file were recorded by someone else meanwhile. Nothing was imported; start again.")
