"""Whoever edits a configuration that is published apart is told so, and whether something waits."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from loyalty.lib.admin.desk import desk_of
from loyalty.programs.models.program import Publishing
from loyalty.programs.queries.versions import has_draft


class WithDraftBanner:
    """A screen of configuration. What of it takes effect at once all the same is said by `live_words`."""

    live_words: Any = ""

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        _tell(request)
        return super().changelist_view(request, extra_context)  # type: ignore[misc]

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        _tell(request, self.live_words)
        return super().changeform_view(request, object_id, form_url, extra_context)  # type: ignore[misc]


def _tell(request: HttpRequest, live_words: Any = "") -> None:
    program = desk_of(request).program
    if request.method != "GET" or program is None or program.publishing == Publishing.AT_ONCE:
        return
    waits = has_draft(program)
    words = (
        _("There is a draft that is not published. Purchases are still judged by the version in force.")
        if waits
        else _("You edit a draft: nothing changes for members until it is published.")
    )
    address = reverse("admin:loyalty_programversion_draft")
    told = f"{words} {live_words}" if live_words else words
    link = format_html('{} <a href="{}" style="text-decoration: underline">{}</a>', told, address, _("See the draft"))
    (messages.warning if waits else messages.info)(request, link)
