"""The start page: the open program at a glance, and what a new one still needs. Every figure leads to its rows."""

import re
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from loyalty.insights.queries.figures import MONTHS, Figures, WalletFigures, figures_of
from loyalty.insights.queries.onboarding import Step, steps_of
from loyalty.insights.rules.charts import chart_of
from loyalty.insights.rules.months import month_after, months_back
from loyalty.lib import clock
from loyalty.lib.admin.desk import desk_of

FLOWS = ("earned", "spent", "expired")


def start_page(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What the start page shows of the open program; for staff without a program, nothing but a word."""
    desk = desk_of(request)
    title = _("Today at %(program)s") % {"program": desk.program} if desk.program else _("Today")
    context |= {"title": title, "program": desk.program}
    if desk.program is None:
        return context
    figures = figures_of(desk.program, at=clock.now(), last_month=_month_asked(request))
    steps = [step for step in steps_of(desk.program) if desk.may(step.permission) or step.is_done]
    return context | {
        "figures": figures,
        "wallets": [_wallet(wallet) for wallet in figures.wallets],
        "members_address": reverse("admin:loyalty_member_changelist"),
        "steps": [_step(step) for step in steps],
        "steps_done": sum(step.is_done for step in steps),
        "steps_open": [_step(step) for step in steps if not step.is_done],
        "has_begun": any(step.is_done for step in steps if step.code == "purchase"),
        **_neighbours(figures),
    }


def _month_asked(request: HttpRequest) -> date | None:
    asked = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", request.GET.get("until", ""))
    return date(int(asked[1]), int(asked[2]), 1) if asked and 1900 < int(asked[1]) < 9990 else None


def _step(step: Step) -> dict[str, Any]:
    address = reverse(f"admin:{step.address}")
    return {"step": step, "address": f"{address}?{step.query}" if step.query and not step.is_done else address}


def _wallet(wallet: WalletFigures) -> dict[str, Any]:
    chart = chart_of(wallet.months)
    return {
        "figures": wallet,
        "chart": chart,
        "headline": _headline(wallet),
        "bars": [(bar, rows_address(wallet.wallet.pk, bar.flow, bar.month)) for bar in chart.bars],
        "rows": [(month, [_cell(wallet, month, flow) for flow in FLOWS]) for month in wallet.months],
        "accounts": f"{reverse('admin:loyalty_account_changelist')}?{urlencode({'wallet': wallet.wallet.pk})}",
        "soon": [(soon, lots_address(wallet.wallet.pk, soon.days)) for soon in wallet.soon],
        "totals": [(flow, getattr(wallet, flow), rows_address(wallet.wallet.pk, flow)) for flow in FLOWS],
    }


def _cell(wallet: WalletFigures, month: Any, flow: str) -> tuple[int, str]:
    return getattr(month, flow), rows_address(wallet.wallet.pk, flow, month.first)


def rows_address(wallet_id: int, flow: str, month: date | None = None) -> str:
    """The list of movements behind a figure."""
    query = {"wallet": wallet_id, "flow": flow} | ({"month": f"{month:%Y-%m}"} if month else {})
    return f"{reverse('admin:loyalty_posting_changelist')}?{urlencode(query)}"


def lots_address(wallet_id: int, days: int) -> str:
    """The list of lots that expire within `days`."""
    return f"{reverse('admin:loyalty_lot_changelist')}?{urlencode({'wallet': wallet_id, 'within': days})}"


def _headline(wallet: WalletFigures) -> str:
    """The sentence above a chart: what is to be seen in it."""
    words = {
        "unit": wallet.wallet.unit_many,
        "months": MONTHS,
        **{flow: number_format(getattr(wallet, flow), force_grouping=True) for flow in FLOWS},
    }
    if not any(getattr(wallet, flow) for flow in FLOWS):
        return _("No %(unit)s moved in these %(months)s months.") % words
    if not wallet.expired:
        return _("Members earned %(earned)s %(unit)s in %(months)s months and spent %(spent)s; none expired.") % words
    words["lost"] = _("lost %(expired)s to expiry") % words
    return _("Members earned %(earned)s %(unit)s in %(months)s months, spent %(spent)s and %(lost)s.") % words


def _neighbours(figures: Figures) -> dict[str, Any]:
    """The way to the twelve months before, and to those after as far as there is anything."""
    later = [figures.last_month]
    for _each in range(MONTHS):
        later.append(month_after(later[-1]))
    today = clock.business_day(clock.now(), figures.program.time_zone)
    latest = min(later[-1], today.replace(day=1))
    before = next(months_back(figures.last_month, MONTHS + 1))
    return {
        "first_month": next(months_back(figures.last_month, MONTHS)),
        "earlier": f"?until={before:%Y-%m}",
        "later": f"?until={latest:%Y-%m}" if latest > figures.last_month else "",
    }
