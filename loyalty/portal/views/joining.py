"""Joining a program in one step, signed in or not."""

from typing import Any

from allauth.account.internal.flows.signup import complete_signup
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.decorators import rate_limit
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from loyalty.lib.errors import DomainError
from loyalty.lib.portal import MemberRequest, page, refuse
from loyalty.members.queries import consent_choices, referrer_of
from loyalty.members.services.members import join_program
from loyalty.portal.forms import ConsentFields, ConsentsForm, InvitationField, JoinForm
from loyalty.portal.services import Joining, keep_joining, remember_brand
from loyalty.portal.views.door import program_page
from loyalty.portal.views.friends import code_remembered
from loyalty.programs.queries.referrals import policy_of


@never_cache
@sensitive_post_parameters("password1")
@program_page
def join(request: MemberRequest) -> HttpResponse:
    """The form, and what it does; a closed program and a member of it go to the first page."""
    if request.member or not request.program.is_active:
        return redirect("loyalty:home", request.program.code)
    if request.method == "POST":
        return _accept(request)
    return _show(request, _form_of(request))


def _form_of(request: MemberRequest, data: Any = None) -> ConsentFields:
    kind = ConsentsForm if request.user.is_authenticated else JoinForm
    form = kind(data, choices=consent_choices(request.program))
    if policy_of(request.program):
        form.fields["invited_by"] = InvitationField(initial=code_remembered(request))
    return form


def _show(request: MemberRequest, form: ConsentFields, status: int = 200) -> HttpResponse:
    context = {"program": request.program, "form": form}
    return page(request, "portal/join.html", context, fragment="form", status=status)


@rate_limit(action="signup")
def _accept(request: MemberRequest) -> HttpResponse:
    form = _form_of(request, request.POST)
    if not form.is_valid() or not _is_invitation_known(request, form):
        return _show(request, form, 422)
    if isinstance(form, JoinForm):
        return _sign_up(request, form)
    try:
        join_program(
            request.program,
            request.user,
            consents=form.decisions(),
            actor=f"user:{request.user.pk}",
            language=get_language(),
            referred_by=_referrer(request, form),
        )
    except DomainError as error:
        refuse(form, error)
        return _show(request, form, 422)
    messages.success(request, _("Welcome to %(name)s. Your card is ready.") % {"name": request.program.name})
    return redirect("loyalty:home", request.program.code)


def _is_invitation_known(request: MemberRequest, form: ConsentFields) -> bool:
    """Whether the code in the form is somebody's, or there is none; else the form says so."""
    if form.cleaned_data.get("invited_by") and _referrer(request, form) is None:
        form.add_error("invited_by", _("Nobody has this code. Check it, or leave it empty."))
    return form.is_valid()


def _referrer(request: MemberRequest, form: ConsentFields) -> Any:
    """Who invited them, by the code in the form; None without one, or where nobody has it."""
    code = form.cleaned_data.get("invited_by", "")
    return referrer_of(request.program, code) if code else None


def _sign_up(request: MemberRequest, form: JoinForm) -> HttpResponse:
    """An account first; the membership follows when the address is verified (`AccountAdapter.post_login`)."""
    home = reverse("loyalty:home", args=[request.program.code])
    remember_brand(request.session, request.program.code)
    keep_joining(request.session, _joining(request, form))
    user, answer = form.try_save(request)
    try:
        return answer or complete_signup(request, user=user, redirect_url=home)
    except ImmediateHttpResponse as answered:
        return answered.response


def _joining(request: MemberRequest, form: JoinForm) -> Joining:
    return Joining(
        program=request.program.code,
        email=form.cleaned_data["email"],
        name=form.cleaned_data["name"],
        language=get_language() or "",
        consents=form.decisions(),
        invited_by=form.cleaned_data.get("invited_by", ""),
        texts={choice.purpose: choice.text.version for choice in consent_choices(request.program)},
    )
