from typing import Any

from django import forms
from django.core.validators import FileExtensionValidator
from django.utils.translation import gettext_lazy as _

from loyalty.lib.admin.forms import StaffForm

LARGEST = 512 * 1024 * 1024


class UploadForm(StaffForm):
    """A file of purchases."""

    file = forms.FileField(
        label=_("File"),
        validators=[FileExtensionValidator(["csv"])],
        help_text=_(
            "CSV with the columns external_id, member, occurred_on, quantity, amount; a first line names them."
        ),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LARGEST:
            raise forms.ValidationError(
                _("The file is larger than 512 MB. Split it, or use the command import_purchases.")
            )
        return file
