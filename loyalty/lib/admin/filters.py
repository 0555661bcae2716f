"""Filters that stay quick on large tables: what is looked for is written, not chosen from all there is."""

from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import TextFilter


class ExactFilter(TextFilter):
    """Rows whose column `parameter_name` is exactly what was written."""

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        asked = (self.value() or "").strip()
        return queryset.filter(**{self.parameter_name: asked}) if asked else queryset
