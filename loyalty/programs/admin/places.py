from typing import Any

import segno
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext
from unfold.decorators import action, display

from loyalty.lib import clock
from loyalty.lib.admin.desk import actor_of
from loyalty.lib.admin.history import WithHistory
from loyalty.lib.admin.screens import ProgramScreen
from loyalty.programs.admin.banner import WithDraftBanner
from loyalty.programs.admin.rules import StateFilter
from loyalty.programs.admin.wallets import named_for
from loyalty.programs.forms.places import PlaceForm
from loyalty.programs.models.checkins import Place
from loyalty.programs.queries.checkins import code_shown, is_open
from loyalty.programs.rules.rotating import seconds_left
from loyalty.programs.services.checkins import archive_place, save_place


@admin.register(Place)
class PlaceScreen(WithDraftBanner, WithHistory, ProgramScreen):
    """Stores and events where members check in, and the page with the code for a tablet."""

    form = PlaceForm
    list_display = ("name", "kind", "starts_at", "ends_at", "state")
    list_filter = (StateFilter, "kind")
    ordering = ("name", "id")
    search_fields = ("name", "code")
    actions_detail = ("show", "archive")
    add_words = _("New place")
    empty_title = _("Members cannot check in anywhere yet")
    empty_hint = _("Add a store or an event, then show its code on a tablet. It changes every 30 seconds.")
    fieldsets = (
        (_("What it is"), {"fields": ("name", "code", "kind")}),
        (_("When"), {"fields": ("starts_at", "ends_at"), "description": _("Empty: at any time.")}),
    )

    @display(description=_("state"), label={"on": "success", "off": "default", "wait": "primary"})
    def state(self, place: Place) -> tuple[str, Any]:
        if place.is_archived:
            return ("off", _("archived"))
        if is_open(place, clock.now()):
            return ("on", pgettext("place", "open"))
        return ("wait", pgettext("place", "closed now"))

    def save_model(self, request: HttpRequest, obj: Place, form: Any, change: bool) -> None:
        save_place(obj, actor=actor_of(request))

    def has_show_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, "show_place", obj)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        actions = super().get_actions_detail(request, object_id)
        return [named_for(each, self._seen(request, str(object_id))) for each in actions]

    @action(description=_("Show the code"), url_path="show", icon="qr_code_2", permissions=["show"])
    def show(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The code, large; the page comes anew by itself when the code changes, also without a script."""
        place = self.get_object_or_404(request, object_id, "show_place")
        now = clock.now()
        path = reverse("loyalty:scanned", args=[place.program.code, place.code, code_shown(place, now)])
        qr = segno.make_qr(request.build_absolute_uri(path), error="m")
        svg = qr.svg_inline(omitsize=True, border=4, dark="#000", light="#fff", svgclass="l-code", lineclass=None)
        response = self.page(
            request, "programs/admin/place_code.html", _("Scan to check in"), obj=place,
            qr=mark_safe(svg),  # noqa: S308 - drawn by us
            is_open=is_open(place, now) and not place.is_archived,
        )  # fmt: skip
        response.headers["Refresh"] = str(seconds_left(now))
        response.headers["Cache-Control"] = "no-store"
        return response

    @action(description=_("Archive"), url_path="archive", icon="archive", permissions=["change"])
    def archive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        place = self.get_object_or_404(request, object_id, "change_place")
        if request.method == "POST":
            archive_place(place, is_archived=not place.is_archived, actor=actor_of(request))
            return self.done(request, _("Saved."), self.address("changelist"))
        words = _("Its code leads nowhere any more. What members earned there stays.")
        if place.is_archived:
            words = _("Members can check in there again.")
        return self.page(
            request, "admin/page_confirm.html", _("Take it back?") if place.is_archived else _("Archive this place?"),
            obj=place, action=self.address("archive", place), consequences=[words],
            submit=_("Take it back") if place.is_archived else _("Archive"),
        )  # fmt: skip
