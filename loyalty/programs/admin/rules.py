from copy import copy
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import action, display

from loyalty.lib import clock
from loyalty.lib.admin.desk import actor_of, desk_of
from loyalty.lib.admin.history import WithHistory
from loyalty.lib.admin.screens import InlineOfScreen, ProgramScreen
from loyalty.lib.errors import DomainError
from loyalty.programs.admin.banner import WithDraftBanner
from loyalty.programs.admin.caps import CapInline, save_caps
from loyalty.programs.admin.trying import try_basket, with_rule
from loyalty.programs.admin.wallets import named_for
from loyalty.programs.forms.baskets import BasketForm
from loyalty.programs.forms.rules import ConditionForm, ConditionFormSet, RuleForm, guide
from loyalty.programs.models.earning import EarningRule, RuleCondition
from loyalty.programs.queries.activities import units_of
from loyalty.programs.queries.configuration import configuration_of, rule_of
from loyalty.programs.rules.invalid import InvalidSetting
from loyalty.programs.rules.wording.earning import sentence_for_rule
from loyalty.programs.rules.wording.invalid import message_for
from loyalty.programs.services.rules import archive_rule, copy_rule, save_rule

NOT_MULTIPLIER = "effect != 'multiplier'"
LOOK = {"on": "success", "shadow": "info", "scheduled": "primary", "over": "default", "off": "default", "bad": "danger"}


class ConditionInline(InlineOfScreen, TabularInline):
    """The “ifs” of a rule; all of them must hold."""

    model = RuleCondition
    form = ConditionForm
    formset = ConditionFormSet
    extra = 0
    fields = ("subject", "name", "operator", "value")
    verbose_name = _("condition")
    verbose_name_plural = _("Only if all of this holds")


