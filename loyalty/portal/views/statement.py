"""Where the points came from and went: the statement, one movement with its why, and the points by date."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from loyalty.lib import clock
from loyalty.lib.dates import month_and_year
from loyalty.lib.portal import MemberRequest, page
from loyalty.portal import queries, rules
from loyalty.portal.views.door import member_required
from loyalty.programs.queries.programs import wallets_of
from loyalty.programs.queries.reinstatement import expired_of
from loyalty.programs.queries.statement import movement_of, statement_of

PAGE = 25


@dataclass(frozen=True, slots=True)
class Chip:
    """One of a few choices, as a link."""

    label: str
    url: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """What of the statement is shown; anything unknown in the address means no choice."""

    wallet: Any
    kind: str
    period: str

    @property
    def is_filtered(self) -> bool:
        return bool(self.wallet or self.kind or self.period)

    def query(self, **changes: str) -> str:
        parts = {"wallet": self.wallet.code if self.wallet else "", "kind": self.kind, "period": self.period} | changes
        return "?" + urlencode({name: value for name, value in parts.items() if value})


def _kinds() -> dict[str, str]:
    return {
        "": _("Everything"),
        "earned": _("Earned"),
        "spent": _("Spent"),
        "expired": _("Expired"),
        "pending": _("On their way"),
        "held": _("Set aside"),
    }


def _periods() -> dict[str, str]:
    return {"": _("Any time"), "month": _("This month"), "quarter": _("Three months"), "year": _("This year")}


def _choice_of(request: MemberRequest, wallets: list[Any]) -> Choice:
    asked = request.GET
    wallet = next((wallet for wallet in wallets if wallet.code == asked.get("wallet")), None)
    kind, period = asked.get("kind", ""), asked.get("period", "")
    return Choice(wallet, kind if kind in _kinds() else "", period if period in _periods() else "")


def _chips(base: str, choice: Choice, name: str, labels: dict[str, str], current: str) -> list[Chip]:
    return [Chip(label, base + choice.query(**{name: value}), value == current) for value, label in labels.items()]


@require_safe
@member_required
def statement(request: MemberRequest) -> HttpResponse:
    """The movements that fit the choice, newest first; `cursor` goes on where "show more" stands."""
    wallets = wallets_of(request.program)
    choice = _choice_of(request, wallets)
    base = reverse("loyalty:statement", args=[request.program.code])
    context = {
        "program": request.program,
        "member": request.member,
        "is_filtered": choice.is_filtered,
        "section": "home",
        **_found(request, choice, base),
        **_filters(base, choice, wallets),
    }
    return page(request, "portal/statement.html", context, fragment="more" if "cursor" in request.GET else "results")


def _found(request: MemberRequest, choice: Choice, base: str) -> dict[str, Any]:
    zone = request.program.time_zone
    first = rules.first_day(choice.period, clock.business_day(clock.now(), zone))
    found = statement_of(
        request.member,
        wallet=choice.wallet,
        kind=choice.kind or None,
        since=clock.start_of_day(first, zone) if first else None,
        cursor=request.GET.get("cursor") or None,
        limit=PAGE,
    )
    more = base + choice.query(cursor=found.next) if found.next else ""
    return {"rows": found.rows, "months": _by_month(found.rows), "more_url": more}


def _filters(base: str, choice: Choice, wallets: list[Any]) -> dict[str, Any]:
    names = {"": _("All")} | {wallet.code: wallet.name for wallet in wallets}
    return {
        "wallets": wallets,
        "wallet_chips": _chips(base, choice, "wallet", names, choice.wallet.code if choice.wallet else ""),
        "kind_chips": _chips(base, choice, "kind", _kinds(), choice.kind),
        "period_chips": _chips(base, choice, "period", _periods(), choice.period),
    }


def _by_month(rows: Any) -> list[dict[str, Any]]:
    def heading(row: Any) -> str:
        return capfirst(month_and_year(timezone.localtime(row.event_at)))

    return [{"grouper": month, "list": list(group)} for month, group in groupby(rows, heading)]


@require_safe
@member_required
def posting(request: MemberRequest, posting: int) -> HttpResponse:
    """One movement: what happened, how it was counted, and until when the points last."""
    found = movement_of(request.member, posting)
    if found is None:
        raise Http404
    context = {
        "program": request.program,
        "member": request.member,
        "found": found,
        "row": found.row,
        "lines": found.activity.lines.all() if found.activity else [],
        "section": "home",
    }
    return page(request, "portal/posting.html", context, fragment="details")


@require_safe
@member_required
def lots(request: MemberRequest) -> HttpResponse:
    """The points by the date until which they last, wallet by wallet, and those on their way."""
    context = {
        "program": request.program,
        "member": request.member,
        "shelves": queries.shelves_of(request.member),
        "expired_parts": expired_of(request.member, for_members=True),
        "section": "home",
    }
    return page(request, "portal/lots.html", context)
