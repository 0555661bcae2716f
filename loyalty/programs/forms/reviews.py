from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from loyalty.lib.admin.forms import StaffForm
from loyalty.lib.admin.screens import ProgramForm
from loyalty.programs.models.reviews import ReviewPolicy


class ReviewPolicyForm(ProgramForm):
    """Whether members may write reviews, and of what."""

    class Meta:
        model = ReviewPolicy
        fields = ("is_active", "about_items", "about_shop", "shortest", "longest")


class RefuseReviewForm(StaffForm):
    """Why a review is refused, in words for the member."""

    seen = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Why"),
        max_length=300,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("The member reads this, such as “Please leave out the name of our colleague”."),
    )
    is_final = forms.BooleanField(
        label=_("For good"), required=False, help_text=_("Otherwise the member may write it anew, and it waits again.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].widget.attrs["aria-describedby"] = "id_reason_helptext"
