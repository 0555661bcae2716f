"""Rows on their way in: read, checked against what is known, judged, and laid into temporary tables, slice by slice.

Nothing of the program is locked or changed by this. The tables belong to the session: they go with the process.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import batched
from typing import BinaryIO

from django.db import connection
from django.utils.translation import gettext as _

from loyalty.members.models import Member
from loyalty.programs.errors.activities import TooManyPoints
from loyalty.programs.queries import imports as queries
from loyalty.programs.queries.configuration import Configuration
from loyalty.programs.services.import_judging import Judge
from loyalty.programs.services.import_reader import Mistake, PurchaseFile, RawRow, Unreadable
from loyalty.programs.services.import_rows import Row, RowReader

SLICE = 5_000
KEPT_MISTAKES = 200
UNJUDGED = (0, 0, "[]", "[]")
NO_FIRST = (None, None, None, None)
COLUMNS = (
    "line, receipt, member, at, quantity, amount, store, channel, sku, category, digest, "
    "points, explanation, awards, grants, first_points, first_explanation, first_awards, first_grants"
)
CREATE = """
CREATE TEMPORARY TABLE import_row (
    line int NOT NULL, receipt text NOT NULL, member text NOT NULL, at timestamptz NOT NULL, quantity numeric NOT NULL,
    amount numeric NOT NULL, store text NOT NULL, channel text NOT NULL, sku text NOT NULL, category text NOT NULL,
    digest text NOT NULL, points bigint NOT NULL, explanation int NOT NULL, awards text NOT NULL, grants text NOT NULL,
    first_points bigint, first_explanation int, first_awards text, first_grants text
);
CREATE TEMPORARY TABLE import_explanation (id int PRIMARY KEY, steps jsonb NOT NULL)"""
DROP = "DROP TABLE IF EXISTS pg_temp.import_row, pg_temp.import_explanation"

REPEATED = """
SELECT r.line, r.first_line, r.is_same
FROM (SELECT line, first_value(line) OVER earlier AS first_line,
             (digest, member) = (first_value(digest) OVER earlier, first_value(member) OVER earlier) AS is_same
      FROM import_row WHERE receipt IN (SELECT receipt FROM import_row GROUP BY receipt HAVING count(*) > 1)
      WINDOW earlier AS (PARTITION BY receipt ORDER BY line)) r
