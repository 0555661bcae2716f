from loyalty.lib.admin.screens import ProgramForm
from loyalty.programs.forms.sound import TimedForm
from loyalty.programs.models.sharing import ShareItem


class ShareItemForm(TimedForm, ProgramForm):
    """Something that members may share."""

    class Meta:
        model = ShareItem
        fields = ("title", "code", "text", "url", "pays_on", "period", "starts_at", "ends_at")
