"""From the temporary table into the books where one purchase decides what another earns: in the order of time, slice by
slice, each as a batch of a till's is recorded. Slower than set by set, and the same as one by one.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from loyalty.lib.errors import DomainError
from loyalty.programs.errors.imports import ImportOvertaken
from loyalty.programs.models.activity import Activity
from loyalty.programs.queries.configuration import Configuration
from loyalty.programs.rules.occurrence import PURCHASE, Line
from loyalty.programs.services.batches import Answer, Batch
from loyalty.programs.services.drafts import Draft
from loyalty.programs.services.facts import NOTHING, Recorded
from loyalty.programs.services.import_posting import Posted, enrol_unknown, lock_members

SLICE = 1_000
ROWS = """
SELECT r.at, r.line, m.number, r.receipt, r.digest, r.quantity, r.amount, r.store, r.channel, r.sku, r.category
FROM import_row r JOIN loyalty_member m ON m.program_id = %s AND m.external_id = r.member
WHERE (r.at, r.line) > (%s::timestamptz, %s) ORDER BY r.at, r.line LIMIT %s"""


class _Undo(Exception):
    """What would be posted is known; nothing of it stays."""

    def __init__(self, posted: Posted) -> None:
        self.posted = posted


def preview_in_turn(configuration: Configuration, *, source: str) -> Posted:
    """What posting would do now: it is done, and taken back."""
    try:
        with transaction.atomic():
            raise _Undo(post_in_turn(configuration, source=source, actor="", progress=lambda rows: None))
    except _Undo as undo:
        return undo.posted


def post_in_turn(configuration: Configuration, *, source: str, actor: str, progress: Callable[[int], None]) -> Posted:
    """Everything in the table, within the caller's transaction. Raises ImportOvertaken, ProgramClosed and
    TooManyPoints.
    """
    program = configuration.program
    enrolled = enrol_unknown(program, actor)
    lock_members(program)
    rows = points = 0
    after: tuple[Any, int] = ("-infinity", 0)
    while some := _slice(program.pk, after):
        batch = Batch(program, actor, is_told=False)
        answers: dict[int, Answer] = {}
        if batch.book({row[1]: _draft(source, program.currency, row) for row in some}, answers):
            raise ImportOvertaken
        points += sum(_points(answer) for answer in answers.values())
        rows += len(some)
        after = some[-1][:2]
        progress(rows)
    return Posted(rows, enrolled, points)


def _slice(program_id: int, after: tuple[Any, int]) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(ROWS, [program_id, *after, SLICE])
        return cursor.fetchall()


def _points(answer: Answer) -> int:
    if isinstance(answer, DomainError):
        raise answer
    if not isinstance(answer, Recorded) or answer.replayed:
        raise ImportOvertaken
    return sum(award.points for award in answer.awards)


def _draft(source: str, currency: str, row: tuple) -> Draft:
    at, _line, number, receipt, digest, quantity, amount, store, channel, sku, category = row
    line = Line(Decimal(amount), Decimal(quantity), sku=sku, category=category)
    return Draft(
        kind=Activity.Kind.PURCHASE.value, type=PURCHASE, source=source, external_id=receipt, number=number, at=at,
        digest=digest, attributes=NOTHING, attributes_json="{}", currency=currency, total=line.amount, channel=channel,
        store=store, lines=(line,),
    )  # fmt: skip
