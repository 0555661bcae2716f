from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext
from unfold.decorators import action, display

from loyalty.lib import clock
from loyalty.lib.admin.desk import actor_of
from loyalty.lib.admin.history import WithHistory
from loyalty.lib.admin.live import WithLiveNote
from loyalty.lib.admin.screens import ProgramScreen
from loyalty.members.models import Member
from loyalty.programs.admin.rules import StateFilter
from loyalty.programs.admin.wallets import named_for
from loyalty.programs.forms.sharing import ShareItemForm
from loyalty.programs.models.sharing import ShareItem
from loyalty.programs.queries.sharing import is_open
from loyalty.programs.rules.wording.ways import share_note
from loyalty.programs.services.sharing import archive_share_item, publish_share_item, save_share_item
from loyalty.programs.services.ways import Desk


@admin.register(ShareItem)
class ShareItemScreen(WithLiveNote, WithHistory, ProgramScreen):
    """Things that members share: what is sent, what earns, and what came of it."""

    form = ShareItemForm
    list_display = ("header", "pays_on", "period", "links", "visitors", "paid", "state")
    list_select_related = ("program",)
    list_filter = (StateFilter,)
    ordering = ("-id",)
    search_fields = ("title", "code")
    prepopulated_fields = {"code": ("title",)}
    actions_detail = ("publish", "archive")
    add_words = _("New thing to share")
    empty_title = _("Members share nothing yet")
    empty_hint = _("Add a page of yours with a few words, publish it, and say by a rule for “share” what it pays.")
    fieldsets = (
        (_("What is sent"), {"fields": ("title", "code", "text", "url")}),
        (
            _("What earns"),
            {
                "fields": ("pays_on", "period"),
                "description": _(
                    "It pays by the earning rules for “share”; they can ask for its code (attribute “item”). Every "
                    "member is paid once in a period, however often they share and however many come."
                ),
            },
        ),
        (_("When"), {"fields": ("starts_at", "ends_at"), "description": _("Empty: at any time.")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        counts = {"count_links": Count("shares"), "sum_visits": Sum("shares__visits")}
        return super().get_queryset(request).annotate(**counts, count_paid=Count("shares__activity"))

    @display(description=_("thing to share"), header=True)
    def header(self, item: ShareItem) -> list[str]:
        return [item.title, item.url]

    @display(description=_("members"))
    def links(self, item: ShareItem) -> int:
        return item.count_links  # type: ignore[attr-defined]

    @display(description=_("visits"))
    def visitors(self, item: ShareItem) -> int:
        return item.sum_visits or 0  # type: ignore[attr-defined]

    @display(description=_("rewarded"))
    def paid(self, item: ShareItem) -> int:
        return item.count_paid  # type: ignore[attr-defined]

    @display(description=_("state"), label={"on": "success", "off": "default", "wait": "primary", "draft": "info"})
    def state(self, item: ShareItem) -> tuple[str, Any]:
        if item.is_archived:
            return ("off", _("archived"))
        if not item.is_published:
            return ("draft", _("draft"))
        if is_open(item, clock.now()):
            return ("on", pgettext("share item", "open"))
        return ("wait", pgettext("share item", "closed now"))

    def save_model(self, request: HttpRequest, obj: ShareItem, form: Any, change: bool) -> None:
        save_share_item(obj, actor=actor_of(request))

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        actions = super().get_actions_detail(request, object_id)
        item = self._seen(request, str(object_id))
        is_out = item is not None and item.is_published
        return [named_for(each, item) for each in actions if not (each.path == "publish" and is_out)]

    @action(description=_("Publish"), url_path="publish", icon="publish", permissions=["change"])
    def publish(self, request: HttpRequest, object_id: str) -> HttpResponse:
        item = self.get_object_or_404(request, object_id, "change_shareitem")
        if request.method == "POST":
            publish_share_item(item, actor=actor_of(request))
            return self.done(
                request, _("Members find it in Ways to earn, within its time."), self.address("change", item)
            )
        return self.page(
            request, "admin/page_confirm.html", _("Publish this thing to share?"), obj=item, submit=_("Publish"),
            action=self.address("publish", item), consequences=list(consequences_of(item)),
        )  # fmt: skip

    @action(description=_("Archive"), url_path="archive", icon="archive", permissions=["change"])
    def archive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        item = self.get_object_or_404(request, object_id, "change_shareitem")
        if request.method == "POST":
            archive_share_item(item, is_archived=not item.is_archived, actor=actor_of(request))
            return self.done(request, _("Saved."), self.address("changelist"))
        words = _("Members cannot share it any more. Links that are out still lead on, and count no more.")
        if item.is_archived:
            words = _("Members can share it again, and visits count.")
        return self.page(
            request, "admin/page_confirm.html", _("Take it back?") if item.is_archived else _("Archive this thing?"),
            obj=item, action=self.address("archive", item), consequences=[words],
            submit=_("Take it back") if item.is_archived else _("Archive"),
        )  # fmt: skip


def consequences_of(item: ShareItem) -> Iterator[str]:
    """Who can share it, what counts, and what each of them earns."""
    heads = Member.objects.of(item.program).active().count()
    yield ngettext("%(count)d member can share it.", "%(count)d members can share it.", heads) % {"count": heads}
    yield share_note(item.pays_on, item.period)
    sentences = Desk(Member(program=item.program)).sentences("share")
    yield " ".join(sentences) or str(_("No earning rule pays for “share” so far: members share it for nothing."))
