"""Who changed what, when, from which value to which: read from simple-history, shown in words."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import formats, timezone
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext as _

SHOWN = 200
WORDS = {"+": "added", "~": "changed", "-": "removed"}


@dataclass(frozen=True)
class Change:
    """One field, as it was and as it became, in words."""

    field: str
    before: str
    after: str


@dataclass(frozen=True)
class Entry:
    """One saving of one thing. `kind` is added, changed or removed."""

    at: datetime
    who: str
    what: str
    name: str
    kind: str
    changes: list[Change]


def in_words(field: models.Field, value: Any) -> str:
    """A stored value as a person would write it; a dash for nothing."""
    if value is None or value in ("", [], {}):
        return "–"
    if choices := dict(getattr(field, "flatchoices", ())):
        return str(choices.get(value, value))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return formats.date_format(timezone.localtime(value), "DATETIME_FORMAT")
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value)
    return Truncator(formats.localize(value)).chars(300)


def entries_of(obj: models.Model, rows: tuple[str, ...] = ()) -> list[Entry]:
    """Every saving of `obj` and of the rows that belong to it (`rows`: names of reverse relations), newest first."""
    entries = list(_entries(obj.history, {obj._meta.pk.attname: obj.pk}))  # type: ignore[attr-defined]
    for name in rows:
        relation = obj._meta.get_field(name)
        history = relation.related_model.history  # type: ignore[union-attr]
        entries += _entries(history, {relation.field.attname: obj.pk})  # type: ignore[union-attr]
    return sorted((e for e in entries if e.changes or e.kind != "changed"), key=lambda entry: entry.at, reverse=True)


def _entries(history: Any, scope: dict[str, Any]) -> Iterator[Entry]:
    before: dict[Any, Any] = {}
    records = history.filter(**scope).select_related("history_user").order_by("-history_date", "-history_id")
    for record in reversed(list(records[:SHOWN])):
        fields = [field for field in record.tracked_fields if not field.primary_key]
        previous = before.get(record.id)
        before[record.id] = record
        yield Entry(
            at=record.history_date,
            who=str(record.history_user or record.history_change_reason or _("the system")),
            what=capfirst(str(record.instance_type._meta.verbose_name)),
            name=str(record.instance),
            kind=WORDS[record.history_type],
            changes=list(_changes(fields, previous, record)) if record.history_type != "-" else [],
        )


def _changes(fields: list[models.Field], before: Any, after: Any) -> Iterator[Change]:
    for field in fields:
        old = getattr(before, field.attname) if before is not None else None
        new = getattr(after, field.attname)
        if old != new:
            old_words, new_words = _value(field, before, old), _value(field, after, new)
            if old_words != new_words:
                yield Change(capfirst(str(field.verbose_name)), old_words, new_words)


def _value(field: models.Field, record: Any, value: Any) -> str:
    """As `in_words`; something related is named, not numbered."""
    if value is not None and field.is_relation:
        related = field.related_model._base_manager.filter(pk=value).first()  # type: ignore[union-attr]
        return str(related) if related else f"#{value}"
    return in_words(field, value)


class WithHistory:
    """A screen whose history page says who changed what; `history_rows` names the rows that belong to the thing."""

    history_rows: tuple[str, ...] = ()

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        obj = self.get_object(request, object_id)  # type: ignore[attr-defined]
        if obj is None:
            raise Http404
        if not self.has_view_permission(request, obj):  # type: ignore[attr-defined]
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),  # type: ignore[attr-defined]
            "title": _("History"),
            "entries": entries_of(obj, self.history_rows),
            "original": obj,
            "object": obj,
            "opts": self.opts,  # type: ignore[attr-defined]
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/change_history.html", context)
