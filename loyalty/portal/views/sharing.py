"""Sharing: one's own link and the networks' addresses; and the page where visitors of a link arrive."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from loyalty.lib.errors import DomainError
from loyalty.lib.portal import MemberRequest, form_key, new_form_key, page
from loyalty.portal.views.door import member_required, program_page
from loyalty.programs.queries.sharing import item_by_code, share_by_token
from loyalty.programs.rules.sharing import networks_for, visitor_of
from loyalty.programs.services.sharing import count_visit, link_for, tell_shared, told_of
from loyalty.programs.services.ways import Desk


@never_cache
@member_required
def share(request: MemberRequest, item: str) -> HttpResponse:
    """The link, where it can be sent, and (where sharing itself earns) a button to say that it was."""
    found = item_by_code(request.program, item)
    own, refusal = None, ""
    try:
        own = link_for(found, request.member, origin=_browser(request))
        if request.method == "POST" and form_key(request):
            tell_shared(own, actor=f"member:{request.member.pk}")
            messages.success(request, _("Thank you for sharing."))
            return redirect("loyalty:share", request.program.code, found.code)
    except DomainError as error:
        refusal = str(error)
    return _page(request, found, own, refusal)


def _page(request: MemberRequest, item: Any, own: Any, refusal: str) -> HttpResponse:
    context = {"program": request.program, "member": request.member, "section": "earn", "item": item, "own": own}
    context |= {"refusal": refusal, "key": new_form_key()}
    if own:
        path = reverse("loyalty:shared", args=[request.program.code, own.token])
        link = request.build_absolute_uri(path)
        context |= {"link": link, "networks": networks_for(link, item.title, item.text)}
        context |= {"pays": () if own.activity_id else Desk(request.member).pays("share", told_of(item))}
    return page(request, "portal/share.html", context, status=422 if refusal else 200)


@never_cache
@program_page
def shared(request: MemberRequest, token: str) -> HttpResponse:
    """Where a link arrives. Who goes on is counted; looking alone, as programs that draw previews do, is not."""
    found = share_by_token(request.program, token)
    context = {"program": request.program, "item": found.item, "is_gone_on": request.method == "POST"}
    response = page(request, "portal/shared.html", context)
    if request.method == "POST":
        user_id = request.user.pk if request.user.is_authenticated else None
        count_visit(found, visitor=_browser(request), user_id=user_id)
        # A form may lead to our own pages only (CSP), so the page that answers it leads on.
        response.headers["Refresh"] = f"0;url={found.item.url}"
    return response


def _browser(request: MemberRequest) -> str:
    """The browser that asks, as no more than a number that cannot be turned back."""
    address, agent = request.META.get("REMOTE_ADDR", ""), request.headers.get("User-Agent", "")
    return visitor_of(settings.SECRET_KEY, address, agent)
