import json
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import ngettext
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from loyalty.lib.errors import DomainError
from loyalty.programs.queries.programs import program_by_code
from loyalty.programs.services.imports import SOURCE, ImportReport, import_purchases

PHASES = {"read": "Reading", "write": "Writing"}


def lines_in(path: Path) -> int:
    """About how many rows a file has, for the progress bar."""
    with path.open("rb") as stream:
        return max(sum(block.count(b"\n") for block in iter(lambda: stream.read(1 << 20), b"")) - 1, 1)


class Command(BaseCommand):
    help = (
        "Bring a file of purchases into a program: external_id, member, occurred_on, quantity, amount, and if you like "
        "currency, store, channel, sku, category. All or nothing; what was recorded before is skipped."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, metavar="FILE.csv")
        parser.add_argument("--program", required=True, metavar="CODE")
        parser.add_argument("--dry-run", action="store_true", help="check and judge everything, store nothing")
        parser.add_argument("--json", action="store_true", help="print the six figures as one JSON object")
        parser.add_argument("--source", default=SOURCE, help="whose receipts these are (default: %(default)s)")
        parser.add_argument(
            "--skip-wrong-rows", action="store_true", help="import the good rows although others are wrong"
        )

    def handle(self, *, file, program, dry_run, source, skip_wrong_rows, **options):
        console = Console(file=self.stderr, stderr=True, no_color=options["no_color"])
        try:
            with file.open("rb") as stream, self._progress(console, lines_in(file)) as progress:
                report = import_purchases(
                    program_by_code(program), stream, actor="operator", source=source, dry_run=dry_run,
                    skip_wrong_rows=skip_wrong_rows, progress=progress.hear,
                )  # fmt: skip
        except DomainError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"The file {file} cannot be read: {error.strerror}.") from error
        self._tell(report, as_json=options["json"], dry_run=dry_run)

    def _tell(self, report: ImportReport, *, as_json: bool, dry_run: bool) -> None:
        for mistake in report.mistakes:
            self.stderr.write(f"line {mistake.line}{mistake.column and ', ' + mistake.column}: {mistake.reason}")
        if (more := report.errors - len(report.mistakes)) > 0:
            self.stderr.write(f"… and {more} more")
        if as_json:
            self.stdout.write(json.dumps(report.figures()))
        else:
            self.stdout.write(self._sentence(report, dry_run))
        if report.errors:
            raise SystemExit(1)

    @staticmethod
    def _sentence(report: ImportReport, dry_run: bool) -> str:
        done = "Would import" if dry_run else "Imported"
        purchases = ngettext("%(count)d purchase", "%(count)d purchases", report.rows) % {"count": report.rows}
        errors = ngettext("%(count)d error", "%(count)d errors", report.errors) % {"count": report.errors}
        new = report.members_enrolled
        members = ngettext("%(count)d new member", "%(count)d new members", new) % {"count": new}
        points = ngettext("%(count)d point", "%(count)d points", report.points_awarded)
        return (
            f"{done} {report.imported} of {purchases} ({report.skipped} recorded before, {errors}): {members}, "
            f"{points % {'count': report.points_awarded}}."
        )

    @staticmethod
    def _progress(console: Console, rows: int) -> "Bar":
        return Bar(console, rows)


class Bar:
    """A progress bar for people; where nobody watches it shows nothing."""

    def __init__(self, console: Console, rows: int) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._tasks: dict[str, int] = {}
        self._rows = rows

    def __enter__(self) -> "Bar":
        self._progress.start()
        return self

    def __exit__(self, *_failure: object) -> None:
        self._progress.stop()

    def hear(self, phase: str, rows: int) -> None:
        if phase not in self._tasks:
            self._tasks[phase] = self._progress.add_task(PHASES[phase], total=self._rows)
        self._progress.update(self._tasks[phase], completed=rows)
