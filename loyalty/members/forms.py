"""What staff fill in about consents, keys and one another: shape and wording, no policy."""

import csv
from collections.abc import Iterator
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from loyalty.lib.admin.forms import StaffForm
from loyalty.members.models import ConsentText
from loyalty.members.rules import ALL_SCOPES, ROLE_NAMES, SCOPES

SCOPE_CHOICES = [(ALL_SCOPES, _("Everything, also what comes later")), *SCOPES.items()]
ROLE_HINTS = {
    "viewer": _("sees everything, changes nothing"),
    "support": _("helps members: edits them, adjusts their points"),
    "campaign_manager": _("writes the earning rules"),
    "finance": _("imports purchases, exports lists, adjusts points"),
    "program_admin": _("does all of this, and sets the program up"),
}

LARGEST_LIST = 20 * 1024 * 1024
LONGEST_NAME = 100
HEADERS = {"external_id", "member", "number", "id"}


def role_choices() -> list[tuple[str, str]]:
    """The five roles, each with what it is for."""
    return [(role, f"{gettext(name)}: {ROLE_HINTS[role]}") for role, name in ROLE_NAMES.items()]


class ApiKeyForm(StaffForm):
    """A new key for a till or a shop."""

    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("Who uses it, such as “Tills of Oslo 1”."))
    scopes = forms.MultipleChoiceField(
        label=_("It may"), choices=SCOPE_CHOICES, help_text=_("Give a key no more than it needs.")
    )


class AccessForm(StaffForm):
    """Someone of the staff and what they may do in the open program."""

    email = forms.EmailField(
        label=_("E-mail address"),
        help_text=_("Someone who has no sign-in yet gets one, and sets the password with “forgot my password”."),
    )
    role = forms.ChoiceField(label=_("Role"), choices=role_choices, widget=forms.RadioSelect)


class RoleForm(StaffForm):
    """Another role for someone who has one."""

    role = forms.ChoiceField(label=_("Role"), choices=role_choices, widget=forms.RadioSelect)


class ConsentTextForm(forms.ModelForm):
    """The words of one purpose. Saving other words makes a new version; what was agreed to keeps the old ones."""

    class Meta:
        model = ConsentText
        fields = ("purpose", "text", "is_required")


class SegmentNamesForm(StaffForm):
    """Members by your own ids or by member numbers: a file, or typed."""

    file = forms.FileField(
        label=_("File"),
        required=False,
        help_text=_("CSV or text, one member a line: your own id or the member number in the first column."),
    )
    typed = forms.CharField(
        label=_("Or type them"), required=False, widget=forms.Textarea(attrs={"rows": 6}), help_text=_("One a line.")
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file is None:
            return None
        if file.size > LARGEST_LIST:
            raise forms.ValidationError(_("The file is larger than 20 MB. Split it."))
        try:
            self._read = file.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            raise forms.ValidationError(_("The file is not UTF-8. Save it as “CSV UTF-8”.")) from None
        if "\x00" in self._read:
            raise forms.ValidationError(_("The file is not UTF-8. Save it as “CSV UTF-8”."))
        return file

    def clean(self) -> dict[str, Any]:
        filled = super().clean()
        if not filled.get("file") and not filled.get("typed", "").strip() and not self.errors:
            self.add_error("typed", _("Choose a file or type at least one member."))
        return filled

    def names(self) -> dict[str, str]:
        """The first cell of every line without the header, each once, and where it stands: “line 3”."""
        found: dict[str, str] = {}
        told = [
            (getattr(self, "_read", ""), _("line %(line)d")),
            (self.cleaned_data.get("typed", ""), _("typed, line %(line)d")),
        ]
        for text, where in told:
            for line, name in _first_cells(text):
                found.setdefault(name, str(where) % {"line": line})
        return found


def _first_cells(text: str) -> Iterator[tuple[int, str]]:
    """Numbers of lines and what their first cells say; a name that is too long is nobody's, and is cut."""
    rows = csv.reader(text.replace(";", ",").splitlines())
    for cells in rows:
        name = cells[0].strip() if cells else ""
        if name and not (rows.line_num == 1 and name.lower() in HEADERS):
            yield rows.line_num, name[: LONGEST_NAME + 1]
