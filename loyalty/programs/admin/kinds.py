from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import action, display

from loyalty.lib.admin.desk import actor_of, desk_of
from loyalty.lib.admin.history import WithHistory
from loyalty.lib.admin.screens import InlineOfScreen, ProgramScreen
from loyalty.programs.admin.banner import WithDraftBanner
from loyalty.programs.admin.rules import StateFilter
from loyalty.programs.admin.wallets import named_for
from loyalty.programs.forms.kinds import KindAttributeForm, KindAttributeFormSet, KindForm, TypeInput
from loyalty.programs.models.kinds import ActivityKind, KindAttribute
from loyalty.programs.queries.kinds import schema_of, types_of
from loyalty.programs.rules.wording.kinds import STARTS, duplicates_of, sentence_for_kind, sentence_for_pays
from loyalty.programs.services.kinds import archive_kind, save_kind


class KindAttributeInline(InlineOfScreen, TabularInline):
    """What is told with every activity of the type."""

    model = KindAttribute
    form = KindAttributeForm
    formset = KindAttributeFormSet
    extra = 0
    fields = ("name", "form", "choices", "is_required")
    verbose_name = _("attribute")
    verbose_name_plural = _("What is told with it")

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        start = STARTS.get(request.GET.get("start", "")) if obj is None and request.method == "GET" else None
        return len(start.attributes) if start else 0


@admin.register(ActivityKind)
class KindScreen(WithDraftBanner, WithHistory, ProgramScreen):
    """Types of activity: what members read of them, and what tills must tell. Archived, never deleted."""

    form = KindForm
    inlines = (KindAttributeInline,)
    history_rows = ("attributes",)
    list_display = ("header", "told", "paying", "state")
    list_filter = (StateFilter,)
    ordering = ("name", "id")
    search_fields = ("name", "code")
    actions_detail = ("archive",)
    change_form_before_template = "programs/admin/kind_starts.html"
    conditional_fields = {"pays_for": "pays == 'value'"}
    add_words = _("New type")
    empty_title = _("Every type of activity is free so far")
    empty_hint = _("Define a type to give it a name that members read, and to refuse what does not belong to it.")
    fieldsets = (
        (_("What it is"), {"fields": ("code", "name", "description", "url", "is_shown")}),
        (
            _("What is told with it"),
            {
                "fields": ("is_strict",),
                "description": _("Attributes can be asked for by earning rules. Wrong ones are refused with words."),
            },
        ),
        (
            _("How often it pays"),
            {
                "fields": ("pays", "pays_for"),
                "description": _("Holds whatever ids tills and shops send, also when two of them send at one moment."),
            },
        ),
        (_("Birthdays and anniversaries"), {"fields": ("leap_day",), "classes": ("collapse",)}),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("attributes")

    @display(description=_("type"), header=True)
    def header(self, kind: ActivityKind) -> list[str]:
        return [kind.name, kind.code]

    @display(description=_("what is told with it"))
    def told(self, kind: ActivityKind) -> str:
        return sentence_for_kind(kind.code, schema_of(kind))

    @display(description=_("it pays"))
    def paying(self, kind: ActivityKind) -> str:
        return sentence_for_pays(kind.pays, kind.pays_for)

    @display(description=_("state"), label={"on": "success", "off": "default"})
    def state(self, kind: ActivityKind) -> tuple[str, Any]:
        return ("off", _("archived")) if kind.is_archived else ("on", _("in use"))

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        program = desk_of(request).program
        if program and "code" in form.base_fields:
            form.base_fields["code"].widget = TypeInput([pair for pair in types_of(program) if pair[0] != "purchase"])
        return form

    # --- Starting from what others have ------------------------------------------------------------------------------

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        kind = self._seen(request, str(object_id)) if object_id else None
        chosen = request.GET.get("start", "")
        context = {
            "starts": [] if kind else [(code, start.name, code == chosen) for code, start in STARTS.items()],
            "duplicates": _duplicates(kind, chosen),
        }
        return super().changeform_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        code = request.GET.get("start", "")
        start = STARTS.get(code)
        if start is None:
            return {}
        words = {"name": str(start.name), "description": str(start.description)}
        return {"code": code, "pays": start.pays, "pays_for": start.pays_for, **words}

    def get_formset_kwargs(self, request: HttpRequest, obj: Any, inline: Any, prefix: str) -> dict[str, Any]:
        """The attributes of what it starts from, to be changed and saved like any others."""
        given = super().get_formset_kwargs(request, obj, inline, prefix)
        start = STARTS.get(request.GET.get("start", ""))
        if start and obj.pk is None and request.method == "GET":
            given["initial"] = [
                {
                    "name": each.name,
                    "form": each.form,
                    "choices": ", ".join(each.choices),
                    "is_required": each.is_required,
                }
                for each in start.attributes
            ]
        return given

    def save_model(self, request: HttpRequest, obj: ActivityKind, form: Any, change: bool) -> None:
        save_kind(obj, actor=actor_of(request))

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        actions = super().get_actions_detail(request, object_id)
        return [named_for(each, self._seen(request, str(object_id))) for each in actions]

    @action(description=_("Archive"), url_path="archive", icon="archive", permissions=["change"])
    def archive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        kind = self.get_object_or_404(request, object_id, "change_activitykind")
        if request.method == "POST":
            archive_kind(kind, is_archived=not kind.is_archived, actor=actor_of(request))
            return self.done(request, _("Saved."), self.address("changelist"))
        words = _("Tills may then tell anything with this type. What was recorded stays, and rules for it still pay.")
        if kind.is_archived:
            words = _("From now on what tills tell is checked again.")
        return self.page(
            request, "admin/page_confirm.html", _("Take it back?") if kind.is_archived else _("Archive this type?"),
            obj=kind, action=self.address("archive", kind), consequences=[words],
            submit=_("Take it back") if kind.is_archived else _("Archive"),
        )  # fmt: skip


def _duplicates(kind: ActivityKind | None, chosen: str) -> str:
    """What keeps the type of the form from paying twice; of a new one, as it starts."""
    if kind:
        return duplicates_of(kind.code, kind.pays, kind.pays_for)
    start = STARTS.get(chosen)
    return duplicates_of(chosen, start.pays, start.pays_for) if start else duplicates_of(chosen)
