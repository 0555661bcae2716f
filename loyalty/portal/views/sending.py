"""Sending points to another member, and answering what others send."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from loyalty.lib.errors import DomainError
from loyalty.lib.portal import MemberRequest, form_key, page, refuse
from loyalty.portal.forms import SendForm
from loyalty.portal.services import ensure_receiver
from loyalty.portal.views.door import member_required
from loyalty.programs.queries import moving as queries
from loyalty.programs.services import moving

ANSWERS: dict[str, Callable[..., Any]] = {
    "accept": moving.accept_transfer,
    "decline": moving.decline_transfer,
    "withdraw": moving.withdraw_transfer,
}


def may_send(request: MemberRequest) -> bool:
    """Whether the page has anything for this member."""
    return queries.has_sending(request.member)


@member_required
def send(request: MemberRequest) -> HttpResponse:
    """Fill in, look at what it costs and what remains, send. The form brings its key: a double click is one act."""
    terms = queries.terms_of_sending(request.member)
    form = SendForm(request.POST or None, terms=terms)
    if request.method != "POST":
        return _page(request, form, terms)
    if form.is_valid():
        try:
            return _go_on(request, form, terms)
        except DomainError as error:
            refuse(form, error)
    return _page(request, form, terms, 422)


def _go_on(request: MemberRequest, form: SendForm, terms: list[Any]) -> HttpResponse:
    filled = form.cleaned_data
    chosen = next(each for each in terms if each.wallet.code == filled["wallet"])
    ensure_receiver(request.member, filled["to"])
    if "confirmed" not in request.POST:
        moving.ensure_sendable(chosen, filled["points"])
        context = _context(request, form=form, preview=queries.preview_of(chosen, filled["points"]))
        return page(request, "portal/send_preview.html", context)
    made = moving.send_points(
        request.member, filled["to"], chosen.wallet, points=filled["points"], note=filled["note"],
        id=form_key(request), source="portal", actor=f"member:{request.member.pk}",
    )  # fmt: skip
    is_waiting = made.state == "waiting"
    messages.success(request, _("The points are set aside until they are accepted.") if is_waiting else _("Sent."))
    return redirect("loyalty:send", request.program.code)


def _context(request: MemberRequest, **more: Any) -> dict[str, Any]:
    return {"program": request.program, "member": request.member, "section": "me", **more}


def _page(request: MemberRequest, form: SendForm, terms: list[Any], status: int = 200) -> HttpResponse:
    context = _context(
        request, form=form, terms=terms, waiting=queries.waiting_for(request.member),
        transfers=queries.transfers_of(request.member),
    )  # fmt: skip
    return page(request, "portal/send.html", context, status=status)


@require_POST
@member_required
def answer(request: MemberRequest, transfer_id: int) -> HttpResponse:
    """Accept or decline what someone sends; or withdraw what one sent oneself."""
    transfer, asked = queries.transfer_of(request.member, transfer_id), request.POST.get("answer", "")
    may = ("withdraw",) if transfer and transfer.giver_id == request.member.pk else ("accept", "decline")
    if transfer is None or asked not in may:
        raise Http404
    try:
        ANSWERS[asked](transfer, actor=f"member:{request.member.pk}")
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The points are yours.") if asked == "accept" else _("Nothing was sent."))
    return redirect("loyalty:send", request.program.code)
