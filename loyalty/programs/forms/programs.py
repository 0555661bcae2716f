from decimal import Decimal
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminColorInputWidget, UnfoldAdminSelectWidget

from loyalty.lib.admin.forms import StaffForm
from loyalty.programs.forms.lists import ListField, days
from loyalty.programs.models.program import Program

PICTURES = {"PNG", "JPEG", "MPO", "WEBP"}  # MPO is what many phones write as JPEG
LARGEST_LOGO = 1024 * 1024  # bytes
LONGEST_SIDE = 4000  # pixels


def zone_choices() -> list[tuple[str, Any]]:
    """Time zones as places, grouped by continent."""
    groups: dict[str, list[tuple[str, str]]] = {"": [("UTC", "UTC")]}
    for zone in sorted(available_timezones()):
        continent, _slash, place = zone.partition("/")
        if place and continent not in ("Etc", "SystemV", "US", "posix", "right"):
            groups.setdefault(continent, []).append((zone, place.replace("_", " ")))
    return list(groups.items())


class ProgramSettingsForm(forms.ModelForm):
    """A program’s settings; what has history behind it (the code, the currency) is shown and not changed."""

    languages = forms.MultipleChoiceField(
        label=_("Languages"),
        choices=settings.LANGUAGES,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("Languages that members may choose. Messages go out in the member’s own."),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=zone_choices,
        widget=UnfoldAdminSelectWidget,
        help_text=_("Where days begin and end: points expire at the end of a day there."),
    )

    warn_days = ListField(
        item=days,
        label=_("Warn of expiry, days before"),
        help_text=_("Such as 30, 7: two messages for every expiry. Empty: no warning."),
    )

    class Meta:
        model = Program
        fields = (
            "name", "logo", "brand_color", "accent_color", "time_zone", "currency", "languages", "terms_url",
            "terms_text", "debt_policy", "warn_days", "sender_email", "is_active",
        )  # fmt: skip
        help_texts = {"logo": _("A PNG, JPEG or WebP of at most 1 MB; it is shown 36 pixels high.")}
        widgets = {"brand_color": UnfoldAdminColorInputWidget, "accent_color": UnfoldAdminColorInputWidget}

    def clean_logo(self) -> Any:
        """A new picture is small enough for every page to carry, and is what its name says that it is."""
        logo = self.cleaned_data["logo"]
        picture = getattr(logo, "image", None)  # only what was uploaded just now
        if picture is None:
            return logo
        if picture.format not in PICTURES:
            raise forms.ValidationError(_("Upload a PNG, JPEG or WebP picture."))
        if logo.size > LARGEST_LOGO:
            raise forms.ValidationError(_("The picture is larger than 1 MB. Save it smaller, please."))
        if max(picture.size) > LONGEST_SIDE:
            words = _("The picture is more than %(pixels)s pixels wide or high. Save it smaller, please.")
            raise forms.ValidationError(words, params={"pixels": LONGEST_SIDE})
        return logo


class NewProgramForm(StaffForm):
    """The little that a program cannot do without, with sensible suggestions for the rest."""

    name = forms.CharField(label=_("Name"), max_length=100, help_text=_("What members see."))
    code = forms.SlugField(
        label=_("Code"), max_length=40, help_text=_("Part of the portal’s address, /p/code/. It stays as it is.")
    )
    currency = forms.RegexField(
        label=_("Currency"), regex=r"^[A-Z]{3}$", initial="EUR", help_text=_("Three capital letters, such as EUR.")
    )
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=zone_choices, initial="Europe/Oslo")
    points_per = forms.DecimalField(
        label=_("One point for every"),
        min_value=Decimal("0.01"),
        max_digits=12,
        decimal_places=2,
        required=False,
        initial=Decimal("1.00"),
        help_text=_("Spent, in the currency. Leave it empty to write the earning rules yourself."),
    )
    expires_months = forms.IntegerField(
        label=_("Points expire after months"),
        min_value=1,
        max_value=240,
        required=False,
        initial=12,
        help_text=_("Leave it empty for points that never expire. It can be changed later."),
    )
