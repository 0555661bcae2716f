"""The tiers of a member: shown on the member's page, and set by hand on a page of its own."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from loyalty.lib.admin.desk import actor_of, desk_of
from loyalty.lib.admin.forms import posted
from loyalty.lib.admin.screens import ProgramScreen
from loyalty.members.models import Member
from loyalty.programs.forms.tiers import TO_COUNT, TierByHandForm
from loyalty.programs.queries.tiers import changes_of, tiers_of
from loyalty.programs.services.tiers import leave_to_count, put_on_tier


class WithTiers(ProgramScreen):
    """What the member's screen adds for ladders."""

    def tiers_of(self, request: HttpRequest, member: Member) -> dict[str, Any]:
        return {
            "tiers": tiers_of(member),
            "tier_changes": changes_of(member, limit=12),
            "may_set_tier": desk_of(request).may("change_tierstanding"),
            "tier_address": self.address("tier", member),
        }

    def tier_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Put the member on a tier, or leave the tier to what is counted again; with a reason, always."""
        member: Member = self.get_object_or_404(request, str(object_id), "change_tierstanding")
        views = tiers_of(member)
        asked = request.GET.get("ladder") or (str(views[0].ladder.id) if views else "")
        view = next((each for each in views if str(each.ladder.id) == asked), None)
        if view is None:
            raise Http404
        form = TierByHandForm(*posted(request), ladder=view.ladder, zone=view.zone)

        def put(filled: dict[str, Any]) -> HttpResponse:
            if filled["tier"] == TO_COUNT:
                leave_to_count(member, view.ladder.id, reason=filled["reason"], actor=actor_of(request))
            else:
                put_on_tier(
                    member, view.ladder.id, form.tier_id, floor_until=filled["until"], is_locked=filled["is_locked"],
                    reason=filled["reason"], actor=actor_of(request),
                )  # fmt: skip
            return self.done(request, _("The tier is set."), self.address("change", member))

        return self.form_page(request, form, put, _("Set the tier by hand"), obj=member, submit=_("Set it"))
