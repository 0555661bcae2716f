import re
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext
from unfold.decorators import display

from loyalty.lib import colours
from loyalty.lib.admin.desk import actor_of, desk_of, open_program
from loyalty.lib.admin.forms import posted
from loyalty.lib.admin.history import WithHistory
from loyalty.lib.admin.screens import ProgramScreen
from loyalty.programs.admin.banner import WithDraftBanner
from loyalty.programs.forms.programs import NewProgramForm, ProgramSettingsForm
from loyalty.programs.models.program import Program
from loyalty.programs.queries.terms import terms_of
from loyalty.programs.services.programs import create_program


@admin.register(Program)
class ProgramScreenOfAll(WithDraftBanner, WithHistory, ProgramScreen):
    """The brand and its settings. Opening a program is for those who run the installation."""

    scope = ""
    form = ProgramSettingsForm
    list_display = ("name", "code", "currency", "time_zone", "state")
    ordering = ("name",)
    add_words = _("Open a program")
    live_words = _("The logo, and whether the program is open, take effect at once.")
    list_pages = {"open": "open_view", "terms": "terms_view", "brand": "brand_view"}
    change_form_before_template = "programs/admin/brand_preview.html"
    warn_unsaved_form = True
    fieldsets = (
        (
            _("Brand"),
            {
                "fields": ("name", "logo", ("brand_color", "accent_color")),
                "description": _("Carried by every page and message that members see. The preview above follows."),
            },
        ),
        (_("Place and money"), {"fields": ("time_zone", "currency", "languages")}),
        (_("Messages"), {"fields": ("sender_email", "warn_days")}),
        (
            _("Terms"),
            {
                "fields": ("terms_url", "terms_text"),
                "description": _("How points are earned and expire is written out from your rules by itself."),
            },
        ),
        (
            _("Returns"),
            {
                "fields": ("debt_policy",),
                "description": _("Points earned with goods that come back are taken back."),
            },
        ),
        (_("Open or closed"), {"fields": ("is_active", "code", "created_at")}),
    )
    readonly_fields = ("code", "created_at")

    @display(description=_("state"), label={"open": "success", "closed": "warning"})
    def state(self, program: Program) -> tuple[str, Any]:
        return ("open", pgettext("program", "open")) if program.is_active else ("closed", pgettext("program", "closed"))

    def in_open_program(self, request: HttpRequest, queryset: models.QuerySet) -> models.QuerySet:
        """All programs of the person: this list is the one place that shows more than one."""
        return queryset.filter(pk__in=[program.pk for program in desk_of(request).programs])

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        has_purchases = obj is not None and obj.activities.exists()
        return (*self.readonly_fields, "currency") if has_purchases else self.readonly_fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = NewProgramForm(*posted(request))

        def create(filled: dict[str, Any]) -> HttpResponse:
            program = create_program(**filled, actor=actor_of(request))
            open_program(request, program.pk, is_new=True)
            return self.done(request, _("%(name)s is open.") % {"name": program}, reverse("admin:index"))

        intro = _("It opens with a wallet for points, and a rule if you say so. Everything can be refined afterwards.")
        return self.form_page(request, form, create, _("Open a program"), submit=_("Open it"), intro=intro)

    def open_view(self, request: HttpRequest) -> HttpResponse:
        """The settings of the program that is open."""
        program = desk_of(request).program
        return HttpResponseRedirect(self.address("change", program) if program else reverse("admin:index"))

    def terms_view(self, request: HttpRequest) -> HttpResponse:
        """What members read about earning and expiry, as it follows from the rules of this moment."""
        program = desk_of(request).program
        if program is None or not self.has_view_permission(request, program):
            raise PermissionDenied
        return self.page(
            request,
            "programs/admin/terms.html",
            _("What members read"),
            sections=terms_of(program),
            program=program,
            edit_address=self.address("change", program),
        )

    def brand_view(self, request: HttpRequest) -> HttpResponse:
        """How the card and a button look in colours that are not saved yet, and how well they read."""
        brand, accent = (_colour(request.POST.get(name, "")) for name in ("brand_color", "accent_color"))
        ink = colours.ink_on(brand)
        context = {
            "name": request.POST.get("name", ""),
            "brand": brand,
            "accent": accent,
            "ink": ink,
            "accent_ink": colours.ink_on(accent),
            "ink_name": _("white") if ink == colours.WHITE else _("black"),
            "contrast": colours.contrast(ink, brand),
            "on_white": colours.contrast(brand, colours.WHITE),
            "is_readable": colours.contrast(brand, colours.WHITE) >= colours.TEXT,
        }
        return TemplateResponse(request, "programs/admin/brand.html", context)


def _colour(asked: str) -> str:
    return asked if re.fullmatch(r"#[0-9a-fA-F]{6}", asked) else "#1f4d3a"
