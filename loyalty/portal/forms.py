"""What members type in: joining, their profile, their consents."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from allauth.account.forms import LoginForm, RequestLoginCodeForm, SignupForm
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.forms import BoundField
from django.utils.translation import gettext_lazy as _

from loyalty.lib import clock
from loyalty.lib.portal import new_form_key
from loyalty.lib.text import is_legible
from loyalty.members.rules import ILLEGIBLE

CONSENT = "consent_"
EARLIEST_BIRTH = date(1900, 1, 1)


def ensure_readable(text: str) -> None:
    """Raises ValidationError for characters that nobody can see."""
    if not is_legible(text):
        raise ValidationError(ILLEGIBLE)


class ConsentFields(forms.Form):
    """A box for every purpose that the program asks for; what membership needs must be ticked, the rest is free."""

    def __init__(self, *args: Any, choices: Iterable[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for choice in choices:
            self.fields[f"{CONSENT}{choice.purpose}"] = forms.BooleanField(
                label=choice.text.text,
                required=choice.is_required,
                initial=bool(choice.is_granted),
                error_messages={"required": _("Membership needs your agreement to this.")},
            )

    @property
    def own_fields(self) -> list[BoundField]:
        return [field for field in self if not field.name.startswith(CONSENT)]

    @property
    def consent_fields(self) -> list[BoundField]:
        return [field for field in self if field.name.startswith(CONSENT)]

    def decisions(self) -> dict[str, bool]:
        """Purpose → agreed or not."""
        return {
            name.removeprefix(CONSENT): bool(value)
            for name, value in self.cleaned_data.items()
            if name.startswith(CONSENT)
        }


class InvitationField(forms.CharField):
    """The code of whoever invited a new member."""

    def __init__(self, *, initial: str = "") -> None:
        super().__init__(
            label=_("Code of the friend who invited you"),
            required=False,
            max_length=20,
            initial=initial,
            widget=forms.TextInput({"autocomplete": "off"}),
        )


class ConsentsForm(ConsentFields):
    """The decisions alone: for someone who is signed in, joining or changing their mind."""


class JoinForm(ConsentFields, SignupForm):
    """A new person: name, address, a password if they want one, and the consents."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=150,
        widget=forms.TextInput({"autocomplete": "name"}),
        validators=[ensure_readable],
    )
    field_order = ("name", "email", "password1")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("E-mail address")
        self.fields["password1"].help_text = _(
            "At least 10 characters. Leave it empty to sign in with a code by e-mail instead."
        )
        _without_placeholders(self)


def _without_placeholders(form: forms.BaseForm) -> None:
    """The label says it, and stays."""
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)


class SignInForm(LoginForm):
    """Address and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("E-mail address")
        _without_placeholders(self)


class SignInCodeForm(RequestLoginCodeForm):
    """The address that the code goes to."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("E-mail address")
        _without_placeholders(self)


