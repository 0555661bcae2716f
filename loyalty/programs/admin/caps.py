from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from unfold.admin import StackedInline
from unfold.decorators import display

from loyalty.lib import clock
from loyalty.lib.admin.desk import actor_of, desk_of
from loyalty.lib.admin.history import WithHistory
from loyalty.lib.admin.screens import InlineOfScreen, ProgramChangeList, ProgramScreen
from loyalty.programs.admin.banner import WithDraftBanner
from loyalty.programs.forms.campaigns import CapForm, CapRowForm
from loyalty.programs.models.caps import Cap
from loyalty.programs.queries.caps import Usage, usage_of, words_of_cap
from loyalty.programs.rules.wording.amounts import money_of, number_of
from loyalty.programs.services.campaigns import save_cap

CONDITIONAL = {"minutes": "period == 'cooldown'", "limit": "period != 'cooldown'"}


class CapInline(InlineOfScreen, StackedInline):
    """Caps of a rule or a campaign. One that is not wanted any more is switched off: what it counted is history."""

    model = Cap
    form = CapRowForm
    extra = 0
    fields = (("scope", "period", "minutes"), ("measure", "limit", "mode"), ("name", "is_active"))
    verbose_name = _("cap")
    verbose_name_plural = pgettext_lazy("caps of a rule or a campaign", "At most")
    can_delete = False
    tab = False


class CapChangeList(ProgramChangeList):
    """Every row of the page knows how full it is; a few statements, however many rows."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows = list(self.result_list)
        if rows:
            usages = usage_of(rows, rows[0].program, clock.now())
            for row in rows:
                row.usage = usages.get(row.pk)
        self.result_list = rows


@admin.register(Cap)
class CapScreen(WithDraftBanner, WithHistory, ProgramScreen):
    """What is given at most, and how much of it is used up. Switched off, never deleted."""

    form = CapForm
    list_display = ("sentence", "pill", "used")
    list_select_related = ("program", "wallet", "rule", "campaign")
    list_filter = ("is_active", "scope", "period")
    ordering = ("-is_active", "id")
    search_fields = ("name", "rule__name", "campaign__name")
    conditional_fields = CONDITIONAL
    warn_unsaved_form = True
    add_words = _("New cap or budget")
    empty_title = _("Nothing is capped")
    empty_hint = _("Say what a member can earn at most in a day, or what a campaign may cost in all.")
    fieldsets = (
        (_("What it stands on"), {"fields": ("name", "rule", "campaign", "activity_type", "wallet"),
            "description": _("Neither a rule nor a campaign: it holds for everything that is earned.")}),
        (
            pgettext_lazy("what a cap allows", "At most"),
            {"fields": ("scope", "period", "minutes", "measure", "limit", "mode", "is_active")},
        ),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).filter(is_archived=False)

    @display(description=_("cap or budget"), header=True)
    def sentence(self, cap: Cap) -> list[str]:
        return [words_of_cap(cap, cap.program, None), cap.name]

    @display(description=_("state"), label={"on": "success", "off": "default"})
    def pill(self, cap: Cap) -> tuple[str, Any]:
        return ("on", _("on")) if cap.is_active else ("off", _("off"))

    @display(description=_("used up now"))
    def used(self, cap: Cap) -> SafeString | str:
        usage = getattr(cap, "usage", None)
        return bar_of(cap, usage) if usage else "–"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ProgramChangeList]:
        return CapChangeList

    def save_model(self, request: HttpRequest, obj: Cap, form: Any, change: bool) -> None:
        if not change:
            obj.program = desk_of(request).program
        save_cap(obj, actor=actor_of(request))


def save_caps(request: HttpRequest, form: Any, formset: Any, change: bool, otherwise: Any) -> None:
    """Caps below a rule or a campaign belong to its program; all other rows are saved as ever."""
    if formset.model is not CapInline.model:
        otherwise(request, form, formset, change)
        return
    for cap in formset.save(commit=False):
        cap.program = form.instance.program
        save_cap(cap, actor=actor_of(request))


def bar_of(cap: Cap, usage: Usage) -> SafeString:
    """How full it is as a bar with its figures beside it; for each of many: the fullest one."""
    money = cap.measure == Cap.Measure.MONEY
    used, most = (
        money_of(value, cap.program.currency, short=True) if money else number_of(value)
        for value in (usage.used, usage.most)
    )
    words = _("%(used)s of %(most)s") if cap.scope == Cap.Scope.PROGRAM else _("fullest: %(used)s of %(most)s")
    return format_html(
        '<div class="l"><div class="l-progress" style="min-width: 120px" role="img" aria-label="{}">'
        '<span style="width: {}%"></span></div><span class="l-muted l-small">{}</span></div>',
        *(str(words) % {"used": used, "most": most}, usage.percent, str(words) % {"used": used, "most": most}),
    )
