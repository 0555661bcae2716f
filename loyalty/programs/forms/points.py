from django import forms
from django.utils.translation import gettext_lazy as _

from loyalty.lib.admin.forms import StaffForm
from loyalty.lib.portal import new_form_key
from loyalty.programs.queries.activities import units_of
from loyalty.programs.rules.wording.amounts import points_of

GIVE, TAKE = "give", "take"


class AdjustForm(StaffForm):
    """Points given or taken by hand. `key` was made when the form was rendered: sending it twice is one act."""

    key = forms.CharField(widget=forms.HiddenInput, initial=new_form_key)
    wallet = forms.ChoiceField(label=_("Wallet"))
    direction = forms.ChoiceField(
        label=_("What to do"),
        choices=[(GIVE, _("Give points")), (TAKE, _("Take points away"))],
        widget=forms.RadioSelect,
        initial=GIVE,
    )
    points = forms.IntegerField(label=_("How many"), min_value=1, max_value=10**12)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("For your colleagues and the auditors; the member does not see it."),
    )
    note = forms.CharField(
        label=_("Note to the member"),
        max_length=300,
        required=False,
        help_text=_("Stands in their statement, such as “For the trouble with your order”."),
    )

    def __init__(self, *args, wallets, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["wallet"].choices = [(str(wallet.pk), wallet.name) for wallet in wallets]  # type: ignore[attr-defined]
        if len(wallets) == 1:
            self.fields["wallet"].widget = forms.HiddenInput()
            self.fields["wallet"].initial = str(wallets[0].pk)
        limits = ", ".join(points_of(each.by_hand_limit, units_of(each)) for each in wallets)
        words = _("At most %(limits)s at once; finance and program admins may do more.")
        self.fields["points"].help_text = words % {"limits": limits}
        self.fields["points"].widget.attrs["aria-describedby"] = "id_points_helptext"

    @property
    def change(self) -> int:
        """The signed number of points that was filled in."""
        points = self.cleaned_data["points"]
        return points if self.cleaned_data["direction"] == GIVE else -points
