from loyalty.lib.admin.screens import ProgramForm
from loyalty.programs.models.checkins import Place


class PlaceForm(ProgramForm):
    """A place to check in; its secret is made by itself."""

    class Meta:
        model = Place
        fields = ("name", "code", "kind", "starts_at", "ends_at")
