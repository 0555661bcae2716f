from typing import Any

from django.utils.translation import gettext_lazy as _

from loyalty.lib.admin.screens import ProgramForm
from loyalty.programs.models.checkins import Place


class PlaceForm(ProgramForm):
    """A place to check in; its secret is made by itself."""

    class Meta:
        model = Place
        fields = ("name", "code", "kind", "starts_at", "ends_at")

    def clean(self) -> dict[str, Any] | None:
        filled = super().clean()
        told = self.cleaned_data
        if told.get("kind") == Place.Kind.EVENT and "ends_at" in told and not told["ends_at"]:
            self.add_error("ends_at", _("An event has an end. Say when, so that nobody checks in later."))
        return filled
