from copy import copy
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from unfold.admin import StackedInline
from unfold.decorators import action, display

from loyalty.lib.admin.desk import actor_of, desk_of
from loyalty.lib.admin.history import WithHistory
from loyalty.lib.admin.screens import InlineOfScreen, ProgramScreen
from loyalty.programs.admin.banner import WithDraftBanner
from loyalty.programs.admin.rules import StateFilter
from loyalty.programs.admin.wallets import named_for
from loyalty.programs.forms.tiers import TierForm, TierFormSet, TierSetForm
from loyalty.programs.models.tiers import Tier, TierSet
from loyalty.programs.queries.activities import units_of
from loyalty.programs.queries.ladder_preview import LadderPreview, preview_ladder
from loyalty.programs.queries.ladders import ladder_of
from loyalty.programs.queries.tiers import heads_of, reviewed
from loyalty.programs.rules.invalid import InvalidSetting
from loyalty.programs.rules.tiers import Ladder
from loyalty.programs.rules.wording.amounts import Units
from loyalty.programs.rules.wording.tiers import benefits_of, reached_by, sentences_for
from loyalty.programs.services.ladders import archive_ladder, save_ladder

FALLS = "downgrade != 'never'"


class TierInline(InlineOfScreen, StackedInline):
    """The rungs of a ladder and what they bring."""

    model = Tier
    form = TierForm
    formset = TierFormSet
    extra = 0
    fields = (
        ("name", "code", "threshold", "color"),
        ("multiplier", "discount_percent", "expiry_extra_months", "early_access_hours"),
        "perks",
    )
    verbose_name = _("tier")
    verbose_name_plural = _("Tiers, from the lowest up")


