"""What staff fill in about consents, keys and one another: shape and wording, no policy."""

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
