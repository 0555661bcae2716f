from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import action, display

from loyalty.lib.admin.desk import actor_of
from loyalty.lib.admin.forms import posted
from loyalty.lib.admin.history import WithHistory
from loyalty.lib.admin.live import WithLiveNote
from loyalty.lib.admin.screens import ProgramScreen
from loyalty.members.forms import SegmentNamesForm
from loyalty.members.models import Segment
from loyalty.members.services.segments import Listed, put_on_segment, save_segment, take_off_segment


@admin.register(Segment)
class SegmentScreen(WithLiveNote, WithHistory, ProgramScreen):
    """Lists of members that rules and campaigns ask about. Members come onto them by file or by hand."""

    list_display = ("name", "code", "heads", "is_archived")
    list_filter = ("is_archived",)
    ordering = ("is_archived", "name")
    search_fields = ("name", "code")
    fields = ("name", "code", "description", "is_archived")
    prepopulated_fields = {"code": ("name",)}
    actions_detail = ("put_on", "take_off")
    add_words = _("New list")
    empty_title = _("No list yet")
    empty_hint = _("Make a list, put members on it by file, and ask for it in a rule or a campaign.")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).annotate(count_heads=Count("places"))

    @display(description=_("members"))
    def heads(self, segment: Segment) -> int:
        return segment.count_heads  # type: ignore[attr-defined]

    def save_model(self, request: HttpRequest, obj: Segment, form: Any, change: bool) -> None:
        save_segment(obj, actor=actor_of(request))

    @action(description=_("Put members on it"), url_path="put-on", icon="person_add", permissions=["change"])
    def put_on(self, request: HttpRequest, object_id: str) -> HttpResponse:
        segment = self.get_object_or_404(request, object_id, "change_segment")
        return self._names_page(request, segment, put_on_segment, _("Put members on this list"), _("Put on"))

    @action(description=_("Take members off"), url_path="take-off", icon="person_remove", permissions=["change"])
    def take_off(self, request: HttpRequest, object_id: str) -> HttpResponse:
        segment = self.get_object_or_404(request, object_id, "change_segment")
        return self._names_page(request, segment, take_off_segment, _("Take members off this list"), _("Take off"))

    def _names_page(self, request: HttpRequest, segment: Segment, act: Any, title: Any, submit: Any) -> HttpResponse:
        form = SegmentNamesForm(*posted(request, with_files=True))

        def do(_filled: dict[str, Any]) -> HttpResponse:
            names = form.names()
            listed = act(segment, names, actor=actor_of(request))
            if not listed.unknown:
                return self.done(request, _told(listed), self.address("change", segment))
            return self.page(
                request, "members/admin/segment_told.html", title, obj=segment, told=_told(listed), listed=listed,
                wrong=[(names[name], name) for name in listed.examples],
                more=listed.unknown - len(listed.examples),
            )  # fmt: skip

        return self.form_page(request, form, do, title, obj=segment, submit=submit)


def _told(listed: Listed) -> str:
    words = ngettext("%(count)d member changed.", "%(count)d members changed.", listed.changed)
    told = words % {"count": listed.changed}
    if listed.unknown:
        unknown = ngettext("%(count)d name is nobody’s here.", "%(count)d names are nobody’s here.", listed.unknown)
        told += " " + unknown % {"count": listed.unknown}
    return told
