"""What came back of a purchase, in words."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from django.utils.translation import gettext as _

from loyalty.programs.rules.wording.amounts import number_of, products_of

NAMED = 3


class Piece(NamedTuple):
    """So many of one line's product came back, out of those that were sold."""

    product: str
    back: Decimal
    sold: Decimal


def returned_words(pieces: Sequence[Piece], *, is_whole: bool) -> str:
    """What one return brought back: "Returned 2 of 3 espresso". `is_whole`: all of the purchase in one step."""
    if is_whole and len(pieces) > 1:
        return _("Returned everything")
    things = products_of([_piece(each) for each in pieces[:NAMED]], len(pieces[NAMED:]))
    return _("Returned %(things)s") % {"things": things}


def _piece(piece: Piece) -> str:
    words = {"back": number_of(piece.back), "sold": number_of(piece.sold), "product": piece.product or _("items")}
    if piece.back == piece.sold == 1:
        return piece.product or _("an item")
    if piece.back == piece.sold:
        return _("%(back)s %(product)s") % words
    return _("%(back)s of %(sold)s %(product)s") % words
