from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from loyalty.lib.admin.desk import desk_of
from loyalty.lib.admin.screens import ProgramScreen, ReadOnly
from loyalty.members.queries import members_matching
from loyalty.messaging.models import Delivery


@admin.register(Delivery)
class DeliveryScreen(ReadOnly, ProgramScreen):
    """What was sent to whom, through which channel; and what was not, and why."""

    scope = "member__program"
    paginator = InfinitePaginator
    list_display = ("created_at", "member", "subject", "channel", "pill", "why")
    list_select_related = ("member",)
    list_filter = ("state", "channel", "kind")
    list_filter_submit = True
    search_fields = ("pk",)
    search_help_text = _("A member’s number, own id, e-mail address or name")
    ordering = ("-id",)
    fields = readonly_fields = ("member", "channel", "kind", "recipient", "subject", "state", "why", "created_at")
    empty_title = _("Nothing was sent yet")
    empty_hint = _("Members are told before points expire; each message stands here with its channel.")

    @display(description=_("state"), label={"sent": "success", "skipped": "warning"})
    def pill(self, delivery: Delivery) -> tuple[str, str]:
        return (delivery.state, delivery.get_state_display())

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        program = desk_of(request).program
        if not search_term.strip() or program is None:
            return queryset, False
        found: Any = members_matching(program, search_term).values_list("pk", flat=True)[:200]
        return queryset.filter(member__in=list(found)), False
