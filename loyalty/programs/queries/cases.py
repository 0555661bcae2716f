"""Cases for review: what was noticed in plain words, what waits for them, and which cashiers stand out."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Q, QuerySet

from loyalty.programs.models.activity import Activity
from loyalty.programs.models.program import Program
from loyalty.programs.models.velocity import Flag, HeldAward, ReviewCase, VelocityRule
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.activities import units_of
from loyalty.programs.queries.configuration import watch_rule_of
from loyalty.programs.rules.invalid import InvalidSetting
from loyalty.programs.rules.wording.amounts import points_of
from loyalty.programs.rules.wording.invalid import message_for
from loyalty.programs.rules.wording.velocity import fact_of, sentence_for_watch

SHOWN = 200


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a decision about some cases is about; `points` are sentences, one for each wallet."""

    cases: int
    purchases: int
    members: int
    waiting: int
    points: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FlaggedPurchase:
    """One purchase of a case; `waits` says whether its points wait for a decision."""

    activity: Activity
    cashier: str
    count: int
    waits: bool
    points: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cashier:
    """How often the purchases that a cashier rang up were noticed."""

    name: str
    purchases: int
    members: int
    open: int
    refused: int
    last_at: datetime


def words_of_watch(rule: VelocityRule) -> str:
    """A stored watch rule as a sentence."""
    try:
        return sentence_for_watch(watch_rule_of(rule))
    except InvalidSetting as error:
        return message_for(error)


def words_of_case(case: ReviewCase) -> str:
    """What was noticed."""
    return fact_of(case.facts, case.highest)


def with_counts(cases: QuerySet) -> QuerySet:
    """Cases with `count_purchases` and `count_members`."""
    return cases.annotate(
        count_purchases=Count("flags", distinct=True), count_members=Count("flags__member", distinct=True)
    )


def open_count(program: Program) -> int:
    """How many cases wait for a decision."""
    return ReviewCase.objects.filter(program=program, state=ReviewCase.State.OPEN).count()


def numbers_of(cases: Sequence[ReviewCase], program: Program) -> Numbers:
    """What deciding these cases is about; four statements."""
    flags = Flag.objects.filter(case__in=cases)
    told = flags.aggregate(purchases=Count("activity", distinct=True), members=Count("member", distinct=True))
    held = HeldAward.objects.filter(state=HeldAward.State.WAITING, activity__in=flags.values("activity_id"))
    awards = list(held.values_list("activity__awards", flat=True))
    return Numbers(
        len(cases), told["purchases"], told["members"], len(awards), tuple(_points(awards, _wallets(program)))
    )


def purchases_of(case: ReviewCase) -> list[FlaggedPurchase]:
    """The purchases of a case, the latest first, at most SHOWN."""
    wallets = _wallets(case.program)
    flags = case.flags.select_related("activity__member").order_by("-activity__event_at", "-pk")[:SHOWN]
    waiting = set(
        HeldAward.objects.filter(
            state=HeldAward.State.WAITING, activity__in=[flag.activity_id for flag in flags]
        ).values_list("activity_id", flat=True)
    )
    return [
        FlaggedPurchase(
            flag.activity, flag.cashier, flag.count, flag.activity_id in waiting,
            tuple(_points([flag.activity.awards], wallets)),
        )
        for flag in flags
    ]  # fmt: skip


def cases_about(activity: Activity) -> list[ReviewCase]:
    """The cases that a purchase belongs to."""
    return list(ReviewCase.objects.filter(flags__activity=activity).order_by("pk"))


def cashiers_of(program: Program) -> list[Cashier]:
    """Those whose purchases were noticed, whoever was noticed most first; one statement."""
    rows = (
        Flag.objects.filter(case__program=program)
        .exclude(cashier="")
        .values("cashier")
        .annotate(
            purchases=Count("activity", distinct=True),
            members=Count("member", distinct=True),
            open=Count("case", distinct=True, filter=Q(case__state=ReviewCase.State.OPEN)),
            refused=Count("case", distinct=True, filter=Q(case__state=ReviewCase.State.REFUSED)),
            last_at=Max("activity__event_at"),
        )
        .order_by("-open", "-refused", "-purchases", "cashier")[:SHOWN]
    )
    return [
        Cashier(row["cashier"], row["purchases"], row["members"], row["open"], row["refused"], row["last_at"])
        for row in rows
    ]


def _wallets(program: Program) -> dict[str, Wallet]:
    return {wallet.code: wallet for wallet in Wallet.objects.filter(program=program)}


def _points(awards: Iterable[list[dict]], wallets: dict[str, Wallet]) -> list[str]:
    sums: dict[str, int] = defaultdict(int)
    for each in awards:
        for award in each:
            sums[award["wallet"]] += award["points"]
    return [points_of(points, units_of(wallets[code])) for code, points in sums.items()]
