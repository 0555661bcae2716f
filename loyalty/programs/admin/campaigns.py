from datetime import date
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import action, display

from loyalty.lib import clock
from loyalty.lib.admin.desk import actor_of, desk_of
from loyalty.lib.admin.history import WithHistory
from loyalty.lib.admin.screens import InlineOfScreen, ProgramScreen
from loyalty.programs.admin.banner import WithDraftBanner
from loyalty.programs.admin.caps import CapInline, save_caps
from loyalty.programs.admin.rules import StateFilter, words_of
from loyalty.programs.forms.campaigns import AudienceForm, CampaignForm
from loyalty.programs.forms.rules import ConditionFormSet, guide
from loyalty.programs.models.campaigns import AudienceCondition, Campaign
from loyalty.programs.queries.campaigns import calendar_of, state_of_campaign, time_of_campaign, words_of_campaign
from loyalty.programs.rules.invalid import InvalidSetting
from loyalty.programs.rules.wording.invalid import message_for
from loyalty.programs.services.campaigns import archive_campaign, save_campaign

LOOK = {"planned": "primary", "running": "success", "over": "default", "off": "default", "archived": "default"}
STATES = {
    "planned": _("planned"), "running": _("running"), "over": _("over"), "off": _("off"), "archived": _("archived"),
}  # fmt: skip


class AudienceInline(InlineOfScreen, TabularInline):
    """For whom a campaign is; all of it must hold."""

    model = AudienceCondition
    form = AudienceForm
    formset = ConditionFormSet
    extra = 0
    fields = ("subject", "name", "operator", "value")
    verbose_name = _("condition")
    verbose_name_plural = _("Audience: only members of whom all of this holds")


@admin.register(Campaign)
class CampaignScreen(WithDraftBanner, WithHistory, ProgramScreen):
    """Rules that run together for a time, for an audience, within a budget."""

    form = CampaignForm
    inlines = (AudienceInline, CapInline)
    history_rows = ("audience", "caps")
    list_display = ("title", "pill", "starts_at", "ends_at", "count_rules")
    list_select_related = ("program",)
    list_filter = (StateFilter,)
    ordering = ("-starts_at", "-id")
    search_fields = ("name", "code")
    prepopulated_fields = {"code": ("name",)}
    list_pages = {"calendar": "calendar_view"}
    actions_detail = ("archive",)
    actions_list = ("open_calendar",)
    warn_unsaved_form = True
    change_form_before_template = "programs/admin/campaign_head.html"
    add_words = _("New campaign")
    empty_title = _("No campaign yet")
    empty_hint = _("Give it a time and an audience, then write the rules that run with it.")
    fieldsets = (
        (_("What it is called"), {"fields": ("name", "code", "description")}),
        (
            _("When it runs"),
            {"fields": ("is_active", "starts_at", "ends_at"), "description": _("Times are the program’s own.")},
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).prefetch_related("audience", "rules")

    @display(description=_("campaign"), header=True)
    def title(self, campaign: Campaign) -> list[str]:
        return [campaign.name, words_of_campaign(campaign)]

    @display(description=_("state"), label=LOOK)
    def pill(self, campaign: Campaign) -> tuple[str, Any]:
        state = state_of_campaign(campaign, clock.now())
        return (state, STATES[state])

    @display(description=_("rules"))
    def count_rules(self, campaign: Campaign) -> int:
        return sum(not rule.is_archived for rule in campaign.rules.all())

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        context: dict[str, Any] = {"guide": guide()}
        campaign = self._seen(request, str(object_id)) if object_id else None
        if campaign is not None:
            state = state_of_campaign(campaign, clock.now())
            context |= {
                "sentence": words_of_campaign(campaign),
                "state": STATES[state],
                "look": {"running": "good", "planned": "warn"}.get(state, "plain"),
                "campaign_rules": [
                    (rule, _said(rule)) for rule in campaign.rules.select_related("wallet", "program")
                    if not rule.is_archived
                ],
            }  # fmt: skip
        return super().changeform_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def save_model(self, request: HttpRequest, obj: Campaign, form: Any, change: bool) -> None:
        if not change:
            obj.program = desk_of(request).program
        save_campaign(obj, actor=actor_of(request))

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        save_caps(request, form, formset, change, super().save_formset)

    # --- The calendar ------------------------------------------------------------------------------------------------

    @action(description=_("Calendar"), url_path="to-calendar", icon="calendar_month")
    def open_calendar(self, request: HttpRequest) -> HttpResponse:
        return self.calendar_view(request)

    def calendar_view(self, request: HttpRequest) -> HttpResponse:
        """Three months side by side, campaign under campaign."""
        program = desk_of(request).program
        if program is None or not self.has_view_permission(request):
            raise PermissionDenied
        now = clock.now()
        month = _month(request.GET.get("month", "")) or clock.business_day(now, program.time_zone)
        calendar = calendar_of(program, month, now)
        bars = [
            (bar, self.address("change", bar.campaign), STATES[bar.state], time_of_campaign(bar.campaign))
            for bar in calendar.bars
        ]
        return self.page(
            request, "programs/admin/campaign_calendar.html", _("Calendar of campaigns"), calendar=calendar, bars=bars,
            add_address=self.address("add") if self.has_add_permission(request) else "",
        )  # fmt: skip

    @action(description=_("Archive"), url_path="archive", icon="archive", permissions=["change"])
    def archive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        campaign = self.get_object_or_404(request, object_id, "change_campaign")
        if request.method == "POST":
            archive_campaign(campaign, is_archived=not campaign.is_archived, actor=actor_of(request))
            return self.done(request, _("Saved."), self.address("changelist"))
        title, submit, words = _("Archive this campaign?"), _("Archive"), _("Its rules give nothing any more.")
        if campaign.is_archived:
            title, submit = _("Take this campaign back?"), _("Take it back")
            words = _("Its rules count again, within its time.")
        return self.page(
            request, "admin/page_confirm.html", title, obj=campaign, action=self.address("archive", campaign),
            consequences=[words], submit=submit,
        )  # fmt: skip


def _said(rule: Any) -> str:
    try:
        return words_of(rule, list(rule.conditions.all()))
    except InvalidSetting as error:
        return message_for(error)


def _month(text: str) -> date | None:
    try:
        found = date.fromisoformat(f"{text}-01")
    except ValueError:
        return None
    return found if 1901 <= found.year <= 2998 else None
