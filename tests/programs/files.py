"""Files of purchases as tests write them."""

import io
from typing import Any

from loyalty.programs.models.program import Program
from loyalty.programs.services.imports import ImportReport, import_purchases

HEADER = "external_id,member,occurred_on,quantity,amount"


def bring(program: Program, text: str | bytes, **facts: Any) -> ImportReport:
    """Import a file with this content."""
    content = text if isinstance(text, bytes) else text.encode()
    return import_purchases(program, io.BytesIO(content), actor="operator", **facts)


def rows(*lines: str, header: str = HEADER) -> str:
    return "\n".join([header, *lines, ""])


def mistakes(report: ImportReport) -> list[tuple[int, str]]:
    """Line and column of each."""
    return [(mistake.line, mistake.column) for mistake in report.mistakes]


def one_mistake(report: ImportReport) -> tuple[int, str, str]:
    (found,) = report.mistakes
    return found.line, found.column, found.reason
