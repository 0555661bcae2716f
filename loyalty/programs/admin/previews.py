"""What a policy means, said beside its form while it is filled in, before anything is saved."""

from copy import copy
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from loyalty.lib.admin.desk import desk_of


@dataclass(frozen=True, slots=True)
class Meaning:
    """The policy in plain words, and what it would do today."""

    sentences: list[str]
    numbers: list[str]
    warning: str = ""


class WithMeaning:
    """A screen whose form says what it means; `meaning_of` tells it for an unsaved row. Needs a page “preview”."""

    change_form_before_template = "programs/admin/policy_preview.html"
    opts: Any

    def meaning_of(self, row: Any, form: Any) -> Meaning:
        raise NotImplementedError

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        context = {"preview_url": self.address("preview")}  # type: ignore[attr-defined]
        return super().changeform_view(  # type: ignore[misc]
            request, object_id, form_url, {**context, **(extra_context or {})}
        )

    def preview_view(self, request: HttpRequest) -> HttpResponse:
        """What the form as it stands means."""
        screen: Any = self
        if not screen.has_view_permission(request) or desk_of(request).program is None:
            raise PermissionDenied
        number = request.GET.get("of", "")
        stored = screen.get_object_or_404(request, number) if number.isdigit() else None
        form = screen.get_form(request, stored, change=bool(stored))(request.POST, instance=copy(stored))
        context: dict[str, Any] = {"form": form}
        if form.is_valid():
            if hasattr(form.instance, "program_id"):
                form.instance.program = desk_of(request).program
            context["meaning"] = self.meaning_of(form.instance, form)
        return TemplateResponse(request, "programs/admin/policy_sample.html", context)


class _Unsaved:
    """Mixed into a form that is to be looked at again: nothing of it is saved, and nothing is wrong with it either."""

    def is_valid(self) -> bool:
        super().is_valid()  # type: ignore[misc]
        return False


class WithPreview:
    """A screen whose form has a button that tells what it would do and saves nothing, with or without a script.

    The button is named `_preview`; `preview_of` is asked where the form and its rows are complete.
    """

    def preview_of(self, row: Any, formsets: list[Any]) -> dict[str, Any]:
        raise NotImplementedError

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)  # type: ignore[misc]
        return type(form.__name__, (_Unsaved, form), {}) if _is_preview(request) else form

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        if _is_preview(request) and not context["errors"]:
            formsets = [each.formset for each in context["inline_admin_formsets"]]
            context = {**context, **self.preview_of(context["adminform"].form.instance, formsets)}
        return super().render_change_form(request, context, *args, **kwargs)  # type: ignore[misc]


def _is_preview(request: HttpRequest) -> bool:
    return request.method == "POST" and "_preview" in request.POST
