from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Max, Sum
from django.db.models.functions import TruncMonth

from loyalty.insights.models import ExpiryOutlook, PointsDay, ProgramSnapshot, Watermark
from loyalty.insights.rules import months as rules
from loyalty.insights.rules.months import Month, Standing
from loyalty.ledger.queries import figures as ledger
from loyalty.lib import clock
from loyalty.lib.money import round_money
from loyalty.members.queries import count_members
from loyalty.programs.models.program import Program
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.in_force import as_published
from loyalty.programs.queries.programs import wallets_of

MONTHS = 12
OUTLOOK_DAYS = (30, 60, 90)


@dataclass(frozen=True, slots=True)
class Counted:
    """A sum over days that were counted."""

    wallet_id: int
    day: date
    bucket: int | None
    contra: str
    points: int


@dataclass(frozen=True, slots=True)
class Soon:
    """Points that expire within `days`, unless they are spent."""

    days: int
    points: int


@dataclass(frozen=True, slots=True)
class WalletFigures:
    """One wallet at a glance. `value` is the money that active, pending and held points cost if all are redeemed."""

    wallet: Wallet
    active: int
    pending: int
    held: int
    debt: int
    value: Decimal
    months: list[Month]
    soon: list[Soon]

    @property
    def outstanding(self) -> int:
        return self.active + self.pending + self.held

    @property
    def earned(self) -> int:
        return sum(month.earned for month in self.months)

    @property
    def spent(self) -> int:
        return sum(month.spent for month in self.months)

    @property
    def expired(self) -> int:
        return sum(month.expired for month in self.months)


@dataclass(frozen=True, slots=True)
class Figures:
    """A program at a glance. Points are as of now; `soon` of the wallets is as of `counted_at`.

    `last_month` is the month that the charts end with, `newest_month` the newest one in which any point moved.
    """

    program: Program
    members: int
    wallets: list[WalletFigures]
    counted_at: datetime | None
    last_month: date
    newest_month: date | None


def figures_of(program: Program, *, at: datetime, last_month: date | None = None) -> Figures:
    """The program's figures, from what was counted and what was posted since then.

    Charts end with `last_month`, else with this month, or the newest one with any movement if the last twelve had none.
    """
    program, wallets = as_published(program), wallets_of(program)
    mark = Watermark.objects.first() or Watermark(counted_at=at)
    since = _since(program, wallets, mark)
    newest = _newest_month(wallets, since)
    last = last_month or _last_month(program, at, newest)
    outlooks = {each.wallet_id: each for each in ExpiryOutlook.objects.filter(wallet__in=wallets)}
    past = ledger.expiring_by([wallet.pk for wallet in wallets], at)
    moved = [*_stood(wallets), *_shown(wallets, last), *since]
    return Figures(
        program=program,
        members=_members(program),
        wallets=[_wallet(each, moved, past.get(each.pk, 0), outlooks.get(each.pk), last) for each in wallets],
        counted_at=max((each.counted_at for each in outlooks.values()), default=None),
        last_month=last,
        newest_month=newest,
    )


def _since(program: Program, wallets: list[Wallet], mark: Watermark) -> list[ledger.Movement]:
    """What was posted after the last count; the schedule keeps this short."""
    zones = {wallet.pk: program.time_zone for wallet in wallets}
    return ledger.movements(zones, after=mark.upto_id, upto=ledger.newest_id()) if zones else []


def _newest_month(wallets: list[Wallet], since: list[ledger.Movement]) -> date | None:
    counted = PointsDay.objects.filter(wallet__in=wallets).aggregate(day=Max("day"))["day"]
    days = [row.day for row in since] + ([counted] if counted else [])
    return rules.first_of_month(max(days)) if days else None


def _last_month(program: Program, at: datetime, newest: date | None) -> date:
    today = clock.business_day(at, program.time_zone)
    shown = next(rules.months_back(today, MONTHS))
    return newest if newest and newest < shown else rules.first_of_month(today)


def _stood(wallets: list[Wallet]) -> list[Counted]:
    """All that was counted ever, summed by bucket; without a day, so that no chart shows it."""
    sums = PointsDay.objects.filter(wallet__in=wallets).values_list("wallet_id", "bucket").annotate(Sum("points"))
    return [Counted(wallet_id, date.min, bucket, "", points) for wallet_id, bucket, points in sums.order_by()]


def _shown(wallets: list[Wallet], last: date) -> list[Counted]:
    """What was counted in the months of the charts, summed by month; in no bucket, for it stands in `_stood`."""
    first = next(rules.months_back(last, MONTHS))
    days = PointsDay.objects.filter(wallet__in=wallets, day__gte=first, day__lt=rules.month_after(last))
    sums = days.values_list("wallet_id", TruncMonth("day"), "contra").annotate(Sum("points")).order_by()
    return [Counted(wallet_id, month, None, contra, points) for wallet_id, month, contra, points in sums]


def _members(program: Program) -> int:
    snapshot = ProgramSnapshot.objects.filter(program=program).first()
    counted, upto = (snapshot.members, snapshot.upto_id) if snapshot else (0, 0)
    return counted + count_members(program, after_id=upto)[0]


def _wallet(wallet: Wallet, moved: list[Any], past: int, outlook: ExpiryOutlook | None, last: date) -> WalletFigures:
    """`past` are points whose instant has come and that no sweep has closed yet: nobody’s any more."""
    own = [row for row in moved if row.wallet_id == wallet.pk]
    stands: Standing = rules.standing(own)
    debt = outlook.debt if outlook else 0
    active = max(stands.active + debt - past, 0)
    points = active + stands.pending + stands.held
    return WalletFigures(
        wallet=wallet,
        active=active,
        pending=stands.pending,
        held=stands.held,
        debt=debt,
        value=round_money(points * wallet.point_value, wallet.program.currency),
        months=rules.by_month(own, last, MONTHS),
        soon=_soon(outlook),
    )


def _soon(outlook: ExpiryOutlook | None) -> list[Soon]:
    if outlook is None:
        return []
    return [Soon(days, getattr(outlook, f"within_{days}")) for days in OUTLOOK_DAYS]