class ProfileForm(forms.Form):
    """What members may change about themselves."""

    name = forms.CharField(
        label=_("Name"), max_length=150, required=False, widget=forms.TextInput({"autocomplete": "name"})
    )
    phone = forms.CharField(
        label=_("Phone"),
        max_length=30,
        required=False,
        widget=forms.TextInput({"autocomplete": "tel", "type": "tel", "inputmode": "tel"}),
    )
    birth_date = forms.DateField(
        label=_("Birthday"),
        required=False,
        widget=forms.DateInput({"type": "date", "autocomplete": "bday"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d", "%d.%m.%Y"],
    )
    language = forms.ChoiceField(label=_("Language"))

    def __init__(self, *args: Any, languages: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = set(languages) or {code for code, _name in settings.LANGUAGES}
        self.fields["language"].choices = [(code, name) for code, name in settings.LANGUAGES if code in offered]  # type: ignore[attr-defined]

    def clean_phone(self) -> str:
        """As typed, without what phones put around a number that is copied from their contacts."""
        phone = "".join(filter(str.isprintable, self.cleaned_data["phone"].replace("\u00a0", " ")))
        if phone and sum(letter.isdigit() for letter in phone) < 5:
            raise ValidationError(_("Write the phone number with its digits, such as +47 912 34 567."))
        return phone

    def clean_birth_date(self) -> date | None:
        born = self.cleaned_data["birth_date"]
        if born and not EARLIEST_BIRTH <= born <= clock.now().date():
            raise ValidationError(_("Please check the year."))
        return born


class SendForm(forms.Form):
    """Points for another member. `key` was made when the form was rendered: sending it twice is one act."""

    key = forms.CharField(widget=forms.HiddenInput, initial=new_form_key)
    wallet = forms.ChoiceField(label=_("What to send"))
    to = forms.CharField(
        label=_("To whom"),
        max_length=254,
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
        help_text=_("Their member number, card or e-mail address."),
        validators=[ensure_readable],
    )
    points = forms.IntegerField(
        label=_("How many"), min_value=1, max_value=10**12, widget=forms.NumberInput({"inputmode": "numeric"})
    )
    note = forms.CharField(label=_("Message"), max_length=200, required=False, validators=[ensure_readable])

    def __init__(self, *args: Any, terms: Iterable[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        terms = list(terms)
        self.fields["wallet"].choices = [(each.wallet.code, each.wallet.name) for each in terms]  # type: ignore[attr-defined]
        if len(terms) == 1:
            self.fields["wallet"].widget = forms.HiddenInput()
            self.fields["wallet"].initial = terms[0].wallet.code
            policy = terms[0].policy
            self.fields["points"].widget.attrs |= {"step": policy.step, "min": terms[0].smallest}


class ConvertForm(forms.Form):
    """Points to be changed. `key` was made when the form was rendered: sending it twice is one act."""

    key = forms.CharField(widget=forms.HiddenInput, initial=new_form_key)
    rate = forms.ChoiceField(label=_("What into what"))
    points = forms.IntegerField(
        label=_("How many"), min_value=1, max_value=10**12, widget=forms.NumberInput({"inputmode": "numeric"})
    )

    def __init__(self, *args: Any, terms: Iterable[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        terms = list(terms)
        names = [
            (
                str(each.rate.pk),
                _("%(given)s into %(got)s") % {"given": each.rate.from_wallet, "got": each.rate.to_wallet},
            )
            for each in terms
        ]
        self.fields["rate"].choices = names  # type: ignore[attr-defined]
        if len(terms) == 1:
            self.fields["rate"].widget = forms.HiddenInput()
            self.fields["rate"].initial = names[0][0]
            self.fields["points"].widget.attrs |= {"step": terms[0].rate.give, "min": terms[0].smallest}


class FoundForm(forms.Form):
    """The name of a new household or club."""

    name = forms.CharField(label=_("What it is called"), max_length=80, validators=[ensure_readable])


class JoinHouseholdForm(forms.Form):
    """The code that an owner passed on."""

    code = forms.CharField(label=_("Code"), max_length=20, validators=[ensure_readable])


class TakeForm(forms.Form):
    """Points from the household. `key` was made when the form was rendered: sending it twice is one act."""

    key = forms.CharField(widget=forms.HiddenInput, initial=new_form_key)
    points = forms.IntegerField(
        label=_("How many"), min_value=1, max_value=10**12, widget=forms.NumberInput({"inputmode": "numeric"})
    )


class ReviewForm(forms.Form):
    """Stars and words. What is too short, too long or illegible is refused by the service, in its words."""

    stars = forms.TypedChoiceField(
        label=_("How was it?"),
        choices=[(5, _("excellent")), (4, _("good")), (3, _("all right")), (2, _("poor")), (1, _("bad"))],
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={"required": _("Give one to five stars.")},
    )
    text = forms.CharField(label=_("Your words"), required=False, max_length=10_000, widget=forms.Textarea({"rows": 6}))

    def __init__(self, *args: Any, policy: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field, lengths = self.fields["text"], {"shortest": policy.shortest, "longest": policy.longest}
        field.required = policy.shortest > 0
        field.help_text = _("%(shortest)d to %(longest)d characters.") % lengths
        field.widget.attrs |= {"maxlength": policy.longest, "aria-describedby": "id_text_helptext"}

    def said(self) -> dict[str, Any]:
        """Stars and words alone."""
        return {name: self.cleaned_data[name] for name in ("stars", "text")}
