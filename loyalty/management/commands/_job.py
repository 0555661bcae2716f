"""What the commands that run a job by hand have in common: which program, as of when, and the answer as JSON."""

import json
from abc import ABC, abstractmethod
from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from loyalty.ledger.rules import ensure_instant
from loyalty.lib.errors import DomainError
from loyalty.programs.models.program import Program
from loyalty.programs.queries.programs import program_by_code


class JobCommand(BaseCommand, ABC):
    """`run` does the work and returns the figures, `sentence` tells them to people."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--program", metavar="CODE", help="only this program (default: all)")
        parser.add_argument(
            "--at",
            metavar="INSTANT",
            help="as of then (default: now); without an offset in the program’s zone, else UTC",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            program = program_by_code(options["program"]) if options["program"] else None
            figures = self.run(program, instant(options["at"], program))
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(figures) if options["json"] else self.sentence(figures))

    @abstractmethod
    def run(self, program: Program | None, at: datetime | None) -> dict[str, int]:
        """The job on one program or all, waiting its turn."""

    @abstractmethod
    def sentence(self, figures: dict[str, int]) -> str:
        """The figures of `run` in words."""


def points_in_lots(points: int, lots: int) -> str:
    """Such as “12 points in 1 lot”."""
    some_points = ngettext("%(count)d point", "%(count)d points", points) % {"count": points}
    some_lots = ngettext("%(count)d lot", "%(count)d lots", lots) % {"count": lots}
    return _("%(points)s in %(lots)s") % {"points": some_points, "lots": some_lots}


def instant(text: str | None, program: Program | None) -> datetime | None:
    """An ISO instant, aware; a bare date is the beginning of that day. Raises BeyondCalendar."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"“{text}” is not an instant. Write 2026-12-31, or 2026-12-31T23:00:00+01:00.") from None
    at = at if at.tzinfo else at.replace(tzinfo=ZoneInfo(program.time_zone) if program else UTC)
    ensure_instant(at)
    return at
