"""Changing points of one wallet into those of another."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from loyalty.lib.errors import DomainError
from loyalty.lib.portal import MemberRequest, form_key, page, refuse
from loyalty.portal.forms import ConvertForm
from loyalty.portal.views.door import member_required
from loyalty.programs.queries import conversions as queries
from loyalty.programs.services import conversions


def may_convert(request: MemberRequest) -> bool:
    """Whether the page has anything for this member."""
    return queries.has_conversions(request.member)


@member_required
def convert(request: MemberRequest) -> HttpResponse:
    """Fill in, look at what becomes of it, change. The form brings its key: a double click is one act."""
    terms = queries.terms_of_converting(request.member)
    form = ConvertForm(request.POST or None, terms=terms)
    if request.method != "POST":
        return _page(request, form, terms)
    if form.is_valid():
        try:
            return _go_on(request, form, terms)
        except DomainError as error:
            refuse(form, error)
    return _page(request, form, terms, 422)


def _go_on(request: MemberRequest, form: ConvertForm, terms: list[Any]) -> HttpResponse:
    points = form.cleaned_data["points"]
    chosen = next(each for each in terms if str(each.rate.pk) == form.cleaned_data["rate"])
    if "confirmed" not in request.POST:
        conversions.ensure_convertible(chosen, points)
        context = _context(request, form=form, quote=queries.quote_of(chosen, points))
        return page(request, "portal/convert_preview.html", context)
    conversions.convert_points(
        request.member, chosen.rate.from_wallet, chosen.rate.to_wallet, points=points,
        id=form_key(request), source="portal", actor=f"member:{request.member.pk}",
    )  # fmt: skip
    messages.success(request, _("Changed. You find them in your statement."))
    return redirect("loyalty:convert", request.program.code)


def _context(request: MemberRequest, **more: Any) -> dict[str, Any]:
    return {"program": request.program, "member": request.member, "section": "me", **more}


def _page(request: MemberRequest, form: ConvertForm, terms: list[Any], status: int = 200) -> HttpResponse:
    context = _context(request, form=form, terms=terms, made=queries.conversions_of(request.member))
    return page(request, "portal/convert.html", context, status=status)
