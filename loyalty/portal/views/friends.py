"""Inviting friends: one's link, what became of it, and where the link leads."""

from typing import Any
from urllib.parse import quote

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from loyalty.lib.portal import MemberRequest, page
from loyalty.members.queries import referrer_of
from loyalty.members.rules import card_svg
from loyalty.portal.views.door import member_required, program_page
from loyalty.programs.queries.referrals import policy_of, referrals_of
from loyalty.programs.services.ways import pays_of_inviting

COOKIE = "invited_by"
DAY = 86_400


@require_safe
@program_page
def invited(request: MemberRequest, referral: str) -> HttpResponse:
    """Where a member's link leads: the program's first page, which remembers for some weeks who sent them."""
    answer = redirect("loyalty:home", request.program.code)
    policy = policy_of(request.program)
    referrer = referrer_of(request.program, referral) if policy and not request.member else None
    if policy and referrer:
        answer.set_signed_cookie(
            COOKIE, f"{request.program.code}:{referrer.referral_code}", max_age=policy.attribution_days * DAY,
            httponly=True, samesite="Lax", secure=request.is_secure(),
        )  # fmt: skip
    return answer


def code_remembered(request: MemberRequest) -> str:
    """The referral code of whoever sent this browser here, while it counts; else empty."""
    policy = policy_of(request.program)
    if policy is None:
        return ""
    kept = request.get_signed_cookie(COOKIE, default="", max_age=policy.attribution_days * DAY)
    program, _colon, code = (kept or "").partition(":")
    return code if program == request.program.code else ""


@require_safe
@member_required
def friends(request: MemberRequest) -> HttpResponse:
    """One's link as text, code and mail; friends are told by their state alone."""
    policy = policy_of(request.program)
    if policy is None:
        raise Http404
    path = reverse("loyalty:invited", args=[request.program.code, request.member.referral_code])
    link = request.build_absolute_uri(path)
    context = {
        "program": request.program,
        "member": request.member,
        "policy": policy,
        "link": link,
        "qr": mark_safe(card_svg(link, title=_("QR code of your link"))),  # noqa: S308 - drawn by us
        "pays": pays_of_inviting(request.member),
        "friends": referrals_of(request.member),
        "section": "earn",
        **_ways_to_send(request, link),
    }
    return page(request, "portal/friends.html", context)


def _ways_to_send(request: MemberRequest, link: str) -> dict[str, Any]:
    """Addresses that open the phone's own mail and messages, without a script."""
    subject = _("Join %(program)s with me") % {"program": request.program.name}
    text = quote(f"{subject}: {link}")
    return {"mail": f"mailto:?subject={quote(subject)}&body={quote(link)}", "sms": f"sms:?&body={text}"}
