from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.paginator import InfinitePaginator

from loyalty.lib.admin.desk import actor_of, desk_of
from loyalty.lib.admin.history import WithHistory
from loyalty.lib.admin.screens import ProgramScreen, ReadOnly
from loyalty.programs.admin.banner import WithDraftBanner
from loyalty.programs.models.households import Household, HouseholdPolicy
from loyalty.programs.queries import households as queries
from loyalty.programs.services.households import dissolve_household


@admin.register(HouseholdPolicy)
class HouseholdPolicyScreen(WithDraftBanner, WithHistory, ProgramScreen):
    """Whether members share points, and how."""

    list_display = ("wallet", "is_on", "percent", "most_members", "leaving")
    list_select_related = ("wallet",)
    ordering = ("pk",)
    fields = ("wallet", "is_on", "percent", "most_members", "leaving")
    add_words = _("Allow sharing")
    empty_title = _("Members do not share points")
    empty_hint = _("Allow it, and they find “Household” in the portal.")

    def has_add_permission(self, request: HttpRequest) -> bool:
        program = desk_of(request).program
        return super().has_add_permission(request) and program is not None and not queries.is_policy_stored(program)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("wallet",) if obj else ()


@admin.register(Household)
class HouseholdScreen(WithHistory, ReadOnly, ProgramScreen):
    """Who shares points with whom."""

    list_display = ("name", "wallet", "created_at", "dissolved_at")
    list_select_related = ("wallet",)
    ordering = ("-id",)
    paginator = InfinitePaginator
    search_fields = ("name", "code")
    detail_pages = {"dissolve": "dissolve_view"}
    empty_title = _("Nobody shares points yet")
    empty_hint = _("Members found households and clubs in the portal, and pass the code on.")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        household = self.get_object_or_404(request, object_id, "view_household")
        may_end = household.dissolved_at is None and desk_of(request).may("change_household")
        return self.page(
            request,
            "programs/admin/household.html",
            household.name,
            obj=household,
            household=household,
            shared=queries.shared_of(household),
            moves=queries.moves_of(household, 100),
            dissolve=self.address("dissolve", household) if may_end else "",
        )

    def dissolve_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Everyone gets their part; asked once."""
        household = self.get_object_or_404(request, str(object_id), "change_household")
        if household.dissolved_at is not None:
            raise PermissionDenied
        if request.method == "POST":
            dissolve_household(household, actor=actor_of(request))
            return self.done(request, _("The household has ended."), self.address("change", household))
        return self.page(
            request,
            "admin/page_confirm.html",
            _("End this household?"),
            obj=household,
            action=self.address("dissolve", household),
            consequences=[_("Each member gets a part by what they put in; what cannot be divided goes to the owner.")],
            submit=_("End it"),
            is_danger=True,
        )