@admin.register(TierSet)
class LadderScreen(WithDraftBanner, WithHistory, ProgramScreen):
    """What members climb: what counts, what each tier brings, how they fall. Archived, never deleted."""

    form = TierSetForm
    inlines = (TierInline,)
    history_rows = ("tiers",)
    list_display = ("title", "sentence", "state")
    list_filter = (StateFilter,)
    ordering = ("position", "id")
    search_fields = ("name", "code")
    list_pages = {"preview": "preview_view"}
    actions_detail = ("archive",)
    warn_unsaved_form = True
    change_form_before_template = "programs/admin/ladder_preview.html"
    add_words = _("New ladder")
    empty_title = _("No tiers yet")
    empty_hint = _("Give members something to climb: Silver from 300 points in a calendar year, Gold from 1,000.")
    conditional_fields = {
        "wallet": "measure == 'points' || measure == 'balance'",
        "activity_types": "measure == 'activities'",
        "counted_in": "measure != 'balance'",
        "window_months": "counted_in == 'rolling'",
        "one_step_down": FALLS,
        "grace_count": FALLS,
        "grace_unit": FALLS,
        "grace_to_month_end": FALLS,
        "warn_days": FALLS,
    }
    fieldsets = (
        (_("What it is called"), {"fields": ("name", "code", "position")}),
        (_("What counts"), {"fields": ("measure", "wallet", "activity_types", "counted_in", "window_months")}),
        (
            _("How members fall"),
            {
                "fields": (
                    "downgrade",
                    "one_step_down",
                    "grace_count",
                    "grace_unit",
                    "grace_to_month_end",
                    "warn_days",
                ),
                "description": _(
                    "Members rise at once when they reach a threshold. What they bring back never counts."
                ),
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).prefetch_related("tiers").select_related("program", "wallet", "review")

    @display(description=_("ladder"), header=True, ordering="name")
    def title(self, row: TierSet) -> list[str]:
        return [row.name, row.code]

    @display(description=_("in words"))
    def sentence(self, row: TierSet) -> str:
        return " ".join(words_of(row, list(row.tiers.all())))

    @display(description=_("state"), label={"on": "success", "off": "default"})
    def state(self, row: TierSet) -> tuple[str, Any]:
        return ("off", _("archived")) if row.is_archived else ("on", _("in use"))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("code",) if obj else ()

    # --- The ladder as a picture, and what a change would do ----------------------------------------------------

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """A change that makes members fall is shown with its numbers first."""
        row = self.get_object(request, object_id) if object_id else None
        if request.method == "POST" and row is not None and "_confirmed" not in request.POST:
            preview = self._previewed(request, row) if self.has_change_permission(request, row) else None
            if preview is not None and (preview.fallen or preview.falling_later):
                return self._ask(request, row, preview)
        context = {**picture_of(row), **(extra_context or {})} if row else extra_context
        return super().changeform_view(request, object_id, form_url, context)

    def preview_view(self, request: HttpRequest) -> HttpResponse:
        """The form as it stands: in words, and what it would do to today's members. Nothing is saved."""
        program = desk_of(request).program
        if program is None or not self.has_view_permission(request):
            raise PermissionDenied
        number = request.GET.get("ladder", "")
        row = self.get_object_or_404(request, number, "view_tierset") if number.isdigit() else None
        changed = self._changed(request, row)
        context: dict[str, Any] = {"is_complete": changed is not None}
        if changed is not None:
            tier_set, ladder = changed
            context |= {
                "sentences": sentences_for(ladder, _units(tier_set), program.currency),
                "preview": preview_ladder(program, _ladder(row), ladder),
            }
        return TemplateResponse(request, "programs/admin/ladder_sample.html", context)

    def _changed(self, request: HttpRequest, row: TierSet | None) -> tuple[TierSet, Ladder] | None:
        """The ladder in the form; None while it is not complete."""
        form = self.get_form(request, row, change=bool(row))(request.POST, instance=copy(row))
        formsets, _inlines = self._create_formsets(request, form.instance, change=bool(row))
        if not form.is_valid() or not all(formset.is_valid() for formset in formsets):
            return None
        form.instance.program = desk_of(request).program
        try:
            ladder = ladder_of(form.instance, formsets[0].rows())
        except InvalidSetting:
            return None
        return (form.instance, ladder) if ladder.rungs else None

    def _previewed(self, request: HttpRequest, row: TierSet) -> LadderPreview | None:
        changed = self._changed(request, row)
        return preview_ladder(row.program, _ladder(row), changed[1]) if changed else None

    def _ask(self, request: HttpRequest, row: TierSet, preview: LadderPreview) -> HttpResponse:
        posted = [(name, each) for name, values in request.POST.lists() for each in values]
        return self.page(
            request,
            "programs/admin/ladder_confirm.html",
            _("Change this ladder?"),
            obj=row,
            action=self.address("change", row),
            hidden=[*(pair for pair in posted if pair[0] != "csrfmiddlewaretoken"), ("_confirmed", "1")],
            preview=preview,
            consequences=[
                _("Members are moved within minutes; everyone who moves is told why in their history."),
                _("Tiers promised until a day are kept until that day."),
            ],
            submit=_("Change it"),
        )

    def save_model(self, request: HttpRequest, obj: TierSet, form: Any, change: bool) -> None:
        if not change:
            obj.program = desk_of(request).program
        save_ladder(obj, actor=actor_of(request))

    # --- Actions ------------------------------------------------------------------------------------------------

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        actions = super().get_actions_detail(request, object_id)
        return [named_for(each, self._seen(request, str(object_id))) for each in actions]

    @action(description=_("Archive"), url_path="archive", icon="archive", permissions=["change"])
    def archive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.get_object_or_404(request, object_id, "change_tierset")
        if request.method == "POST":
            archive_ladder(row, is_archived=not row.is_archived, actor=actor_of(request))
            return self.done(request, _("Saved."), self.address("changelist"))
        back = row.is_archived
        return self.page(
            request,
            "admin/page_confirm.html",
            _("Take this ladder back into use?") if back else _("Archive this ladder?"),
            obj=row,
            action=self.address("archive", row),
            consequences=[
                _("Members stand where they stood; what they did meanwhile counts within minutes.")
                if back
                else _("Its tiers bring nothing any more, and members no longer see it.")
            ],
            submit=_("Take it back") if back else _("Archive"),
        )


def _units(row: TierSet) -> Units | None:
    return units_of(row.wallet) if row.wallet_id and row.wallet else None


def _ladder(row: TierSet | None) -> Ladder | None:
    try:
        return ladder_of(row, row.tiers.all()) if row else None
    except InvalidSetting:
        return None


def words_of(row: TierSet, tiers: list[Tier]) -> list[str]:
    """The ladder in sentences for the staff."""
    try:
        return sentences_for(ladder_of(row, tiers), _units(row), row.program.currency)
    except InvalidSetting:
        return []


def picture_of(row: TierSet) -> dict[str, Any]:
    """The ladder with the number of members on each rung."""
    ladder = _ladder(row)
    if ladder is None:
        return {}
    heads = heads_of(ladder, row.program)
    most = max((each.members for each in heads), default=0)
    rungs = [
        {
            "rung": each.rung,
            "members": each.members,
            "share": round(100 * each.members / most) if most else 0,
            "reached": reached_by(ladder, each.rung, _units(row), row.program.currency) if each.rung else "",
            "benefits": benefits_of(each.rung) if each.rung else [],
        }
        for each in heads
    ]
    return {"picture": rungs, "sentences": words_of(row, list(row.tiers.all())), "review": reviewed(row)}
