"""Surveys: what is refused, in the user's words."""

from django.utils.translation import gettext_lazy as _

from loyalty.lib.errors import Conflict, NotFound, Unprocessable


class UnknownSurvey(NotFound):
    """There is none, it is not published, or it is not for this member (404)."""

    code = "unknown-survey"
    message = _("There is no such survey.")


class SurveyClosed(Conflict):
    """Too early or too late (409)."""

    code = "survey-closed"
    message = _("This survey is closed.")


class AlreadyAnswered(Conflict):
    """Every member answers once (409)."""

    code = "already-answered"
    message = _("You have answered already. Thank you!")


class WrongAnswer(Unprocessable):
    """An answer that does not fit its question (422); `field` names it (`q` and its number)."""

    code = "wrong-answer"
    message = _("Please look at your answers.")


class NothingAsked(Conflict):
    """A survey without questions cannot be published (409)."""

    code = "nothing-asked"
    message = _("Add at least one question before you publish.")
