"""Operators' screens of the schedules: when each job runs, whether it is on, and "run now"."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask
from kombu.exceptions import OperationalError
from unfold.decorators import action, display

from config.celery import app
from loyalty.lib.admin.screens import OperatorScreen


@admin.register(PeriodicTask)
class ScheduleScreen(OperatorScreen):
    """The jobs that keep time. Each is harmless twice, so that “run now” never does harm."""

    list_display = ("title", "when", "pill", "last_run_at", "total_run_count")
    list_select_related = ("interval", "crontab", "solar", "clocked")
    list_filter = ("enabled",)
    ordering = ("name",)
    fieldsets = (
        (None, {"fields": ("name", "description", "task", "enabled")}),
        (
            _("When it runs"),
            {
                "fields": ("crontab", "interval"),
                "description": _("Choose one of the two: at fixed times, or every so often. Times are UTC."),
            },
        ),
        (_("So far"), {"fields": ("last_run_at", "total_run_count", "date_changed")}),
    )
    readonly_fields = ("name", "task", "last_run_at", "total_run_count", "date_changed")
    actions_detail = ("run_now",)
    empty_title = _("No job is scheduled")
    empty_hint = _("Run the command `migrate` once more: it puts the product’s jobs back.")

    @display(description=_("job"), header=True, ordering="name")
    def title(self, task: PeriodicTask) -> list[str]:
        return [task.name, task.description]

    @display(description=_("runs"))
    def when(self, task: PeriodicTask) -> str:
        return task.crontab.human_readable if task.crontab else str(task.schedule)

    @display(description=_("state"), label={"on": "success", "off": "warning"}, ordering="enabled")
    def pill(self, task: PeriodicTask) -> tuple[str, Any]:
        return ("on", _("on")) if task.enabled else ("off", _("off"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @action(description=_("Run now"), url_path="run-now", icon="play_arrow", permissions=["change"])
    def run_now(self, request: HttpRequest, object_id: str) -> HttpResponse:
        task = self.get_object(request, object_id)
        if task is None:
            return HttpResponseRedirect(self.address("changelist"))
        if request.method == "POST":
            return self._send(request, task)
        return self.page(
            request,
            "admin/page_confirm.html",
            _("Run this job now?"),
            obj=task,
            action=self.address("run_now", task),
            consequences=[_("It runs once more, in the background; its schedule stays as it is.")],
            submit=_("Run now"),
        )

    def _send(self, request: HttpRequest, task: PeriodicTask) -> HttpResponse:
        try:
            app.send_task(task.task)
        except OperationalError:
            messages.error(request, _("The queue does not answer: is the worker’s broker running?"))
            return HttpResponseRedirect(self.address("change", task))
        return self.done(request, _("The job is in the queue."), self.address("change", task))


class TimesScreen(OperatorScreen):
    """Times that jobs may run at; not in the sidebar, reached from a job."""

    list_display = ("__str__",)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).order_by("pk")


admin.site.register(CrontabSchedule, TimesScreen)
admin.site.register(IntervalSchedule, TimesScreen)
