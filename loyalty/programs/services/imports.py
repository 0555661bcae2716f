"""A file of purchases comes in: read and judged first, then everything in one transaction, or nothing."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO

from loyalty.members.errors import ProgramClosed
from loyalty.outbox.services import publish
from loyalty.programs.errors.imports import AlreadyRunning
from loyalty.programs.errors.programs import RulesChanged
from loyalty.programs.events import PurchasesImported
from loyalty.programs.models.program import Program
from loyalty.programs.queries.configuration import Configuration, configuration_of
from loyalty.programs.services import import_posting as posting
from loyalty.programs.services.import_in_turn import post_in_turn, preview_in_turn
from loyalty.programs.services.import_reader import Mistake
from loyalty.programs.services.import_staging import Staged, stage, staging_table
from loyalty.programs.services.transactions import in_transaction, turn_of

SOURCE = "import"
type Progress = Callable[[str, int], None]


def no_progress(_phase: str, _rows: int) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or a dry run would do. `errors` counts all mistakes, `mistakes` are the first 200 of them.

    `rows` stand in the file, `imported` are new, `skipped` were recorded before (or stand twice, alike, in the file).
    """

    rows: int
    imported: int
    skipped: int
    errors: int
    members_enrolled: int
    points_awarded: int
    mistakes: tuple[Mistake, ...] = ()

    def figures(self) -> dict[str, int]:
        """The six numbers."""
        return {name: value for name, value in asdict(self).items() if name != "mistakes"}

    def to_json(self) -> dict[str, Any]:
        """Everything, as an import's row in the database keeps it."""
        return asdict(self) | {"mistakes": [asdict(mistake) for mistake in self.mistakes]}


def import_purchases(
    program: Program,
    stream: BinaryIO,
    *,
    actor: str,
    source: str = SOURCE,
    dry_run: bool = False,
    skip_wrong_rows: bool = False,
    progress: Progress = no_progress,
) -> ImportReport:
    """Every row becomes a purchase of one line, judged by the live rules; unknown members are enrolled.

    All or nothing: one mistake, and nothing is imported; with `skip_wrong_rows` the good rows are. Receipts recorded
    before under the same `source` are skipped, so that a file, or a longer one, may come again. Memory does not grow
    with the file. Single rows publish no ActivityRecorded; the file as a whole publishes PurchasesImported.
    `progress` hears a phase (read, write) and the rows done.
    Raises ProgramClosed, AlreadyRunning (one import per program at a time), RulesChanged.
    """
    configuration = configuration_of(program)
    if not configuration.program.is_active:
        raise ProgramClosed
    with turn_of(f"import:{program.pk}") as is_ours:
        if not is_ours:
            raise AlreadyRunning
        with staging_table():
            staged = stage(configuration, stream, source=source, progress=lambda rows: progress("read", rows))
            if staged.errors and not skip_wrong_rows:
                return _report(staged, posting.Posted(0, 0, 0))
            if dry_run:
                return _report(staged, _preview(configuration, source))
            return _report(staged, in_transaction(lambda: _apply(configuration, source, actor, progress)))


def _apply(configuration: Configuration, source: str, actor: str, progress: Progress) -> posting.Posted:
    if configuration_of(configuration.program).version != configuration.version:
        raise RulesChanged
    post = post_in_turn if configuration.judges_in_turn else posting.post
    posted = post(configuration, source=source, actor=actor, progress=lambda rows: progress("write", rows))
    if posted.rows:
        publish(
            PurchasesImported(configuration.program.pk, source, posted.rows, posted.members_enrolled, posted.points)
        )
    return posted


def _preview(configuration: Configuration, source: str) -> posting.Posted:
    if configuration.judges_in_turn:
        return preview_in_turn(configuration, source=source)
    return posting.preview(configuration)


def _report(staged: Staged, posted: posting.Posted) -> ImportReport:
    return ImportReport(
        rows=staged.rows,
        imported=posted.rows,
        skipped=staged.skipped,
        errors=staged.errors,
        members_enrolled=posted.members_enrolled,
        points_awarded=posted.points,
        mistakes=tuple(sorted(staged.mistakes, key=lambda mistake: mistake.line)),
    )
