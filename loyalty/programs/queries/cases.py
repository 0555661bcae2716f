"""Cases for review: what was noticed in plain words, what waits for them, and which cashiers stand out."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet
from django.db.models.fields.json import KT
from django.db.models.lookups import Exact

from loyalty.lib import clock
from loyalty.programs.models.activity import Activity
from loyalty.programs.models.program import Program
from loyalty.programs.models.returns import Return
from loyalty.programs.models.velocity import Flag, HeldAward, ReviewCase, VelocityRule
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.activities import units_of
from loyalty.programs.queries.configuration import watch_rule_of
from loyalty.programs.queries.in_force import wallets_by_id
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
class Concerned:
    """One purchase that a case is about. `count` is how many there were when it was noticed; 0: it was one of those
    that are usual. `state` is that of its points: waiting, released, given, refused; empty: they never waited."""

    activity: Activity
    cashier: str
    count: int
    state: str
    points: tuple[str, ...]

    @property
    def waits(self) -> bool:
        """Whether its points wait for a decision."""
        return self.state == HeldAward.State.WAITING


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


def concerned_by(case: ReviewCase) -> QuerySet[Activity]:
    """Every purchase that a case is about, the latest first: those that were noticed, and those counted with them.

    These are the ones at the same place that lie within the window of one that was noticed; of returns, the purchases
    that came back meanwhile.
    """
    rows = Activity.objects.filter(program_id=case.program_id, kind="purchase").order_by("-event_at", "-pk")
    first = case.flags.select_related("activity").order_by("activity__event_at", "pk").first()
    if first is None:
        return rows.none()
    window = timedelta(minutes=case.facts["minutes"])
    if case.facts["pattern"] == "refunds":
        since, until = case.opened_at - window, case.decided_at or clock.now()
        back = Return.objects.filter(is_after_spending=True, event_at__gt=since, event_at__lte=until)
        own = Q(pk__in=case.flags.values("activity_id")) | Q(pk__in=back.values("purchase_id"))
        return rows.filter(own, member=case.member_id)
    last = case.flags.aggregate(at=Max("activity__event_at"))["at"]
    near = case.flags.filter(
        activity__event_at__gt=OuterRef("event_at") - window, activity__event_at__lt=OuterRef("event_at") + window
    )
    around = rows.filter(event_at__gt=first.activity.event_at - window, event_at__lt=last + window)
    return around.filter(_place_of(case, first.activity), Exists(near))


def _place_of(case: ReviewCase, one: Activity) -> Q:
    """What its purchases have in common, told by one of them: the facts of a case are shortened for people."""
    match case.facts["pattern"]:
        case "card_at_till":
            return _named("card", one) & Q(source=one.source)
        case "device":
            return _named("device", one)
        case "cashier":
            return _named("cashier", one) & Q(member=case.member_id)
        case _:
            return Q(member=case.member_id)


def _named(name: str, one: Activity) -> Q:
    """As the indexes of cards and devices know it: tokens may be told as text or as a number."""
    same = Exact(KT(f"attributes__{name}"), str(one.attributes.get(name, "")))
    return Q(same, attributes__has_key=name)


def purchases_of(case: ReviewCase, activities: Iterable[Activity]) -> list[Concerned]:
    """What a page of `concerned_by` tells; three statements."""
    wallets, found = _wallets(case.program), list(activities)
    ids = [activity.pk for activity in found]
    flags = {flag.activity_id: flag for flag in case.flags.filter(activity__in=ids)}
    states = dict(HeldAward.objects.filter(activity__in=ids).values_list("activity_id", "state"))
    return [
        Concerned(
            activity, str(activity.attributes.get("cashier", "")),
            flags[activity.pk].count if activity.pk in flags else 0, states.get(activity.pk, ""),
            tuple(_points([activity.awards], wallets)),
        )
        for activity in found
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
    return {wallet.code: wallet for wallet in wallets_by_id(program.pk).values()}


def _points(awards: Iterable[list[dict]], wallets: dict[str, Wallet]) -> list[str]:
    sums: dict[str, int] = defaultdict(int)
    for each in awards:
        for award in each:
            sums[award["wallet"]] += award["points"]
    return [points_of(points, units_of(wallets[code])) for code, points in sums.items()]
