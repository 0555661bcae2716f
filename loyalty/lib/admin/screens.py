"""The bases of every staff screen: a person sees and touches their own programs, and nothing with history goes away."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters, InlineModelAdmin
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.text import capfirst
from unfold.admin import ModelAdmin
from unfold.views import ChangeList

from loyalty.lib.admin.desk import desk_of, open_program
from loyalty.lib.admin.forms import ensure_near_times
from loyalty.lib.errors import DomainError
from loyalty.lib.portal import refuse


class ProgramChangeList(ChangeList):
    """Lists show the open program only."""

    root_queryset: Any

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> models.QuerySet:
        self.root_queryset = self.model_admin.in_open_program(request, self.root_queryset)
        return super().get_queryset(request, exclude_parameters)


class ProgramForm(forms.ModelForm):
    """A form whose object belongs to the open program, set before validation, which checks "unique per program"."""

    desk_program: Any = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = without_zeros(self.initial)
        if self.desk_program is not None and self.instance._state.adding and hasattr(self.instance, "program_id"):
            self.instance.program = self.desk_program

    def clean(self) -> dict[str, Any] | None:
        filled = super().clean()
        ensure_near_times(self)
        return filled

    def _get_validation_exclusions(self) -> set[str]:
        return super()._get_validation_exclusions() - {"program"}  # type: ignore[misc]


def without_zeros(initial: dict[str, Any]) -> dict[str, Any]:
    """What a form begins with, its decimals as people write them: 1, not 1.0000."""
    return {name: _short(value) for name, value in initial.items()}


def _short(value: Any) -> Any:
    return Decimal(f"{value.normalize():f}") if isinstance(value, Decimal) and value.is_finite() else value


class Screen(ModelAdmin):
    """What all screens share. Nothing is deleted, no list counts a whole table for its own sake."""

    list_per_page = 50
    list_max_show_all = 200
    show_full_result_count = False
    list_filter_sheet = True
    add_words: Any = ""
    empty_title: Any = ""
    empty_hint: Any = ""
    # Small pages of their own, by the last part of their address: of one thing, and of the list. The value is the
    # name of the method that answers; the address is named loyalty_<model>_<last part>.
    detail_pages: dict[str, str] = {}
    list_pages: dict[str, str] = {}

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> Any:
        raise Http404

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Refuses, as any other filter that makes no sense, the character that the database does not know."""
        if any("\x00" in text for _name, texts in request.GET.lists() for text in texts):
            raise IncorrectLookupParameters
        return super().get_changelist_instance(request)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Related things are chosen here, and made or changed on their own pages."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """A list is headed by what is in it: “Members”, not “Select member to change”."""
        title = capfirst(str(self.opts.verbose_name_plural))
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """One button to save, one to save and stay; headed by what it is, beside the name of the one that it is."""
        if context.get("original") is not None:
            context = {**context, "title": capfirst(str(self.opts.verbose_name))}
        return super().render_change_form(request, {"show_save_and_add_another": False, **context}, *args, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        pages = [(f"{part}/", part, view) for part, view in self.list_pages.items()]
        pages += [(f"<int:object_id>/{part}/", part, view) for part, view in self.detail_pages.items()]
        own = [
            path(address, self.admin_site.admin_view(getattr(self, view)), name=self._address_name(part))
            for address, part, view in pages
        ]
        return [*own, *super().get_urls()]

    def address(self, part: str, obj: Any = None) -> str:
        """The address of one of this screen's pages: changelist, add, change, history or one of its own."""
        return reverse(f"{self.admin_site.name}:{self._address_name(part)}", args=[obj.pk] if obj else [])

    def _address_name(self, part: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{part}"

    def page(
        self, request: HttpRequest, template: str, title: Any, *, obj: Any = None, status: int = 200, **context: Any
    ) -> TemplateResponse:
        """A page in the frame of the back office, below the list (and the thing) that it is about."""
        frame = {
            **self.admin_site.each_context(request),
            "title": title,
            "subtitle": capfirst(str(obj)) if obj and str(obj) != str(title) else None,
            "content_title": title,
            "opts": self.opts,
            "model_admin": self,
            "original": obj,
            "back_url": self.address("change", obj) if obj else self.address("changelist"),
        }
        return TemplateResponse(request, template, {**frame, **context}, status=status)

    def form_page(
        self,
        request: HttpRequest,
        form: forms.BaseForm,
        do: Callable[[dict[str, Any]], HttpResponse],
        title: Any,
        *,
        template: str = "admin/page_form.html",
        obj: Any = None,
        **context: Any,
    ) -> HttpResponse:
        """A page with one form: `do` gets what was filled in and answers; what it refuses stands at its field."""
        if request.method == "POST" and form.is_valid():
            try:
                return do(form.cleaned_data)
            except DomainError as error:
                refuse(form, error)
        status = 422 if form.is_bound else 200
        return self.page(request, template, title, obj=obj, status=status, form=form, **context)

    def done(self, request: HttpRequest, message: Any, address: str) -> HttpResponse:
        """Say that it worked, and go on."""
        messages.success(request, message)
        return HttpResponseRedirect(address)


class OperatorScreen(Screen):
    """What belongs to the installation and not to one program: superusers only."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)


class ProgramScreen(Screen):
    """A screen of things that belong to a program, `scope` being the way from the thing to it.

    Staff see the open program in lists, reach what is in any program of theirs by its address (which opens that
    program), and get 404 for everything else. What they may do comes from their role in that very program.
    """

    scope = "program"
    form: type[forms.ModelForm] = ProgramForm

    def get_queryset(self, request: HttpRequest) -> models.QuerySet:
        desk = desk_of(request)
        queryset = super().get_queryset(request)
        if getattr(request.resolver_match, "url_name", "") == "autocomplete":
            return self.in_open_program(request, queryset)
        return queryset.filter(**{f"{self._scope_path()}__in": [program.pk for program in desk.programs]})

    def in_open_program(self, request: HttpRequest, queryset: models.QuerySet) -> models.QuerySet:
        """What of `queryset` belongs to the program that is open."""
        program = desk_of(request).program
        return queryset.filter(**{self._scope_path(): program.pk}) if program else queryset.none()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ProgramChangeList

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        obj = super().get_object(request, object_id, from_field)
        if obj is not None:
            open_program(request, self.program_id_of(obj))
        return obj

    def get_object_or_404(self, request: HttpRequest, object_id: str, permission: str = "") -> Any:
        """The object if it is in one of the person's programs, else 404; PermissionDenied without `permission`."""
        obj = self.get_object(request, object_id)
        if obj is None:
            raise Http404
        if permission and not desk_of(request).may(permission):
            raise PermissionDenied
        return obj

    def program_id_of(self, obj: Any) -> Any:
        """The id of the program that `obj` belongs to, without loading the program."""
        *way, last = self.scope.split("__") if self.scope else ["pk"]
        for name in way:
            obj = getattr(obj, name)
        return obj.pk if last == "pk" else getattr(obj, f"{last}_id")

    def may(self, request: HttpRequest, permission: str, obj: Any = None) -> bool:
        """Whether the role of this person allows `permission` on `obj`, or in the open program."""
        desk = desk_of(request)
        if isinstance(obj, str | int):
            obj = self._seen(request, str(obj))
            if obj is None:
                raise Http404
        program_id = self.program_id_of(obj) if obj is not None else None
        if obj is not None and program_id is not None:
            return desk.owns(program_id) and desk.may(permission, desk.find(program_id))
        return desk.may(permission)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        name = self.opts.model_name
        return self.may(request, f"view_{name}", obj) or self.may(request, f"change_{name}", obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, f"change_{self.opts.model_name}", obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.may(request, f"add_{self.opts.model_name}")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        if issubclass(form, ProgramForm):
            form.desk_program = desk_of(request).program
        return form

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Choices from the open program only, whatever ids a browser may send."""
        screen = self.admin_site._registry.get(db_field.remote_field.model)
        if isinstance(screen, ProgramScreen) and "queryset" not in kwargs:
            kwargs["queryset"] = screen.in_open_program(request, screen.get_queryset(request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def _scope_path(self) -> str:
        return self.scope or "pk"

    def _seen(self, request: HttpRequest, object_id: str) -> Any:
        """The object behind an id that unfold's buttons ask about, loaded once per request."""
        seen = request.__dict__.setdefault("_seen_objects", {})
        key = (self.opts.label, object_id)
        if key not in seen:
            seen[key] = self.get_object(request, object_id)
        return seen[key]


class ReadOnly:
    """A window, not a door: rows that only services write."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class InlineOfScreen(InlineModelAdmin):
    """Rows of a form: whoever may change the form may change them."""

    def _may(self, request: HttpRequest, obj: Any = None) -> bool:
        screen = self.admin_site._registry[self.parent_model]
        return screen.has_change_permission(request, obj) if obj else screen.has_add_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.admin_site._registry[self.parent_model].has_view_permission(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, obj)

    has_change_permission = has_delete_permission = has_add_permission
