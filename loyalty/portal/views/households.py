"""The household or club that a member shares points with."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from loyalty.lib.errors import DomainError
from loyalty.lib.portal import MemberRequest, form_key, page, refuse
from loyalty.portal.forms import FoundForm, JoinHouseholdForm, TakeForm
from loyalty.portal.views.door import member_required
from loyalty.programs.queries import households as queries
from loyalty.programs.services import households

ROLES = ("owner", "spender", "earner")


def may_share(request: MemberRequest) -> bool:
    """Whether the page has anything for this member."""
    return queries.has_households(request.member)


def _page(request: MemberRequest, status: int = 200, **forms: Any) -> HttpResponse:
    own = queries.membership_of(request.member)
    context = {
        "program": request.program, "member": request.member, "section": "me", "own": own,
        "policy": queries.policy_of(request.program), "found_form": FoundForm(prefix="found"),
        "join_form": JoinHouseholdForm(prefix="join"), "take_form": TakeForm(),
    }  # fmt: skip
    if own:
        context |= {"shared": queries.shared_of(own.household), "moves": queries.moves_of(own.household)}
    return page(request, "portal/household.html", context | forms, status=status)


@require_safe
@member_required
def household(request: MemberRequest) -> HttpResponse:
    """What is shared, with whom; or founding and joining."""
    if not may_share(request):
        raise Http404
    households.contribute(request.member.pk)
    return _page(request)


def _do(request: MemberRequest, name: str, form: Any, act: Callable[[dict[str, Any]], Any], done: str) -> HttpResponse:
    """One form of the page: what it asks for is done, or it comes back with the refusal."""
    if form.is_valid():
        try:
            act(form.cleaned_data)
        except DomainError as error:
            refuse(form, error)
        else:
            messages.success(request, done)
            return redirect("loyalty:household", request.program.code)
    return _page(request, 422, **{name: form})


def _actor(request: MemberRequest) -> str:
    return f"member:{request.member.pk}"


@require_POST
@member_required
def found(request: MemberRequest) -> HttpResponse:
    def act(filled: dict[str, Any]) -> None:
        households.found_household(request.member, name=filled["name"], actor=_actor(request))

    form = FoundForm(request.POST, prefix="found")
    return _do(request, "found_form", form, act, _("Your household is there. Pass its code on."))


@require_POST
@member_required
def join(request: MemberRequest) -> HttpResponse:
    def act(filled: dict[str, Any]) -> None:
        households.join_household(request.member, code=filled["code"], actor=_actor(request))

    return _do(request, "join_form", JoinHouseholdForm(request.POST, prefix="join"), act, _("You are in."))


def _own(request: MemberRequest) -> Any:
    own = queries.membership_of(request.member)
    if own is None:
        raise Http404
    return own


@require_POST
@member_required
def take(request: MemberRequest) -> HttpResponse:
    own = _own(request)

    def act(filled: dict[str, Any]) -> None:
        households.take_points(own, points=filled["points"], key=form_key(request), actor=_actor(request))

    return _do(request, "take_form", TakeForm(request.POST), act, _("The points are yours."))


@require_POST
@member_required
def leave(request: MemberRequest) -> HttpResponse:
    """Asked first, with the numbers."""
    own = _own(request)
    if not is_confirmed(request):
        return _ask(request, own, ends=len(queries.people_of(own.household)) == 1)
    households.leave_household(own, actor=_actor(request))
    messages.success(request, _("You have left the household."))
    return redirect("loyalty:household", request.program.code)


@require_POST
@member_required
def dissolve(request: MemberRequest) -> HttpResponse:
    """The owner ends it; everyone gets their part. Asked first, with the numbers."""
    own = _own(request)
    if own.role != "owner":
        raise Http404
    if not is_confirmed(request):
        return _ask(request, own, ends=True)
    households.dissolve_household(own.household, actor=_actor(request))
    messages.success(request, _("The household has ended. Everyone has their part."))
    return redirect("loyalty:household", request.program.code)


def is_confirmed(request: MemberRequest) -> bool:
    return request.POST.get("confirmed") == "1"


def _ask(request: MemberRequest, own: Any, *, ends: bool) -> HttpResponse:
    context = {
        "program": request.program, "member": request.member, "section": "me", "own": own, "ends": ends,
        "parting": queries.parting_of(own, ends=ends),
    }  # fmt: skip
    return page(request, "portal/household_parting.html", context)


@require_POST
@member_required
def role(request: MemberRequest, membership_id: int) -> HttpResponse:
    """The owner says who may take points, hands the household on, or lets someone go."""
    own, asked = _own(request), request.POST.get("role", "")
    other = next((each for each in queries.people_of(own.household) if each.pk == membership_id), None)
    if own.role != "owner" or other is None or other.pk == own.pk or asked not in (*ROLES, "remove"):
        raise Http404
    if asked == "remove":
        households.leave_household(other, actor=_actor(request))
    else:
        households.change_role(other, role=asked, actor=_actor(request))
    messages.success(request, _("Saved."))
    return redirect("loyalty:household", request.program.code)
