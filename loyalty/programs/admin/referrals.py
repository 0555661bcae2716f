from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from loyalty.lib.admin.desk import actor_of, desk_of
from loyalty.lib.admin.history import WithHistory
from loyalty.lib.admin.screens import ProgramScreen, ReadOnly
from loyalty.programs.admin.banner import WithDraftBanner
from loyalty.programs.forms.referrals import ReferralPolicyForm
from loyalty.programs.models.referrals import Referral, ReferralPolicy
from loyalty.programs.services.referrals import save_policy


@admin.register(ReferralPolicy)
class ReferralPolicyScreen(WithDraftBanner, WithHistory, ProgramScreen):
    """One policy for a program. What an invitation pays is told by earning rules for “referral” and “referred”."""

    form = ReferralPolicyForm
    list_display = ("header", "minimum_purchase", "attribution_days", "return_days")
    list_select_related = ("program",)
    add_words = _("Let members invite friends")
    empty_title = _("Members cannot invite friends yet")
    empty_hint = _("Say when an invitation counts, then add two earning rules: for “referral” and for “referred”.")
    fieldsets = (
        (
            None,
            {
                "fields": ("is_active", "minimum_purchase", "attribution_days", "return_days"),
                "description": _(
                    "Both sides earn once, by the earning rules for “referral” (who invited) and “referred” (who "
                    "came). The points wait until the first purchase can no longer be returned, and go with it."
                ),
            },
        ),
    )

    @display(description=_("state"), label={"on": "success", "off": "default"})
    def header(self, policy: ReferralPolicy) -> tuple[str, Any]:
        return ("on", _("members may invite friends")) if policy.is_active else ("off", _("off"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        program = desk_of(request).program
        is_there = program is not None and ReferralPolicy.objects.filter(program=program).exists()
        return super().has_add_permission(request) and not is_there

    def save_model(self, request: HttpRequest, obj: ReferralPolicy, form: Any, change: bool) -> None:
        save_policy(obj, actor=actor_of(request))


@admin.register(Referral)
class ReferralScreen(ReadOnly, ProgramScreen):
    """Who brought whom, what became of it, and why."""

    list_display = ("joined_at", "brought_by", "came", "pill", "why", "settles_at")
    list_select_related = ("referrer", "friend", "program")
    list_filter = ("state", "reason")
    ordering = ("-id",)
    search_fields = ("referrer__number", "friend__number", "referrer__email", "friend__email")
    fields = ("referrer", "friend", "state", "reason", "purchase", "joined_at", "settles_at", "changed_at")
    empty_title = _("Nobody was invited yet")
    empty_hint = _("Members find their link under “Ways to earn”, once there is an invitation policy.")

    @display(description=_("invited by"))
    def brought_by(self, referral: Referral) -> str:
        return self._member(referral.referrer)

    @display(description=_("new member"))
    def came(self, referral: Referral) -> str:
        return self._member(referral.friend)

    @display(
        description=_("state"),
        label={"rewarded": "success", "pending": "info", "refused": "danger", "cancelled": "warning"},
    )
    def pill(self, referral: Referral) -> tuple[str, Any]:
        return (referral.state, referral.get_state_display())

    @display(description=_("why"))
    def why(self, referral: Referral) -> Any:
        return referral.get_reason_display() or "–"

    def _member(self, member: Any) -> str:
        address = reverse(f"{self.admin_site.name}:loyalty_member_change", args=[member.pk])
        return format_html('<a class="l-link" href="{}">{}</a>', address, member)
