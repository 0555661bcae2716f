import logging
from typing import Any

from celery import current_app
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError
from unfold.decorators import display

from loyalty.lib.admin.desk import desk_of
from loyalty.lib.admin.forms import posted
from loyalty.lib.admin.screens import ProgramScreen
from loyalty.lib.errors import DomainError
from loyalty.programs.forms.imports import UploadForm
from loyalty.programs.models.activity import PurchaseImport
from loyalty.programs.services import uploads

logger = logging.getLogger(__name__)
BROKER_ERRORS = (OperationalError, RedisError, OSError)
State = PurchaseImport.State
LOOK = {
    State.WAITING: "default", State.CHECKING: "info", State.CHECKED: "primary", State.APPLYING: "info",
    State.APPLIED: "success", State.REFUSED: "danger", State.FAILED: "danger",
}  # fmt: skip
BUSY = {State.WAITING, State.CHECKING, State.APPLYING}
IDLE = {State.WAITING, State.APPLYING}
TASK = "loyalty.programs.tasks.work_on_uploads"


@admin.register(PurchaseImport)
class ImportScreen(ProgramScreen):
    """Files of purchases: uploaded, checked without writing anything, applied on a second decision."""

    list_display = ("name", "pill", "total_rows", "uploaded_by", "created_at", "finished_at")
    list_select_related = ("uploaded_by",)
    list_filter = ("state",)
    ordering = ("-id",)
    detail_pages = {"apply": "apply_view", "progress": "progress_view"}
    add_words = _("Import a file")
    empty_title = _("No file was imported yet")
    empty_hint = _("Bring your purchase history: the file is checked first and every mistake named by line and column.")

    @display(description=_("file"))
    def name(self, upload: PurchaseImport) -> str:
        return str(upload)

    @display(description=_("state"), label=LOOK)
    def pill(self, upload: PurchaseImport) -> tuple[str, str]:
        return (upload.state, upload.get_state_display())

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        program = desk_of(request).program
        if program is None or not self.has_add_permission(request):
            raise PermissionDenied
        form = UploadForm(*posted(request, with_files=True))

        def upload(filled: dict[str, Any]) -> HttpResponse:
            made = uploads.upload_purchases(program, filled["file"], user=desk_of(request).user)
            ring()
            return HttpResponseRedirect(self.address("change", made))

        return self.form_page(
            request,
            form,
            upload,
            _("Import purchases"),
            template="programs/admin/upload.html",
            submit=_("Upload and check"),
            intro=_("The file is only checked at first: you see what it would do, and every mistake."),
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        upload = self.get_object_or_404(request, object_id, "view_purchaseimport")
        context = self._state(request, upload)
        return self.page(request, "programs/admin/import.html", self.name(upload), obj=upload, **context)

    def progress_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The part of the page that changes while the file is worked on; asked for every second or two."""
        upload = self.get_object_or_404(request, str(object_id), "view_purchaseimport")
        return TemplateResponse(request, "programs/admin/import_state.html", self._state(request, upload))

    def _state(self, request: HttpRequest, upload: PurchaseImport) -> dict[str, Any]:
        percent = 100 * upload.done_rows // upload.total_rows if upload.total_rows else 0
        return {
            "upload": upload,
            "is_busy": upload.state in BUSY,
            "no_worker": upload.state in IDLE and not upload.done_rows and not is_worker_there(),
            "percent": min(percent, 100),
            "look": {"danger": "bad", "success": "good"}.get(LOOK[State(upload.state)], "plain"),
            "may_apply": upload.state == State.CHECKED and self.has_change_permission(request, upload),
            "progress_address": self.address("progress", upload),
            "apply_address": self.address("apply", upload),
            "add_address": self.address("add"),
        }

    def apply_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        upload = self.get_object_or_404(request, str(object_id), "change_purchaseimport")
        if request.method == "POST":
            return self._apply(request, upload)
        words = {name: f"{upload.report.get(name, 0):,}" for name in ("imported", "members_enrolled", "points_awarded")}
        return self.page(
            request,
            "admin/page_confirm.html",
            _("Import this file?"),
            obj=upload,
            action=self.address("apply", upload),
            consequences=[
                _("%(imported)s purchases are recorded.") % words,
                _("%(members_enrolled)s new members are enrolled.") % words,
                _("%(points_awarded)s points are given, by the rules that are live now.") % words,
                _("All of it or nothing: if anything goes wrong in the middle, nothing is written."),
            ],
            submit=_("Import"),
        )

    def _apply(self, request: HttpRequest, upload: PurchaseImport) -> HttpResponse:
        try:
            uploads.approve_upload(upload, user=desk_of(request).user)
        except DomainError as error:
            messages.error(request, str(error))
        else:
            ring()
        return HttpResponseRedirect(self.address("change", upload))


def ring(task: str = TASK) -> None:
    """Wake a worker. If the queue is out of order, the schedule does: what waits stands in the database."""
    try:
        current_app.send_task(task, retry=False)
    except BROKER_ERRORS as error:
        logger.warning("The upload waits for its schedule, the queue is out of order: %s", error)


def is_worker_there() -> bool:
    """Whether any worker answers within half a second."""
    try:
        return bool(current_app.control.ping(timeout=0.5, limit=1))
    except BROKER_ERRORS:
        return False
