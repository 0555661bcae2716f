"""Expired points brought back: for nothing, for a fee in points, or for money that is owed and paid.

Locks: the member's row first, then the reinstatement's, then the ledger.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from loyalty.ledger import services as ledger
from loyalty.ledger.errors import NotEnoughPoints, NothingExpired
from loyalty.lib import clock
from loyalty.members.errors import MemberNotActive
from loyalty.members.models import Member
from loyalty.members.services.rows import locked
from loyalty.outbox.services import publish
from loyalty.programs.errors.reinstatement import NothingToBringBack, ReinstatementClosed, ReinstatementReused
from loyalty.programs.events import PointsReinstated
from loyalty.programs.models.program import Program
from loyalty.programs.models.reinstatement import ReinstatedLot, Reinstatement
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries import reinstatement as queries
from loyalty.programs.queries.in_force import as_published
from loyalty.programs.rules.days import end_of_day, local_day
from loyalty.programs.rules.reinstatement import new_end
from loyalty.programs.services.holdings import ensure_room, holdings_of
from loyalty.programs.services.transactions import in_transaction, turn_of

State = Reinstatement.State
JOB = "job:lapse_reinstatements"


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who wants what back, and under which name; the staff may leave the price out."""

    member: Member
    wallet: Wallet
    expired_at: datetime
    source: str
    id: str
    actor: str
    by_staff: bool
    is_free: bool
    reason: str


def bring_back(
    member: Member,
    wallet: Wallet,
    expired_at: datetime,
    *,
    id: str,
    source: str,
    at: datetime | None = None,
    by_staff: bool = False,
    is_free: bool = False,
    reason: str = "",
    actor: str,
) -> Reinstatement:
    """What expired in the wallet at `expired_at` comes back as its policy says: a fee in points is taken at once,
    money is owed, and the points wait for it unless the policy says otherwise.

    The same `id` of a `source` for the same points is the same act, for ever. `by_staff` also where members do not do
    it themselves, `is_free` without the price. Raises NothingToBringBack, ReinstatementReused, MemberNotActive,
    NotEnoughPoints, OverCap (what is owed for is judged when it is asked for).
    """
    asked = _Asked(member, wallet, expired_at, source, id, actor, by_staff, is_free, reason.strip()[:200])
    return in_transaction(lambda: _bring_back(asked, at or clock.now()))


def _bring_back(asked: _Asked, at: datetime) -> Reinstatement:
    member = locked(asked.member)
    known = queries.reinstatement_named(member.program, asked.source, asked.id)
    if known is not None:
        if (known.member_id, known.wallet_id, known.expired_at) != (member.pk, asked.wallet.pk, asked.expired_at):
            raise ReinstatementReused(field="id")
        return known
    if member.status != Member.Status.ACTIVE:
        raise MemberNotActive(field="member")
    part = _part(member, asked, at)
    row = _row(member, part, asked, at)
    row.save(force_insert=True)
    ReinstatedLot.objects.bulk_create(
        ReinstatedLot(reinstatement=row, lot_id=lot.id, points=lot.points) for lot in part.lots
    )
    if row.state == State.DONE or not part.waits:
        _move(row, at, asked.actor)
    return row


def _part(member: Member, asked: _Asked, at: datetime) -> queries.ExpiredPart:
    for part in queries.expired_of(member, at=at, for_members=not asked.by_staff):
        if (part.wallet.pk, part.expired_at) == (asked.wallet.pk, asked.expired_at):
            if not asked.is_free and part.after < 0:
                raise NotEnoughPoints
            ensure_room(member, part.wallet.pk, part.points if asked.is_free else part.gain, at=at)
            return part
    raise NothingToBringBack


def _row(member: Member, part: queries.ExpiredPart, asked: _Asked, at: datetime) -> Reinstatement:
    owed, program = Decimal(0) if asked.is_free else part.amount, as_published(member.program)
    last = local_day(at, program.time_zone) + timedelta(days=part.policy.pay_days)
    return Reinstatement(
        program=member.program, wallet=part.wallet, member=member, source=asked.source, external_id=asked.id,
        expired_at=part.expired_at, points=part.points, fee=0 if asked.is_free else part.fee, amount=owed,
        currency=program.currency, lasts_days=part.policy.lasts_days, state=State.OPEN if owed else State.DONE,
        pay_by=end_of_day(last, program.time_zone) if owed else None, reason=asked.reason, actor=asked.actor,
        created_at=at, settled_at=None if owed else at, settled_by="" if owed else asked.actor,
    )  # fmt: skip


