"""The first page of a program: the member's home, or what it promises to everyone else; and the list of programs."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from loyalty.lib.portal import MemberRequest, NavEntry, page, tiles_of
from loyalty.members.queries import consent_choices, memberships_of
from loyalty.messaging.queries import news_of
from loyalty.messaging.services import celebrate
from loyalty.portal import queries
from loyalty.portal.views.door import program_page
from loyalty.programs.queries.balances import balances_of
from loyalty.programs.queries.statement import statement_of
from loyalty.programs.queries.terms import terms_of
from loyalty.programs.queries.tiers import tiers_of

RECENT = 5


@dataclass(frozen=True, slots=True)
class Step:
    """Something worth doing next."""

    icon: str
    title: str
    note: str
    url: str


def programs(request: HttpRequest) -> HttpResponse:
    """`/`: straight on to one's only program; else the programs one is in, and those one may join."""
    mine = list(memberships_of(request.user)) if request.user.is_authenticated else []
    others = queries.open_programs(besides=[member.program_id for member in mine])
    ways = [member.program for member in mine] or others
    if len(ways) == 1 and "choose" not in request.GET and not getattr(request.user, "is_staff", False):
        return redirect("loyalty:home", ways[0].code)
    every = [*(member.program for member in mine), *others]
    return page(request, "portal/programs.html", {"memberships": mine, "others": others, "all_programs": every})


@program_page
def home(request: MemberRequest) -> HttpResponse:
    """Card, balance, what comes next and what happened last; for strangers, what the program offers."""
    if not (member := request.member):
        return _landing(request)
    news = news_of(member)
    context = {
        "member": member,
        "program": request.program,
        "is_blocked": member.status == "blocked",
        "balances": balances_of(member),
        "rows": statement_of(member, limit=RECENT).rows,
        "steps": _steps_for(request),
        "tiles": tiles_of(request),
        "tiers": tiers_of(member),
        "joy": news.joy if news.joy and celebrate(news.joy) else None,
        "newest": news.newest,
        "section": "home",
    }
    return page(request, "portal/home.html", context)


def _landing(request: MemberRequest) -> HttpResponse:
    earning = next((part.lines for part in terms_of(request.program) if part.code == "earning"), ())
    return page(request, "portal/landing.html", {"program": request.program, "earning": earning})


def _steps_for(request: MemberRequest) -> list[Step]:
    program, steps = request.program, []
    choices = consent_choices(program, request.member)
    if any(choice.is_granted is None or not choice.is_newest for choice in choices):
        words = _("Decide what we may send you"), _("It takes a moment, and you can change it at any time.")
        steps.append(Step("shield", *words, reverse("loyalty:consents", args=[program.code])))
    if not request.member.birth_date:
        words = _("Tell us your birthday"), _("So that we can think of you on the day.")
        steps.append(Step("gift-day", *words, reverse("loyalty:profile", args=[program.code])))
    return steps


def nav_entries(request: Any) -> list[NavEntry]:
    """The portal's own entries; named in `config/wiring.py` like those of the apps above."""
    code = request.program.code
    return [
        NavEntry("home", _("Home"), reverse("loyalty:home", args=[code]), "home", 10),
        NavEntry("earn", _("Earn"), reverse("loyalty:earn", args=[code]), "earn", 20),
        NavEntry("me", _("Me"), reverse("loyalty:me", args=[code]), "me", 90),
    ]
