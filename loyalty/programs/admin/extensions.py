from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import display

from loyalty.lib import clock
from loyalty.lib.admin.desk import actor_of
from loyalty.lib.admin.history import WithHistory
from loyalty.lib.admin.screens import InlineOfScreen, ProgramScreen
from loyalty.programs.admin.banner import WithDraftBanner
from loyalty.programs.admin.previews import WithPreview
from loyalty.programs.forms.extensions import ExtensionAudienceForm, ExtensionForm
from loyalty.programs.forms.rules import ConditionFormSet, guide
from loyalty.programs.models.extensions import Extension, ExtensionCondition
from loyalty.programs.queries.configuration import extension_of
from loyalty.programs.queries.extensions import preview_of, runs_of, words_for, words_of_extension
from loyalty.programs.rules.invalid import InvalidSetting
from loyalty.programs.rules.wording.invalid import message_for
from loyalty.programs.services.extensions import ask_for_run


class ExtensionAudienceInline(InlineOfScreen, TabularInline):
    """Whose points last longer; all of it must hold."""

    model = ExtensionCondition
    form = ExtensionAudienceForm
    formset = ConditionFormSet
    extra = 0
    fields = ("subject", "name", "operator", "value")
    verbose_name = _("condition")
    verbose_name_plural = _("Audience: only members of whom all of this holds")


@admin.register(Extension)
class ExtensionScreen(WithDraftBanner, WithHistory, WithPreview, ProgramScreen):
    """Members of an audience keep their points longer."""

    form = ExtensionForm
    inlines = (ExtensionAudienceInline,)
    history_rows = ("extension_audience",)
    list_display = ("name", "pill", "said")
    list_select_related = ("wallet", "program")
    ordering = ("pk",)
    detail_pages = {"reach": "reach_view"}
    warn_unsaved_form = True
    change_form_before_template = "programs/admin/extension_head.html"
    add_words = _("Let points last longer")
    empty_title = _("Points last equally long for everyone")
    empty_hint = _("Give a tier, a list or other members more months, or a day until which their points last.")
    fieldsets = (
        (None, {"fields": ("name", "wallet", "is_on")}),
        (_("How much longer"), {"fields": ("months", "until")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).prefetch_related("extension_audience")

    @display(description=_("state"), label={"on": "success", "off": "default"})
    def pill(self, row: Extension) -> tuple[str, Any]:
        return ("on", _("on")) if row.is_on else ("off", _("off"))

    @display(description=_("in words"))
    def said(self, row: Extension) -> str:
        return _said(row)

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        row = self._seen(request, str(object_id)) if object_id else None
        may = self.has_change_permission(request, row) if row else self.has_add_permission(request)
        context: dict[str, Any] = {"guide": guide(), "may_preview": may}
        if row is not None:
            context |= {"sentence": _said(row), "runs": runs_of(row), "reach": self.address("reach", row)}
        return super().changeform_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def preview_of(self, row: Extension, formsets: list[Any]) -> dict[str, Any]:
        """In words, and what it would do to the members of today."""
        try:
            found = extension_of(row, formsets[0].rows())
        except InvalidSetting as error:
            return {"preview_error": message_for(error)}
        said = " ".join(words_for(found, row.wallet, row.program.currency))
        return {"preview_said": said, "preview": preview_of(found, row.wallet, clock.now())}

    def reach_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Whom it is for, and how many points; asked once, the points there are last longer too."""
        row = self.get_object_or_404(request, str(object_id), "change_extension")
        if request.method == "POST":
            ask_for_run(row, actor=actor_of(request))
            message = _("Noted. The points are dated within minutes; you see here how far it is.")
            return self.done(request, message, self.address("change", row))
        try:
            found = extension_of(row, list(row.extension_audience.all()))
        except InvalidSetting as error:
            messages.error(request, message_for(error))
            return HttpResponseRedirect(self.address("change", row))
        preview = preview_of(found, row.wallet, clock.now())
        return self.page(
            request, "programs/admin/extension_confirm.html", _("Let points there are last longer, too?"), obj=row,
            action=self.address("reach", row), submit=_("Let them last longer"), preview=preview,
            consequences=[
                _said(row),
                _("What lasts longer already stays as it is: the longest wins. This cannot be undone."),
            ],
        )  # fmt: skip


def _said(row: Extension) -> str:
    try:
        return " ".join(words_of_extension(row))
    except InvalidSetting as error:
        return message_for(error)
