"""What came back of purchases, and what that did to points."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from loyalty.programs.models.activity import Activity
from loyalty.programs.models.program import Program
from loyalty.programs.models.returns import Return
from loyalty.programs.queries.activities import activity_of
from loyalty.programs.rules.returns import NONE, Sold


def returns_of(purchase: Activity) -> list[Return]:
    """The returns of a purchase in the order in which they were recorded."""
    return list(Return.objects.filter(purchase=purchase).order_by("pk"))


def returns_by_purchase(purchase_ids: Iterable[int]) -> dict[int, list[Return]]:
    """The returns of some purchases, in one statement; those without any are left out."""
    found: dict[int, list[Return]] = {}
    for each in Return.objects.filter(purchase__in=set(purchase_ids)).order_by("pk"):
        found.setdefault(each.purchase_id, []).append(each)
    return found


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
