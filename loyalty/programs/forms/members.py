from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from loyalty.lib.admin.forms import StaffForm
from loyalty.members.models import Member

LANGUAGES = [("", _("as in their sign-in")), *settings.LANGUAGES]


class PersonForm(StaffForm):
    """What is known about a member as a person."""

    name = forms.CharField(label=_("Name"), max_length=150, required=False)
    email = forms.EmailField(
        label=_("E-mail address"), required=False, help_text=_("Messages go there; once per program.")
    )
    phone = forms.CharField(label=_("Phone"), max_length=30, required=False)
    external_id = forms.CharField(
        label=_("Your own customer id"),
        max_length=100,
        required=False,
        help_text=_("How your shop or till knows this customer."),
    )
    birth_date = forms.DateField(label=_("Date of birth"), required=False)
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES, required=False)


class EnrolForm(PersonForm):
    """A new member, enrolled by hand."""

    def clean(self) -> dict[str, Any]:
        filled = super().clean() or {}
        if not any(filled.get(name) for name in ("name", "email", "phone", "external_id")) and not self.errors:
            raise forms.ValidationError(_("Give at least a name, an e-mail address, a phone number or your own id."))
        return filled


class MemberForm(PersonForm):
    """A member’s data. Attributes are lines such as `city: Oslo`."""

    status = forms.ChoiceField(
        label=_("Status"),
        choices=Member.Status.choices,
        help_text=_("A blocked member keeps the points and can neither earn nor spend."),
    )
    attributes = forms.CharField(
        label=_("Attributes"),
        required=False,
        widget=forms.Textarea({"rows": 4}),
        help_text=_("What your rules may ask about, one per line, such as “city: Oslo”."),
    )

    def __init__(self, *args: Any, member: Member, **kwargs: Any) -> None:
        self.member = member
        own = {name: getattr(member, name) for name in PersonForm.base_fields} | {"status": member.status}
        own["attributes"] = "\n".join(f"{key}: {_shown(value)}" for key, value in member.attributes.items())
        super().__init__(*args, initial=own, **kwargs)

    def clean_attributes(self) -> dict[str, Any]:
        """The lines as attributes; one whose words stand as they were keeps its value as it was (a number, a list)."""
        filled = {}
        for number, line in enumerate(self.cleaned_data["attributes"].splitlines(), 1):
            key, colon, words = line.partition(":")
            if line.strip() and not (colon and key.strip()):
                raise forms.ValidationError(_("Line %(number)s is not “name: value”."), params={"number": number})
            if line.strip():
                filled[key.strip()] = self._value(key.strip(), words.strip())
        return filled

    def _value(self, key: str, words: str) -> Any:
        old = self.member.attributes.get(key)
        return old if old is not None and _shown(old) == words else words


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