WHERE r.line > r.first_line ORDER BY r.line"""


@dataclass(slots=True)
class Staged:
    """What the file holds so far. `rows` counts them all, `skipped` those recorded before, `mistakes` the first 200."""

    source: str
    rows: int = 0
    skipped: int = 0
    errors: int = 0
    mistakes: list[Mistake] = field(default_factory=list)

    def note(self, mistakes: list[Mistake]) -> None:
        self.errors += len(mistakes)
        self.mistakes += mistakes[: max(KEPT_MISTAKES - len(self.mistakes), 0)]


@contextmanager
def staging_table() -> Iterator[None]:
    """The temporary tables, for as long as they are needed."""
    with connection.cursor() as cursor:
        cursor.execute(DROP)
        cursor.execute(CREATE)
    try:
        yield
    finally:
        if not connection.needs_rollback and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute(DROP)


def stage(
    configuration: Configuration, stream: BinaryIO, *, source: str, progress: Callable[[int], None] = lambda rows: None
) -> Staged:
    """Read the whole file into the table; `progress` hears how many rows are done. Mistakes are noted, never raised."""
    staged = Staged(source)
    try:
        file = PurchaseFile(stream)
    except Unreadable as error:
        staged.note([error.mistake])
        return staged
    try:
        stager = _Stager(
            configuration, staged, RowReader(configuration.program, has_decimal_commas=file.has_decimal_commas)
        )
        for some in batched(file.rows(), SLICE):
            stager.take(some)
            progress(staged.rows)
    finally:
        file.close()
    _settle_repetitions(staged)
    if not staged.rows:
        staged.note([Mistake(2, "", _("The file has no rows."))])
    return staged


class _Stager:
    def __init__(self, configuration: Configuration, staged: Staged, reader: RowReader) -> None:
        self._program = configuration.program
        self._staged = staged
        self._reader = reader
        self._judge = Judge(configuration)
        self._is_judged_later = configuration.judges_in_turn

    def take(self, some: tuple[RawRow | Mistake, ...]) -> None:
        """One slice: two look-ups and one COPY."""
        rows = [row for each in some if (row := self._read(each))]
        rows = self._unknown(rows)
        people = queries.people_of(self._program, {row.member for row in rows}, with_attributes=self._judge.asks_member)
        with connection.cursor() as cursor, cursor.copy(f"COPY import_row ({COLUMNS}) FROM STDIN") as copy:
            for row in rows:
                status, attributes = people.get(row.member, (Member.Status.ACTIVE, "{}"))
                if status != Member.Status.ACTIVE:
                    self._note(row, "member", _("This member is blocked, or has left the program."))
                    continue
                if cells := self._judged(row, attributes):
                    copy.write_row(cells)
        self._explain()

    def _read(self, raw: RawRow | Mistake) -> Row | None:
        self._staged.rows += 1
        row = [raw] if isinstance(raw, Mistake) else self._reader.read(raw)
        if isinstance(row, Row):
            return row
        self._staged.note(row)
        return None

    def _unknown(self, rows: list[Row]) -> list[Row]:
        """Leave out what was recorded before; the same receipt with other content is a mistake."""
        known = queries.receipts_of(self._program, self._staged.source, [row.receipt for row in rows])
        fresh = []
        for row in rows:
            first = known.get(row.receipt)
            if first is None:
                fresh.append(row)
            elif first == (row.digest, row.member):
                self._staged.skipped += 1
            else:
                self._note(row, "external_id", _("This receipt was recorded before with other content."))
        return fresh

    def _judged(self, row: Row, attributes: str) -> tuple | None:
        if self._is_judged_later:
            return (*_facts_of(row), *UNJUDGED, *NO_FIRST)
        try:
            usual = self._judge.outcome(row, is_first=False, member=attributes)
            first = self._judge.outcome(row, is_first=True, member=attributes) if self._judge.asks_first else None
        except TooManyPoints as error:
            self._note(row, "amount", str(error))
            return None
        return (*_facts_of(row), *usual, *(first or NO_FIRST))

    def _explain(self) -> None:
        """Each explanation once, however many rows it is of."""
        with connection.cursor() as cursor, cursor.copy("COPY import_explanation (id, steps) FROM STDIN") as copy:
            for explanation in self._judge.new_explanations():
                copy.write_row(explanation)

    def _note(self, row: Row, column: str, reason: str) -> None:
        self._staged.note([Mistake(row.line, column, reason)])


def _facts_of(row: Row) -> tuple:
    return (
        row.line, row.receipt, row.member, row.at_text, row.quantity_text, row.amount_text, row.store, row.channel,
        row.sku, row.category, row.digest,
    )  # fmt: skip


def _settle_repetitions(staged: Staged) -> None:
    """A receipt that stands twice in the file counts once; with other content the second time it is a mistake."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX ON import_row (line)")
        cursor.execute("ANALYZE import_row (line, receipt, member, explanation), import_explanation (id)")
        cursor.execute(REPEATED)
        repeated = cursor.fetchall()
        if repeated:
            lines = [line for line, _first, _is_same in repeated]
            cursor.execute("DELETE FROM import_row WHERE line = ANY (%s)", [lines])
    words = _("This receipt stands on line %(line)d already, with other content.")
    staged.skipped += sum(is_same for _line, _first, is_same in repeated)
    staged.note(
        [Mistake(line, "external_id", words % {"line": first}) for line, first, is_same in repeated if not is_same]
    )