class StateFilter(admin.SimpleListFilter):
    """Rules in use first; archived ones on request."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("archived", _("archived")), ("all", _("all"))]

    def choices(self, changelist: Any) -> Any:
        for value, title in ((None, _("in use")), *self.lookup_choices):
            query = changelist.get_query_string({self.parameter_name: value}, [self.parameter_name])
            yield {"selected": self.value() == value, "query_string": query, "display": title}

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() == "all":
            return queryset
        return queryset.filter(is_archived=self.value() == "archived")


@admin.register(EarningRule)
class RuleScreen(WithDraftBanner, WithHistory, ProgramScreen):
    """What earns points, as sentences. A rule is tried on a basket before it is saved, and archived, never deleted."""

    form = RuleForm
    inlines = (ConditionInline, CapInline)
    history_rows = ("conditions", "caps")
    list_display = ("sentence", "pill", "wallet", "priority")
    list_select_related = ("program", "wallet", "campaign")
    list_filter = (StateFilter, "wallet", "trigger")
    ordering = ("-priority", "id")
    search_fields = ("name",)
    list_pages = {"try": "try_view", "try-draft": "try_draft_view", "sentence": "sentence_view"}
    actions_detail = ("duplicate", "archive")
    warn_unsaved_form = True
    change_form_outer_after_template = "programs/admin/try_box.html"
    change_form_before_template = "programs/admin/rule_guide.html"
    add_words = _("New rule")
    empty_title = _("Nothing earns points yet")
    empty_hint = _("Begin with one point for every 1.00 spent, and try a basket on it before you save.")
    conditional_fields = {
        "points": NOT_MULTIPLIER,
        "per_amount": "effect == 'rate'",
        "whole_steps": "effect == 'rate' || effect == 'fixed_per_unit'",
        "factor": "effect == 'multiplier'",
        "basis": NOT_MULTIPLIER,
        "with_tax": "effect == 'rate'",
        "with_shipping": "effect == 'rate'",
        "with_discounted": NOT_MULTIPLIER,
        "rounding": "effect == 'rate' || effect == 'multiplier'",
    }
    fieldsets = (
        (_("For what"), {"fields": ("name", "trigger", "wallet", "campaign")}),
        (
            _("What it gives"),
            {
                "fields": (
                    "effect", "points", "per_amount", "whole_steps", "factor", "basis", "with_tax", "with_shipping",
                    "with_discounted", "rounding",
                )
            },
        ),
        (
            _("Beside other rules"),
            {
                "fields": ("is_stackable", "priority"),
                "description": _(
                    "Rules that add up all give. Of rules that do not, the one with the highest priority gives alone. "
                    "Rules on matching lines go before rules on the basket."
                ),
            },
        ),
        (
            _("When it is on"),
            {
                "fields": ("is_active", "is_shadow", "starts_at", "ends_at"),
                "description": _("A shadow rule runs on live purchases and pays nothing: watch it before it counts."),
            },
        ),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).prefetch_related("conditions", "campaign__audience")

    @display(description=_("rule"), header=True)
    def sentence(self, rule: EarningRule) -> list[str]:
        return [self._words(rule), rule.name]

    @display(description=_("state"), label=LOOK)
    def pill(self, rule: EarningRule) -> tuple[str, Any]:
        return state_of(rule)

    def _words(self, rule: EarningRule) -> str:
        try:
            return words_of(rule, list(rule.conditions.all()))
        except InvalidSetting as error:
            return message_for(error)

    def sentence_view(self, request: HttpRequest) -> HttpResponse:
        """The rule in the form as a sentence, while it is being written."""
        if not self.has_view_permission(request) or desk_of(request).program is None:
            raise PermissionDenied
        try:
            sentence = words_of(*self._drafted(request))
        except InvalidSetting:
            sentence = ""
        return TemplateResponse(request, "programs/admin/rule_sentence.html", {"sentence": sentence})

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        context = {"guide": guide(), "basket": BasketForm(), **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, context)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """The first wallet, which is mostly the only one."""
        program = desk_of(request).program
        wallet = program.wallets.filter(is_archived=False).first() if program else None
        return {"wallet": wallet.pk if wallet else None, **super().get_changeform_initial_data(request)}

    def save_model(self, request: HttpRequest, obj: EarningRule, form: Any, change: bool) -> None:
        if not change:
            obj.program = desk_of(request).program
        save_rule(obj, actor=actor_of(request))

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        save_caps(request, form, formset, change, super().save_formset)

    # --- Trying ----------------------------------------------------------------------------------------------------

    def try_view(self, request: HttpRequest) -> HttpResponse:
        """A basket on all live rules of the program, on a page of its own."""
        program = desk_of(request).program
        if program is None or not self.has_view_permission(request):
            raise PermissionDenied
        form = BasketForm(request.POST) if request.method == "POST" else BasketForm()
        context = {"basket": form, "try_address": self.address("try"), **self._tried(request, form)}
        if request.headers.get("HX-Request"):
            return TemplateResponse(request, "programs/admin/tried.html", context)
        return self.page(request, "programs/admin/try.html", _("Try a basket"), **context)

    def try_draft_view(self, request: HttpRequest) -> HttpResponse:
        """A basket on the rule in the form as it stands, beside the live rules. Nothing is saved."""
        if not self.has_view_permission(request) or desk_of(request).program is None:
            raise PermissionDenied
        context = self._tried(request, BasketForm(request.POST), with_draft=True)
        return TemplateResponse(request, "programs/admin/tried.html", context)

    def _tried(self, request: HttpRequest, form: BasketForm, with_draft: bool = False) -> dict[str, Any]:
        if not form.is_bound:
            return {}
        if not form.is_valid():
            return {"mistakes": list(form.mistakes())}
        try:
            configuration = configuration_of(desk_of(request).program)
            if with_draft:
                configuration = with_rule(configuration, rule_of(*self._drafted(request)))
            return {"tried": try_basket(configuration, form)}
        except DomainError as error:
            return {"mistakes": [str(error)]}
        except InvalidSetting as error:
            return {"mistakes": [message_for(error)]}

    def _drafted(self, request: HttpRequest) -> tuple[EarningRule, list[RuleCondition]]:
        """The rule and its conditions as the form has them now. Raises InvalidSetting where it is not complete."""
        number = request.POST.get("rule", "")
        stored = self.get_object_or_404(request, number, "view_earningrule") if number.isdigit() else None
        filled = request.POST.copy()
        filled["name"] = filled.get("name") or "–"  # the sentence does not need it yet
        form = self.get_form(request, stored, change=bool(stored))(filled, instance=copy(stored))
        formsets, _inlines = self._create_formsets(request, form.instance, change=bool(stored))
        if not form.is_valid() or not all(formset.is_valid() for formset in formsets):
            raise InvalidSetting("", "incomplete")
        form.instance.program = desk_of(request).program
        return form.instance, formsets[0].rows()

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        actions = super().get_actions_detail(request, object_id)
        return [named_for(action, self._seen(request, str(object_id))) for action in actions]

    # --- Actions ---------------------------------------------------------------------------------------------------

    @action(description=_("Duplicate"), url_path="duplicate", icon="content_copy", permissions=["change"])
    def duplicate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        rule = self.get_object_or_404(request, object_id, "add_earningrule")
        if request.method != "POST":
            words = _("The copy has the same conditions and is off at first.")
            return self._ask(request, rule, "duplicate", _("Duplicate this rule?"), _("Duplicate"), words)
        copied = copy_rule(rule, actor=actor_of(request))
        return self.done(request, _("This is the copy. It is off."), self.address("change", copied))

    @action(description=_("Archive"), url_path="archive", icon="archive", permissions=["change"])
    def archive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        rule = self.get_object_or_404(request, object_id, "change_earningrule")
        if request.method == "POST":
            archive_rule(rule, is_archived=not rule.is_archived, actor=actor_of(request))
            return self.done(request, _("Saved."), self.address("changelist"))
        if rule.is_archived:
            words = _("It counts again, for what happens from now on.")
            return self._ask(request, rule, "archive", _("Take this rule back?"), _("Take it back"), words)
        words = _("It gives nothing any more. What it gave stays, with its explanation.")
        return self._ask(request, rule, "archive", _("Archive this rule?"), _("Archive"), words)

    def _ask(self, request: HttpRequest, rule: Any, part: str, title: Any, submit: Any, words: Any) -> HttpResponse:
        return self.page(
            request,
            "admin/page_confirm.html",
            title,
            obj=rule,
            action=self.address(part, rule),
            consequences=[words],
            submit=submit,
        )


def words_of(rule: EarningRule, conditions: list[RuleCondition]) -> str:
    """The rule as a sentence for the staff. Raises InvalidSetting."""
    units = units_of(rule.wallet)
    return sentence_for_rule(rule_of(rule, conditions), units, rule.program.currency, zone=rule.program.time_zone)


def state_of(rule: EarningRule) -> tuple[str, Any]:
    """The pill of a rule as of now."""
    now = clock.now()
    if rule.is_archived:
        return ("off", _("archived"))
    if not rule.is_active:
        return ("off", _("off"))
    if rule.ends_at and rule.ends_at <= now:
        return ("over", _("over"))
    if rule.starts_at and rule.starts_at > now:
        return ("scheduled", _("scheduled"))
    return ("shadow", _("shadow")) if rule.is_shadow else ("on", _("on"))
