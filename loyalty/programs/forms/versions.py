from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from loyalty.lib.admin.forms import StaffForm
from loyalty.programs.queries.blueprints import blueprints


class PublishForm(StaffForm):
    """What a version brings, in a line."""

    note = forms.CharField(
        label=_("What is new"), max_length=200, required=False, help_text=_("A line for whoever reads the versions.")
    )


class MannerForm(StaffForm):
    """When changes go live."""

    publishing = forms.ChoiceField(label=_("Changes go live"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, program: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["publishing"].choices = program._meta.get_field("publishing").choices  # type: ignore[attr-defined]
        self.fields["publishing"].initial = program.publishing


class BlueprintForm(StaffForm):
    """Which blueprint to start from."""

    blueprint = forms.ChoiceField(label=_("Blueprint"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["blueprint"].choices = [  # type: ignore[attr-defined]
            (each.name, format_html("<strong>{}</strong> {}", each.title, each.summary)) for each in blueprints()
        ]
