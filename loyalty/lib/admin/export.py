"""Lists as CSV and XLSX: the rows that the list shows with its filters, never a cell that a spreadsheet would run."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import tablib
from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from import_export.resources import ModelResource

from loyalty.lib import clock
from loyalty.lib.admin.desk import desk_of
from loyalty.lib.errors import DomainError, Unprocessable

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
XLSX_ROWS = 100_000
PLAIN_NUMBER = re.compile(r"-?\d+([.,]\d+)?")


def safe_cell(value: Any) -> Any:
    """Text that begins like a formula gets an apostrophe in front (OWASP, CSV injection); plain numbers stay."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") and not PLAIN_NUMBER.fullmatch(value):
        return f"'{value}"
    return value


class SafeResource(ModelResource):
    """The columns of an export; every cell is made safe, instants have their offset and the zone of the page."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.zone = timezone.get_current_timezone()  # rows are read when the page's zone is no longer in force

    def export_field(self, field: Any, instance: Any, selected_fields: Any = None, **kwargs: Any) -> Any:
        value = field.get_value(instance)
        if isinstance(value, datetime):
            return value.astimezone(self.zone).isoformat(timespec="seconds")
        return safe_cell(super().export_field(field, instance, **kwargs))


def csv_answer(headers: list[str], rows: Iterator[list[Any]], name: str) -> StreamingHttpResponse:
    """Rows as they come from the database: memory stays flat for a million of them."""

    def lines() -> Iterator[str]:
        yield "\ufeff" + tablib.Dataset(headers).export("csv")
        for row in rows:
            yield tablib.Dataset(row).export("csv")

    return StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8", headers=_attachment(name, "csv"))


def xlsx_answer(headers: list[str], rows: Iterator[list[Any]], name: str) -> HttpResponse:
    """A workbook, built in memory; raises Unprocessable beyond 100,000 rows."""
    data = tablib.Dataset(headers=headers, title=name[:31])
    for row in rows:
        if len(data) >= XLSX_ROWS:
            raise Unprocessable(_("More than 100,000 rows: filter the list, or take the CSV file."))
        data.append(row)
    return HttpResponse(data.export("xlsx"), content_type=XLSX, headers=_attachment(name, "xlsx"))


WRITERS = {"csv": csv_answer, "xlsx": xlsx_answer}


def _attachment(name: str, extension: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}-{clock.now():%Y-%m-%d}.{extension}"'}


class WithExport:
    """A list that can be taken away: the rows of the open program under the list's own filters and search."""

    resource_class: type[SafeResource]
    export_permission = ""
    change_list_template = "admin/change_list_export.html"

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"  # type: ignore[attr-defined]
        view = self.admin_site.admin_view(self.export_view)  # type: ignore[attr-defined]
        return [path("export.<slug:kind>", view, name=name), *super().get_urls()]  # type: ignore[misc]

    def export_view(self, request: HttpRequest, kind: str) -> HttpResponseBase:
        if kind not in WRITERS:
            raise Http404
        if not self.may_export(request):
            raise PermissionDenied
        resource = self.resource_class()
        headers = [str(header) for header in resource.get_export_headers()]
        try:
            found = self.export_rows(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(f"{self.address('changelist')}?e=1")  # type: ignore[attr-defined]
        rows = (resource.export_resource(obj) for obj in found.iterator(chunk_size=2000))
        try:
            return WRITERS[kind](headers, rows, str(self.opts.verbose_name_plural).replace(" ", "-"))  # type: ignore[attr-defined]
        except DomainError as error:
            messages.error(request, str(error))
            return HttpResponseRedirect(self.address("changelist"))  # type: ignore[attr-defined]

    def export_rows(self, request: HttpRequest) -> models.QuerySet:
        """What the list would show on all its pages."""
        changelist = self.get_changelist_instance(request)  # type: ignore[attr-defined]
        rows = changelist.get_queryset(request)
        related = self.list_select_related  # type: ignore[attr-defined]
        return rows.select_related(*related) if related else rows

    def may_export(self, request: HttpRequest) -> bool:
        return desk_of(request).may(self.export_permission)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        context = {"may_export": self.may_export(request), **(extra_context or {})}
        return super().changelist_view(request, context)  # type: ignore[misc]
