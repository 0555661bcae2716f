"""What came back of purchases, and what that did to points."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.db.models import QuerySet

from loyalty.programs.models.activity import Activity
from loyalty.programs.models.program import Program
from loyalty.programs.models.returns import Return
from loyalty.programs.queries.activities import activity_of
from loyalty.programs.rules.returns import NONE, Sold
from loyalty.programs.rules.wording.returns import Piece, returned_words


def returns_of(purchase: Activity) -> list[Return]:
    """The returns of a purchase in the order in which they were recorded."""
    return list(_with_lines().filter(purchase=purchase).order_by("pk"))


def returns_by_purchase(purchase_ids: Iterable[int]) -> dict[int, list[Return]]:
    """The returns of some purchases, in one statement; those without any are left out."""
    found: dict[int, list[Return]] = {}
    for each in _with_lines().filter(purchase__in=set(purchase_ids)).order_by("pk"):
        found.setdefault(each.purchase_id, []).append(each)
    return found


def returned_by_key(keys: Iterable[str]) -> dict[str, Return]:
    """The returns behind keys of the ledger (return:<purchase>:<wallet or posting>:<id>), in two statements."""
    named = {key: parts for key in keys if len(parts := key.split(":", 3)) == 4 and parts[0] == "return"}
    if not named:
        return {}
    found = returns_by_purchase(int(parts[1]) for parts in named.values())
    known = {(str(pk), each.external_id): each for pk, some in found.items() for each in some}
    return {key: known[parts[1], parts[3]] for key, parts in named.items() if (parts[1], parts[3]) in known}


def words_of(done: Return) -> str:
    """What a return brought back, in the language in force."""
    sold = {line.position: line for line in done.purchase.lines.all()}
    pieces = [
        Piece(line.category or line.sku, Decimal(row["quantity"]), line.quantity)
        for row in done.lines
        if (line := sold.get(row["line"]))
    ]
    is_whole = len(pieces) == len(sold) and all(piece.back == piece.sold for piece in pieces)
    return returned_words(pieces, is_whole=is_whole)


def _with_lines() -> QuerySet[Return]:
    return Return.objects.select_related("purchase").prefetch_related("purchase__lines")


def returns_page(
    program: Program, source: str, receipt: str, *, limit: int, cursor: str | None = None
) -> tuple[Activity, list[Return], str | None]:
    """A purchase, some of its returns (newest first), and the cursor of those that follow. Raises UnknownActivity."""
    purchase = activity_of(program, source=source, external_id=receipt)
    before = {"pk__lt": int(cursor)} if cursor else {}
    found = list(Return.objects.filter(purchase=purchase, **before).order_by("-pk")[: limit + 1])
    return purchase, found[:limit], str(found[limit - 1].pk) if len(found) > limit else None


def sold_lines(purchase: Activity, returns: Sequence[Return]) -> list[Sold]:
    """The lines of a purchase with how many of each came back."""
    back: dict[int, Decimal] = {}
    for row in (row for each in returns for row in each.lines):
        back[row["line"]] = back.get(row["line"], NONE) + Decimal(row["quantity"])
    lines = purchase.lines.order_by("position")
    return [
        Sold(line.position, line.quantity, line.amount, line.kind == "item", back.get(line.position, NONE))
        for line in lines
    ]
