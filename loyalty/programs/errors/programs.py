"""Programs, wallets, rules and ladders: what is refused, in the user's words."""

from django.utils.translation import gettext_lazy as _

from loyalty.lib.errors import Conflict, NotFound, Unprocessable


class UnknownProgram(NotFound):
    """No program has this code (404)."""

    code = "unknown-program"
    message = _("There is no such program.")

    def __init__(self, program: str = "") -> None:
        named = _("There is no program with the code “%(code)s”.")
        super().__init__(named % {"code": program} if program else None, field="program")


class UnknownWallet(NotFound):
    """The program has no such wallet (404)."""

    code = "unknown-wallet"
    message = _("There is no such wallet in this program.")


class UnknownTier(NotFound):
    """The program has no such ladder in force, or the ladder no such tier (404)."""

    code = "unknown-tier"
    message = _("There is no such tier in this program.")


class ReasonMissing(Unprocessable):
    """Points are adjusted by hand only with a reason (422)."""

    code = "reason-missing"
    message = _("Say why the points are adjusted.")


class WrongPolicy(Unprocessable):
    """A wallet's policy that contradicts itself (422); `field` names the setting."""

    code = "wrong-policy"
    message = _("This policy does not hold together.")


class WrongRule(Unprocessable):
    """An earning rule that makes no sense (422); `field` names the setting."""

    code = "wrong-rule"
    message = _("This rule does not hold together.")


class ProgramExists(Conflict):
    """The code is taken (409)."""

    code = "program-exists"
    message = _("Another program has this code already.")


class RulesChanged(Conflict):
    """Rules or policies changed while a file was being judged (409)."""

    code = "rules-changed"
    message = _("The program’s rules were changed while the file was being read. Nothing was imported; start again.")
