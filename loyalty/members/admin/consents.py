from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from loyalty.lib.admin.desk import actor_of, desk_of
from loyalty.lib.admin.history import WithHistory
from loyalty.lib.admin.live import WithLiveNote
from loyalty.lib.admin.screens import ProgramScreen
from loyalty.members.forms import ConsentTextForm
from loyalty.members.models import ConsentText
from loyalty.members.services.consents import put_consent_text


@admin.register(ConsentText)
class ConsentTextScreen(WithLiveNote, WithHistory, ProgramScreen):
    """What members are asked to agree to. Words are never changed: new words make a new version."""

    list_display = ("purpose", "version_pill", "shortened", "is_required", "created_at")
    list_filter = ("is_current", "purpose")
    list_filter_submit = True
    search_fields = ("purpose", "text")
    ordering = ("purpose", "-version")
    form = ConsentTextForm
    readonly_fields = ("version", "is_current", "created_at")
    add_words = _("New text")
    empty_title = _("No consent is asked yet")
    empty_hint = _("Ask for each purpose apart: marketing by e-mail, for example. Members agree to this very wording.")
    fieldsets = (
        (
            None,
            {
                "fields": ("purpose", "text", "is_required"),
                "description": _(
                    "Saving other words makes a new version. Members who agreed keep what they agreed to; "
                    "the portal asks them again when the words are new."
                ),
            },
        ),
        (_("This version"), {"fields": ("version", "is_current", "created_at")}),
    )
    add_fieldsets = ((None, {"fields": ("purpose", "text", "is_required")}),)

    @display(description=_("version"), label={"current": "success", "old": "default"}, ordering="version")
    def version_pill(self, text: ConsentText) -> tuple[str, str]:
        word = _("%(version)s, in use") if text.is_current else _("%(version)s, replaced")
        return ("current" if text.is_current else "old", word % {"version": text.version})

    @display(description=_("text"))
    def shortened(self, text: ConsentText) -> str:
        return text.text if len(text.text) <= 90 else f"{text.text[:90]}…"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*self.readonly_fields, "purpose") if obj else self.readonly_fields

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_open = not isinstance(obj, ConsentText) or obj.is_current
        return is_open and super().has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: ConsentText, form: Any, change: bool) -> None:
        made = put_consent_text(
            desk_of(request).program,
            purpose=obj.purpose,
            text=form.cleaned_data["text"],
            is_required=form.cleaned_data["is_required"],
            actor=actor_of(request),
        )
        obj.pk = made.pk

    def response_change(self, request: HttpRequest, obj: ConsentText) -> HttpResponse:
        return self.done(request, _("These words are in use from now on."), self.address("changelist"))
