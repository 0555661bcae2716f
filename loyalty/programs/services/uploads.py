"""Files of purchases that staff upload: checked first, applied on a second decision, worked on in the background.

PostgreSQL is the queue: whatever waits stands in the table, so a lost, late or doubled task does no harm. A file whose
worker died is taken up again; applying twice adds nothing, because receipts are known.
"""

import time
from collections.abc import Callable
from typing import Any, BinaryIO, cast

from django.core.files import File
from django.db import connection, transaction
from django.utils import translation

from loyalty.lib import clock
from loyalty.lib.errors import DomainError
from loyalty.members.models import User
from loyalty.programs.errors.imports import AlreadyRunning, WrongImportState
from loyalty.programs.models.activity import PurchaseImport
from loyalty.programs.models.program import Program
from loyalty.programs.services.imports import ImportReport, import_purchases
from loyalty.programs.services.transactions import turn_of

State = PurchaseImport.State
TO_CHECK = (State.WAITING, State.CHECKING)
DUE = (*TO_CHECK, State.APPLYING)
TELL_SECONDS = 0.5


def upload_purchases(program: Program, file: File, *, user: User) -> PurchaseImport:
    """Keep the file; it waits to be checked."""
    upload = PurchaseImport(program=program, uploaded_by=user)
    upload.file.save(file.name or f"{program.code}.csv", file, save=False)
    upload.save()
    return upload


@transaction.atomic
def approve_upload(upload: PurchaseImport, *, user: User) -> PurchaseImport:
    """Let a file be applied that was checked and had no mistakes. Raises WrongImportState."""
    fresh = PurchaseImport.objects.select_for_update().get(pk=upload.pk)
    if fresh.state != State.CHECKED or fresh.report.get("errors"):
        raise WrongImportState
    fresh.state, fresh.done_rows = State.APPLYING, 0
    fresh.report = fresh.report | {"approved_by": user.pk}
    fresh.save(update_fields=["state", "done_rows", "report"])
    return fresh


def work_on_uploads() -> int:
    """Check what waits and apply what was approved, the oldest first; returns how many files were worked on."""
    worked = 0
    for number in list(PurchaseImport.objects.filter(state__in=DUE).order_by("pk").values_list("pk", flat=True)):
        with turn_of(f"upload:{number}") as is_ours:
            upload = PurchaseImport.objects.select_related("program", "uploaded_by").get(pk=number)
            worked += is_ours and upload.state in DUE and _work_on(upload)
    return worked


def _work_on(upload: PurchaseImport) -> bool:
    is_check = upload.state in TO_CHECK
    language = upload.uploaded_by.language if upload.uploaded_by else ""
    try:
        with translation.override(language or None):
            report = _read(upload, is_check)
    except AlreadyRunning:  # another worker is at it, or at another file of the program: its turn comes
        return False
    except DomainError as error:
        _finish(upload, State.FAILED, {"error": str(error)})
    except Exception as error:
        _finish(upload, State.FAILED, {"error": f"{type(error).__name__}: {error}"[:500]})
        raise
    else:
        passed = State.CHECKED if is_check else State.APPLIED
        _finish(upload, State.REFUSED if report.errors else passed, report.to_json())
    return True


def _read(upload: PurchaseImport, is_check: bool) -> ImportReport:
    actor = f"staff:{upload.report.get('approved_by') or upload.uploaded_by_id}"
    rows = max(sum(1 for _line in upload.file.open("rb")) - 1, 0)
    state = State.CHECKING if is_check else State.APPLYING
    PurchaseImport.objects.filter(pk=upload.pk, state__in=DUE).update(state=state, total_rows=rows, done_rows=0)
    with Telling(upload.pk, rows, is_check) as progress, upload.file.open("rb") as stream:
        return import_purchases(
            upload.program, cast(BinaryIO, stream), actor=actor, dry_run=is_check, progress=progress
        )


def _finish(upload: PurchaseImport, state: str, report: dict[str, Any]) -> None:
    rows = report.get("rows", upload.total_rows)
    PurchaseImport.objects.filter(pk=upload.pk).update(
        state=state, report=report, total_rows=rows, done_rows=rows, finished_at=clock.now()
    )


class Telling:
    """Writes down how far an import is, on a connection of its own: the import’s transaction hides what it writes."""

    def __init__(self, number: int, rows: int, is_check: bool) -> None:
        self.number, self.rows, self.is_check = number, rows, is_check
        self.told_at = 0.0
        self.connection = connection.copy()

    def __enter__(self) -> Callable[[str, int], None]:
        return self.tell

    def __exit__(self, *_failure: object) -> None:
        self.connection.close()

    def tell(self, phase: str, rows: int) -> None:
        """Reading is the first half of applying a file, writing the second."""
        if time.monotonic() - self.told_at < TELL_SECONDS:
            return
        self.told_at = time.monotonic()
        done = rows if self.is_check else rows // 2 + (self.rows // 2 if phase == "write" else 0)
        with self.connection.cursor() as cursor:
            cursor.execute("UPDATE loyalty_purchaseimport SET done_rows = %s WHERE id = %s", [done, self.number])
