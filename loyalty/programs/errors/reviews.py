"""Reviews: what is refused, in the user's words."""

from django.utils.translation import gettext_lazy as _

from loyalty.lib.errors import Conflict, Forbidden, NotFound, Stale, Unprocessable


class ReviewsOff(Forbidden):
    """The program takes no reviews here (403)."""

    code = "reviews-off"
    message = _("Reviews are not written here at the moment.")


class NothingToReview(NotFound):
    """The member did not buy this, or brought it back (404)."""

    code = "nothing-to-review"
    message = _("You can review what you bought and kept.")


class WrongReview(Unprocessable):
    """Too short, too long, illegible, or without stars (422); `field` names it."""

    code = "wrong-review"
    message = _("A review cannot be like this.")


class ReviewDecided(Conflict):
    """Staff have decided about it, for good (409)."""

    code = "review-decided"
    message = _("This review has been decided about and cannot be changed any more.")


class ReviewChanged(Stale):
    """The member wrote it anew since the staff read it (412)."""

    code = "review-changed"
    message = _("The member wrote this review anew meanwhile. Read it again.")
