"""Screens whose changes take effect at once, also where a program lets its configuration wait as a draft."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from loyalty.lib.admin.desk import desk_of


class WithLiveNote:
    """Says so, where somebody could expect otherwise."""

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        program = desk_of(request).program
        if request.method == "GET" and program is not None and program.publishing != "at_once":
            messages.info(request, _("What you save here is no part of the draft: it takes effect at once."))
        return super().changeform_view(request, object_id, form_url, extra_context)  # type: ignore[misc]
