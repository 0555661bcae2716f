"""Cursors: where a list goes on. Opaque to clients, checked when they come back."""

import base64
import binascii
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from loyalty.lib.rest.faults import InvalidInput
from loyalty.lib.rest.fields import StrictField, Whole
from loyalty.lib.rest.shapes import Input, Output

MOST = 200
USUAL = 50
_LONGEST = 200


def write_cursor(place: str) -> str:
    """`place` as an opaque word that is safe in an address."""
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


class Cursor(StrictField):
    """What `next` of the page before said."""

    def read(self, value: Any) -> str:
        try:
            place = base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True).decode("ascii")
        except (binascii.Error, ValueError):
            place = ""
        if not 0 < len(place) <= _LONGEST or not place.isprintable():
            raise InvalidInput.of("cursor", _("Not a cursor of this list."))
        return place

    def describe(self) -> dict[str, Any]:
        return {"type": "string"}


class PageInput(Input):
    """The parameters that every list takes."""

    limit = Whole(least=1, most=MOST, default=USUAL, help_text=_("How many results at most."))
    cursor = Cursor(required=False, help_text=_("The `next` of the page before."))


class PageOutput(Output):
    """What every list answers: its results, and where it goes on."""

    next = serializers.CharField(allow_null=True, help_text=_("Send it as `cursor` to read on; null on the last page."))


def page(results: list[dict[str, Any]], next_place: str | None) -> dict[str, Any]:
    """The answer of a list."""
    return {"results": results, "next": write_cursor(next_place) if next_place else None}