def _move(row: Reinstatement, at: datetime, actor: str) -> None:
    with holdings_of(row.program_id, [row.member_id], actor=actor, at=at):
        _bring(row, at, actor)


def _bring(row: Reinstatement, at: datetime, actor: str) -> None:
    """Lot by lot, then the fee. What was waived meanwhile, because goods came back, stays away."""
    account_id = ledger.open_account(wallet_id=row.wallet_id, subject=row.member.subject)
    row.expires_at = new_end(at, row.lasts_days, as_published(row.program).time_zone)
    row.came_back = sum(_reinstate(row, account_id, lot, at, actor) for lot in row.lots.order_by("lot_id"))
    if row.fee and row.came_back:
        ledger.spend(
            account_id, points=row.fee, key=f"{row.key}:fee", kind="fee", contra="fees", at=at, actor=actor,
            source=row.key,
        )  # fmt: skip
    row.save(update_fields=["expires_at", "came_back"])
    publish(
        PointsReinstated(
            row.program_id, row.pk, row.member_id, row.wallet_id, row.came_back, row.fee, row.amount, row.currency, at
        )
    )


def _reinstate(row: Reinstatement, account_id: int, lot: ReinstatedLot, at: datetime, actor: str) -> int:
    try:
        return ledger.reinstate(
            account_id, lot_id=lot.lot_id, key=f"{row.key}:{lot.lot_id}", at=at, expires_at=row.expires_at,
            actor=actor, source=row.key,
        ).points  # fmt: skip
    except NothingExpired:
        return 0


# --- What is owed -----------------------------------------------------------------------------------------------------


def pay_reinstatement(
    reinstatement: Reinstatement, *, reference: str, at: datetime | None = None, actor: str
) -> Reinstatement:
    """The money came in: the points come back, if they have not yet. With the same reference harmless twice.

    Raises ReinstatementClosed.
    """
    at, reference = at or clock.now(), reference.strip()[:100]

    def pay(row: Reinstatement) -> None:
        if not row.came_back:
            _move(row, at, actor)
        row.reference = reference

    return _settle(reinstatement, State.PAID, pay, at, actor, reference)


def cancel_reinstatement(
    reinstatement: Reinstatement, *, reason: str = "", at: datetime | None = None, actor: str
) -> Reinstatement:
    """It will not be paid. Points that wait for it stay expired and can be asked for again while the window lasts;
    points that came back at once stay, and what was owed is written off. Raises ReinstatementClosed."""

    def cancel(row: Reinstatement) -> None:
        row.reason = reason.strip()[:200]
        if not row.came_back:
            row.lots.update(is_void=True)

    return _settle(reinstatement, State.CANCELLED, cancel, at or clock.now(), actor)


def lapse_reinstatements(*, program: Program | None = None, at: datetime | None = None) -> int:
    """Close what was not paid in time and whose points still wait; returns how many. Resumable, harmless twice.

    What came back at once stays open until the staff decide.
    """
    at, lapsed = at or clock.now(), 0
    with turn_of("lapse_reinstatements") as is_ours:
        due = Reinstatement.objects.filter(state=State.OPEN, pay_by__lte=at, came_back=0).order_by("pk")
        for row in (due if program is None else due.filter(program=program)) if is_ours else ():
            try:
                cancel_reinstatement(row, at=at, actor=JOB)
            except ReinstatementClosed:
                continue
            lapsed += 1
    return lapsed


def _settle(
    reinstatement: Reinstatement,
    state: str,
    act: Callable[[Reinstatement], None],
    at: datetime,
    actor: str,
    reference: str = "",
) -> Reinstatement:
    """Close an open one once: the member's row, then its own, before the ledger."""

    def settle() -> Reinstatement:
        locked(reinstatement.member)
        rows = Reinstatement.objects.select_related("member", "wallet", "program")
        row = rows.select_for_update(of=("self",), no_key=True).get(pk=reinstatement.pk)
        if row.state == state and row.reference == reference:
            return row
        if row.state != State.OPEN:
            raise ReinstatementClosed
        act(row)
        row.state, row.settled_at, row.settled_by = state, at, actor
        row.save(update_fields=["state", "settled_at", "settled_by", "reference", "reason"])
        return row

    return in_transaction(settle)
