"""Caps and budgets: their words, and how much of them is used up in the period that runs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, F, Max, Q
from django.utils.translation import gettext as _

from loyalty.programs.models.caps import Cap, CapUse
from loyalty.programs.models.program import Program
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.activities import units_of
from loyalty.programs.queries.configuration import Configuration, cap_of
from loyalty.programs.rules import capping
from loyalty.programs.rules.invalid import InvalidSetting
from loyalty.programs.rules.wording.amounts import Units, points_of
from loyalty.programs.rules.wording.caps import sentence_for_cap
from loyalty.programs.rules.wording.invalid import message_for


@dataclass(frozen=True, slots=True)
class Usage:
    """How full a cap is: the fullest of its counters in the period that runs, in per cent; `full` of `counters` are."""

    used: Decimal
    most: Decimal
    percent: int
    counters: int
    full: int


def usage_of(caps: Iterable[Cap], program: Program, at: datetime) -> Mapping[int, Usage]:
    """By cap id, one statement per kind of period; those that count nothing (each time, pauses) are left out."""
    periods: dict[str, list[Cap]] = {}
    for cap in caps:
        if cap.period not in (Cap.Period.TRANSACTION, Cap.Period.COOLDOWN):
            periods.setdefault(cap.period, []).append(cap)
    found: dict[int, Usage] = {}
    for period, some in periods.items():
        start = capping.period_start(period, at, program.time_zone)
        for measure in {cap.measure for cap in some}:
            found |= _usage([cap for cap in some if cap.measure == measure], measure, start)
    return found


def _usage(caps: list[Cap], measure: str, start: datetime) -> dict[int, Usage]:
    is_full = Q(**{f"{measure}__gte": F("cap__limit")})
    rows = (
        CapUse.objects.filter(cap__in=caps, period_start=start)
        .values("cap_id")
        .annotate(most=Max(measure), counters=Count("pk"), full=Count("pk", filter=is_full))
    )
    told = {row["cap_id"]: row for row in rows}
    usages = {}
    for cap in caps:
        row = told.get(cap.pk, {"most": 0, "counters": 0, "full": 0})
        percent = min(int(100 * row["most"] / cap.limit), 100) if cap.limit else 100
        usages[cap.pk] = Usage(Decimal(row["most"]), cap.limit, percent, row["counters"], row["full"])
    return usages


def words_of_cap(cap: Cap, program: Program, wallet: Wallet | None) -> str:
    """A stored cap as a sentence; `wallet` gives the names of its units."""
    target = cap.rule.name if cap.rule else cap.campaign.name if cap.campaign else ""
    try:
        return sentence_for_cap(cap_of(cap, []), _units(cap.wallet or wallet), program.currency, target)
    except InvalidSetting as error:
        return message_for(error)


def limits_told(configuration: Configuration) -> list[str]:
    """What members are told of caps: all but the program's own budgets."""
    wallets = [terms.wallet for terms in configuration.wallets.values()]
    names: dict[tuple[int, object], str] = {(capping.RULES, rule.id): rule.name for rule in configuration.rules}
    names |= {(capping.CAMPAIGNS, rule.id): rule.campaign.name for rule in configuration.rules if rule.campaign}
    told = []
    for cap in configuration.caps:
        if cap.scope == "program":
            continue
        wallet = next((each for each in wallets if each.pk == cap.wallet), wallets[0] if wallets else None)
        target = names.get((cap.level, next(iter(cap.rules or ()), None)), "")
        told.append(sentence_for_cap(cap, _units(wallet), configuration.program.currency, target))
    return told


def full_told(configuration: Configuration) -> list[str]:
    """What members are told of wallets that can be full."""
    wallets = [terms.wallet for terms in configuration.wallets.values() if terms.wallet.balance_cap is not None]
    words = _("You can have at most %(points)s at a time; what would go over is not given.")
    return [words % {"points": points_of(wallet.balance_cap or 0, units_of(wallet))} for wallet in wallets]


def _units(wallet: Wallet | None) -> Units:
    return units_of(wallet) if wallet else Units("point", "points")
