"""Drafts, versions and blueprints: what is refused, in the user's words."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from loyalty.lib.errors import Conflict, Forbidden, NotFound, Unprocessable


class WrongDocument(Unprocessable):
    """A program's document that makes no sense (422); `where` is the way to the setting, such as rules, 0, points."""

    code = "wrong-document"
    message = _("This document does not hold together.")

    def __init__(
        self, message: str | Promise | None = None, *, where: tuple[str | int, ...] = (), line: int = 0
    ) -> None:
        self.where, self.line = where, line
        super().__init__(message, field=".".join(str(each + 1 if isinstance(each, int) else each) for each in where))


class NothingToPublish(Conflict):
    """The draft says what is in force already (409)."""

    code = "nothing-to-publish"
    message = _("There is nothing to publish: the draft is what is in force.")


class SecondPersonNeeded(Forbidden):
    """Somebody who worked on the draft would publish it, in a program that asks for four eyes (403)."""

    code = "second-person-needed"
    message = _("You worked on this draft yourself. In this program somebody else publishes it.")


class SecondPersonGoesBack(SecondPersonNeeded):
    """A version that only one person ever saw, and the same one would go back to it (403)."""

    message = _("You put this version in force alone. In this program somebody else has to go back to it.")


class DraftOpen(Conflict):
    """An unpublished draft stands in the way (409)."""

    code = "draft-open"
    message = _("There is a draft that is not published. Publish or discard it first.")


class StillInUse(Conflict):
    """Something cannot go because members stand on it (409)."""

    code = "still-in-use"
    message = _("Members stand on the tier “%(name)s”. Move them first.")

    def __init__(self, name: str) -> None:
        super().__init__(self.message % {"name": name})


class ProgramInUse(Conflict):
    """A blueprint would change what members live by, at once (409)."""

    code = "program-in-use"
    message = _("This program has activity. Let changes go live as a draft first, then start from a blueprint.")


class UnknownBlueprint(NotFound):
    """There is no such blueprint and no such file (404)."""

    code = "unknown-blueprint"
    message = _("There is no such blueprint.")
