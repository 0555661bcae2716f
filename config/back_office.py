"""The one admin site: sign-in through allauth, a second factor, the open program's time zone, search over members."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from allauth.account.decorators import secure_admin_login
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin
from unfold.sites import UnfoldAdminSite

from config import sidebar
from loyalty.lib.admin.desk import desk_of, open_program


class BackOffice(UnfoldAdminSite):
    """Where the brand's staff work."""

    enable_nav_sidebar = True

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Screens that other packages bring in Django's own look stay out until we have drawn them ourselves."""
        if admin_class is not None and issubclass(admin_class, ModelAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and not needs_second_factor(request)

    def admin_view(self, view: Callable, cacheable: bool = False) -> Callable:
        """Every page is rendered in the time zone of the program that is open."""
        inner = super().admin_view(view, cacheable)

        def in_program_time(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            desk = desk_of(request)
            with timezone.override(ZoneInfo(desk.program.time_zone) if desk.program else None):
                response = inner(request, *args, **kwargs)
                return response.render() if isinstance(response, TemplateResponse) else response

        return in_program_time

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
        """Staff sign in where everyone signs in; those without a second factor are led to set it up first."""
        if request.user.is_authenticated and request.user.is_staff and needs_second_factor(request):
            messages.info(request, _("Please set up a second factor first: the back office needs it."))
            back = urlencode({"next": reverse("admin:index")})
            return HttpResponseRedirect(f"{reverse('mfa_activate_totp')}?{back}")
        return secure_admin_login(super().login)(request, extra_context)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        switch = path("open/<int:program_id>/", self.admin_view(self.open_program), name="open_program")
        return [switch, *super().get_urls()]

    def open_program(self, request: HttpRequest, program_id: int) -> HttpResponse:
        """Go on with another of one's programs."""
        if not open_program(request, program_id):
            raise Http404
        target = request.GET.get("next", "")
        is_ours = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
        return HttpResponseRedirect(target if is_ours else reverse("admin:index"))

    def app_index(self, request: HttpRequest, app_label: str, extra_context: Any = None) -> HttpResponse:
        """Our pages are grouped by job, not by app."""
        return HttpResponseRedirect(reverse("admin:index"))

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return HttpResponseRedirect(reverse("account_change_password"))

    def search(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Ctrl-K: pages of the sidebar, and members of the open program. Nothing about people is kept in a cache."""
        term = request.GET.get("s", "").strip()
        if not term:
            return HttpResponse()
        found = Paginator(sidebar.search(request, term), 50)
        context = {
            "search_term": term,
            "page_obj": found,
            "results": found.page(1),
            "page_counter": 0,
            "execution_time": 0,
            "command_show_history": False,
        }
        return TemplateResponse(
            request, "unfold/helpers/command_results.html", context, headers={"HX-Trigger": "search"}
        )


def needs_second_factor(request: HttpRequest) -> bool:
    """Whether this person must set up a second factor before the back office opens."""
    return settings.STAFF_MFA_REQUIRED and not is_mfa_enabled(request.user)
