"""Cursors: where a list goes on. To clients they are opaque; to us they are the id of the last row seen."""

from typing import Any

from rest_framework import serializers

from loyalty.lib.rest.fields import Text, Whole
from loyalty.lib.rest.shapes import Input, Output

MOST = 200
USUAL = 50


class Cursor(Text):
    """What `next` of the page before said."""

    def __init__(self, **rest: Any) -> None:
        super().__init__(18, shortest=1, pattern="^[0-9]+$", **rest)


class PageInput(Input):
    """The parameters that every list takes."""

    limit = Whole(least=1, most=MOST, default=USUAL, help_text="How many results at most.")
    cursor = Cursor(required=False, help_text="The `next` of the page before.")


class PageOutput(Output):
    """What every list answers: its results, and where it goes on."""

    next = serializers.CharField(allow_null=True, help_text="Send it as `cursor` to read on; null on the last page.")


def page(results: list[dict[str, Any]], next_place: str | None) -> dict[str, Any]:
    """The answer of a list."""
    return {"results": results, "next": next_place}
