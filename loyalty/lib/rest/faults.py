"""What is wrong with an input, and where."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from loyalty.lib.errors import Malformed

type Place = Literal["pointer", "parameter", "header"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong. `at` is a JSON pointer into the body, or the name of a parameter or header."""

    code: str
    detail: str | Promise
    at: str = ""
    place: Place = "pointer"

    def below(self, name: str | int) -> "Fault":
        """The same fault, seen from the object or list that holds `name`."""
        step = str(name).replace("~", "~0").replace("/", "~1")
        return replace(self, at=f"/{step}{self.at}")


class InvalidInput(Malformed):
    """The input is not of the documented shape; nothing was done."""

    code = "invalid"
    message = _("The request is not of the documented shape.")

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__()

    @classmethod
    def of(cls, code: str, detail: str | Promise) -> "InvalidInput":
        """One fault, here."""
        return cls([Fault(code, detail)])

    def below(self, name: str | int) -> tuple[Fault, ...]:
        return tuple(fault.below(name) for fault in self.faults)
