from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from loyalty.lib.admin.desk import actor_of, desk_of
from loyalty.lib.admin.forms import posted
from loyalty.lib.admin.history import WithHistory
from loyalty.lib.admin.screens import OperatorScreen, ProgramScreen
from loyalty.members.forms import AccessForm, RoleForm
from loyalty.members.models import StaffAccess, User
from loyalty.members.rules import ROLE_NAMES
from loyalty.members.services.staff import grant_access, withdraw_access


def role_of(group: Group) -> str:
    """The role that a group stands for; empty for a group of other making."""
    return next((role for role, name in ROLE_NAMES.items() if name == group.name), "")


@admin.register(StaffAccess)
class StaffAccessScreen(WithHistory, ProgramScreen):
    """Who works on the open program, and what they may do there."""

    list_display = ("who", "role_name")
    list_select_related = ("user", "role")
    list_filter = ("role",)
    list_filter_submit = True
    search_fields = ("user__email", "user__name")
    ordering = ("user__name", "user__email")
    detail_pages = {"withdraw": "withdraw_view"}
    add_words = _("Give access")
    empty_title = _("Nobody works on this program yet")
    empty_hint = _("Give each person the smallest role that does: a role can be changed at any time.")

    @display(description=_("person"), header=True, ordering="user__name")
    def who(self, access: StaffAccess) -> list[str]:
        return [access.user.name or access.user.email, access.user.email]

    @display(description=_("role"), label=True, ordering="role__name")
    def role_name(self, access: StaffAccess) -> str:
        return gettext(access.role.name)

    def has_withdraw_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, "delete_staffaccess", obj)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = AccessForm(*posted(request), initial={"role": "viewer"})

        def grant(filled: dict[str, Any]) -> HttpResponse:
            user = User.objects.for_address(filled["email"])
            grant_access(user, desk_of(request).program, filled["role"], actor=actor_of(request))
            return self.done(request, _("%(who)s may work here now.") % {"who": user}, self.address("changelist"))

        return self.form_page(request, form, grant, _("Let someone work here"), submit=_("Give access"))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        access = self.get_object_or_404(request, object_id, "view_staffaccess")
        if request.method == "POST" and not self.has_change_permission(request, access):
            raise PermissionDenied
        form = RoleForm(*posted(request), initial={"role": role_of(access.role)})

        def grant(filled: dict[str, Any]) -> HttpResponse:
            grant_access(access.user, access.program, filled["role"], actor=actor_of(request))
            return self.done(request, _("The role is changed."), self.address("changelist"))

        links = [(_("History"), self.address("history", access))]
        if self.has_withdraw_permission(request, access):
            links.append((_("Withdraw access"), self.address("withdraw", access)))
        return self.form_page(
            request, form, grant, access.user.get_full_name(), obj=access, submit=_("Save"), links=links
        )

    def withdraw_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        access = self.get_object_or_404(request, str(object_id), "delete_staffaccess")
        if request.method == "POST":
            withdraw_access(access, actor=actor_of(request))
            return self.done(request, _("The access is withdrawn."), self.address("changelist"))
        return self.page(
            request,
            "admin/page_confirm.html",
            _("Withdraw access?"),
            obj=access,
            action=self.address("withdraw", access),
            consequences=[_("They see nothing of this program any more. What they did stays in its history.")],
            submit=_("Withdraw access"),
            is_danger=True,
        )


@admin.register(User)
class UserScreen(OperatorScreen):
    """Everyone who signs in, members and staff. Passwords and second factors are theirs alone."""

    list_display = ("person", "is_staff", "is_superuser", "is_active", "last_login")
    list_filter = ("is_staff", "is_superuser", "is_active")
    list_filter_submit = True
    search_fields = ("email__startswith",)
    search_help_text = _("The e-mail address, or how it begins")
    paginator = InfinitePaginator
    ordering = ("-id",)
    fieldsets = (
        (None, {"fields": ("email", "name", "language")}),
        (
            _("What they may do"),
            {
                "fields": ("is_active", "is_staff", "is_superuser"),
                "description": _("Roles in a program are given under “Who may do what”."),
            },
        ),
        (_("Dates"), {"fields": ("date_joined", "last_login")}),
    )
    readonly_fields = ("email", "date_joined", "last_login")

    @display(description=_("person"), header=True, ordering="email")
    def person(self, user: User) -> list[str]:
        return [user.name or user.email, user.email]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        return super().get_search_results(request, queryset, search_term.lower())
