from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from loyalty.lib.admin.desk import desk_of
from loyalty.lib.admin.forms import posted
from loyalty.lib.admin.screens import ProgramScreen
from loyalty.programs.admin.imports import is_worker_there, ring
from loyalty.programs.forms.backtests import BacktestForm
from loyalty.programs.models.backtests import Backtest
from loyalty.programs.queries.backtests import report_shown
from loyalty.programs.queries.versions import has_draft
from loyalty.programs.services.backtests import ask_backtest

State = Backtest.State
LOOK = {State.WAITING: "default", State.RUNNING: "info", State.DONE: "success", State.FAILED: "danger"}
BUSY = {State.WAITING, State.RUNNING}
TASK = "loyalty.programs.tasks.work_on_backtests"


@admin.register(Backtest)
class BacktestScreen(ProgramScreen):
    """The configuration as it stands in the editor, tried on what members really did. No points are moved."""

    list_display = ("title", "months", "pill", "asked_by", "created_at")
    list_select_related = ("asked_by", "program")
    ordering = ("-id",)
    detail_pages = {"progress": "progress_view"}
    add_words = gettext_lazy("New backtest")
    empty_title = gettext_lazy("Nothing was tried yet")
    empty_hint = gettext_lazy("See what a draft would have cost on the last months, and who gains and who loses by it.")

    @display(description=gettext_lazy("state"), label=LOOK)
    def pill(self, test: Backtest) -> tuple[str, str]:
        return (test.state, test.get_state_display())

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        program = desk_of(request).program
        if program is None or not self.has_add_permission(request):
            raise PermissionDenied

        def ask(filled: dict[str, Any]) -> HttpResponse:
            title = _("The draft") if has_draft(program) else _("The configuration in force")
            test = ask_backtest(
                program, title=title, months=filled["months"], user=desk_of(request).user, budget=filled["budget"]
            )
            ring(TASK)
            return HttpResponseRedirect(self.address("change", test))

        intro = _("Every purchase and activity of the last months is judged anew by the configuration as you edit it. "
                  "No points are moved.")  # fmt: skip
        form = BacktestForm(*posted(request))
        return self.form_page(request, form, ask, _("Try it on your history"), submit=_("Try it"), intro=intro)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        test = self.get_object_or_404(request, object_id, "view_backtest")
        return self.page(request, "programs/admin/backtest.html", test.title, **self._state(test))

    def progress_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The part that changes while it runs."""
        test = self.get_object_or_404(request, str(object_id), "view_backtest")
        return TemplateResponse(request, "programs/admin/backtest_state.html", self._state(test))

    def _state(self, test: Backtest) -> dict[str, Any]:
        percent = 100 * test.done_rows // test.total_rows if test.total_rows else 0
        return {
            "test": test,
            "shown": report_shown(test),
            "currency": test.program.currency,
            "error": test.report.get("error", ""),
            "is_busy": test.state in BUSY,
            "no_worker": test.state == State.WAITING and not is_worker_there(),
            "percent": min(percent, 100),
            "look": {"danger": "bad", "success": "good"}.get(LOOK[State(test.state)], "plain"),
            "progress_address": self.address("progress", test),
            "draft_address": reverse("admin:loyalty_programversion_draft"),
        }
