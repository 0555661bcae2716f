"""Members send points to one another, at once or once the receiver has accepted."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from loyalty.ledger import services as ledger
from loyalty.ledger.errors import HoldClosed, NotEnoughPoints
from loyalty.ledger.queries.locks import lock_accounts
from loyalty.ledger.queries.statement import uses_of
from loyalty.lib import clock
from loyalty.members.errors import MemberNotActive
from loyalty.members.models import Member
from loyalty.members.queries import member_meant
from loyalty.outbox.services import publish
from loyalty.programs.errors import moving as errors
from loyalty.programs.errors.conversions import OverCap
from loyalty.programs.errors.programs import UnknownWallet
from loyalty.programs.events import PointsSent, TransferAnswered
from loyalty.programs.models.moving import Transfer, TransferPolicy
from loyalty.programs.models.program import Program
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries import moving
from loyalty.programs.queries.activities import units_of
from loyalty.programs.queries.in_force import as_published
from loyalty.programs.rules.moving import is_whole_steps, left_of, year_of
from loyalty.programs.rules.wording.amounts import points_of
from loyalty.programs.services.holdings import ensure_room, holdings_of
from loyalty.programs.services.transactions import in_transaction, turn_of

GRACE = timedelta(days=7)  # a hold outlives the time to answer, so that the transfer is closed first
WAITING, DONE = Transfer.State.WAITING, Transfer.State.DONE


def send_points(
    giver: Member,
    to: Member | str,
    wallet: Wallet,
    *,
    points: int,
    id: str,
    source: str,
    note: str = "",
    at: datetime | None = None,
    actor: str,
) -> Transfer:
    """`points` from one member to another (or to a number, card or e-mail address) as the wallet's policy allows.

    The same `id` of a `source` with the same content is the same transfer, for ever. Where the policy asks the
    receiver, points and fee are set aside until they answer. Lots keep their expiry. Raises TransfersOff,
    CannotReceive, WrongAmount, OverLimit, CoolingOff, ReceiverFull, TransferReused, MemberNotActive, UnknownWallet,
    NotEnoughPoints.
    """
    if wallet.program_id != giver.program_id:
        raise UnknownWallet(field="wallet")
    addressed = to if isinstance(to, str) else to.number
    facts = Transfer(
        program_id=giver.program_id, wallet=wallet, giver=giver, source=source, external_id=id,
        addressed=addressed[:254].strip(), points=points, note=note.strip()[:200], actor=actor,
    )  # fmt: skip
    return in_transaction(lambda: _send(facts, to, at or clock.now()))


def receiver_of(giver: Member, to: Member | str) -> Member:
    """Whom `giver` means: another active member of the program. Raises CannotReceive, whoever it is not."""
    receiver = _meant(giver, to)
    if receiver is None:
        raise errors.CannotReceive(field="to")
    return receiver


def _meant(giver: Member, to: Member | str) -> Member | None:
    receiver = member_meant(giver.program, to) if isinstance(to, str) else to
    if receiver is None or receiver.pk == giver.pk or receiver.program_id != giver.program_id:
        return None
    return receiver


def _turn_of(giver: Member, receiver: Member | None) -> tuple[Member, Member | None]:
    """Both as they are now, locked in the order in which everybody locks members."""
    rows = Member.objects.select_for_update(of=("self",), no_key=True).select_related("program").order_by("number")
    fresh = {member.pk: member for member in rows.filter(pk__in=[giver.pk, receiver.pk if receiver else giver.pk])}
    return fresh[giver.pk], fresh[receiver.pk] if receiver else None


def _send(facts: Transfer, to: Member | str, at: datetime) -> Transfer:
    """Both rows are locked first: what is left of the giver's limits, and what each holds, is one number at a time.

    What is known already answers whoever is found today: people change their addresses, and leave.
    """
    receiver = _meant(facts.giver, to)
    facts.giver, receiver = _turn_of(facts.giver, receiver)
    known = moving.transfer_named(facts.giver.program, facts.source, facts.external_id)
    if known is None:
        if receiver is None:
            raise errors.CannotReceive(field="to")
        facts.receiver = receiver
        _judge(facts, at)
        known, is_new = Transfer.objects.get_or_create(
            program_id=facts.program_id, source=facts.source, external_id=facts.external_id,
            defaults={name: getattr(facts, name) for name in DECIDED},
        )  # fmt: skip
        if is_new:
            with holdings_of(known.program_id, (known.giver_id, known.receiver_id), actor=known.actor, at=at):
                _move(known, at)
            return known
    if any(getattr(known, name) != getattr(facts, name) for name in CONTENT) or not _is_for(known, to, facts.addressed):
        raise errors.TransferReused(field="id")
    return known


def _is_for(known: Transfer, to: Member | str, addressed: str) -> bool:
    """Whether the transfer went there: by the words in which it was asked for, or to whom others mean today."""
    if isinstance(to, str):
        return addressed == known.addressed or member_meant(known.program, to) == known.receiver
    return to.pk == known.receiver_id


CONTENT = ("wallet_id", "giver_id", "points", "note")
DECIDED = (
    "wallet", "giver", "receiver", "addressed", "points", "fee", "note", "state", "made_on", "answer_by", "settled_at",
    "actor", "created_at",
)  # fmt: skip


def _judge(facts: Transfer, at: datetime) -> None:
    """What the policy says; raises, or completes the facts."""
    giver, policy = facts.giver, moving.policy_of(facts.wallet)
    if giver.status != Member.Status.ACTIVE:
        raise MemberNotActive(field="from")
    if policy is None or not moving.has_allowed_tier(giver, policy):
        raise errors.TransfersOff(field="wallet")
    if facts.receiver.status != Member.Status.ACTIVE:
        raise errors.CannotReceive(field="to")
    if until := moving.pause_of(giver, policy, at):
        raise errors.CoolingOff(until=until.isoformat())
    facts.made_on = clock.business_day(at, as_published(giver.program).time_zone)
    _ensure_amount(facts, policy)
    facts.fee = moving.fee_under(policy, facts.points)
    if not policy.asks_receiver:
        _ensure_receivable(facts, at)
    facts.state, facts.settled_at = (WAITING, None) if policy.asks_receiver else (DONE, at)
    facts.answer_by = at + timedelta(days=policy.answer_days) if policy.asks_receiver else None


def _ensure_receivable(facts: Transfer, at: datetime) -> None:
    """How much the receiver holds is not the giver's to know. One who is asked sees it when they accept."""
    try:
        ensure_room(facts.receiver, facts.wallet_id, facts.points, at=at)
    except OverCap as error:
        raise errors.ReceiverFull(field="points") from error


def ensure_sendable(terms: moving.SendingTerms, points: int) -> None:
    """Before a preview: the refusals that the sender alone would cause. Raises WrongAmount, OverLimit, CoolingOff,
    NotEnoughPoints."""
    if terms.pause_until:
        raise errors.CoolingOff
    _ensure_steps(points, terms.policy, terms.wallet)
    _ensure_left(points, terms.left_today, terms.wallet, _("You can send %(left)s more today."))
    _ensure_left(points, terms.left_this_year, terms.wallet, _("You can send %(left)s more this year."))
    if points + moving.fee_under(terms.policy, points) > terms.active:
        raise NotEnoughPoints(field="points")


def _ensure_amount(facts: Transfer, policy: TransferPolicy) -> None:
    _ensure_steps(facts.points, policy, policy.wallet)
    limits = (
        (policy.per_day, facts.made_on, _("You can send %(left)s more today.")),
        (policy.per_year, year_of(facts.made_on), _("You can send %(left)s more this year.")),
    )
    for limit, since, words in limits:
        if limit is not None:
            left = left_of(limit, moving.sent_since(facts.giver, facts.wallet, since))
            _ensure_left(facts.points, left, policy.wallet, words)


def _ensure_steps(points: int, policy: TransferPolicy, wallet: Wallet) -> None:
    units = units_of(wallet)
    if not is_whole_steps(points, policy.step):
        words = _("Points of this wallet are sent in steps of %(step)s.") % {"step": points_of(policy.step, units)}
        raise errors.WrongAmount(words, field="points", step=policy.step)
    if points < policy.minimum:
        words = _("Send at least %(minimum)s.") % {"minimum": points_of(policy.minimum, units)}
        raise errors.WrongAmount(words, field="points", minimum=policy.minimum)


def _ensure_left(points: int, left: int | None, wallet: Wallet, words: str) -> None:
    if left is not None and points > left:
        told = {"left": points_of(left, units_of(wallet))}
        raise errors.OverLimit(words % told, field="points", left=left)


def _accounts(transfer: Transfer) -> tuple[int, int]:
    """The giver's and the receiver's, opened if need be."""
    wallet_id = transfer.wallet_id
    subjects = (transfer.giver.subject, transfer.receiver.subject)
    accounts = ledger.open_accounts(wallet_id=wallet_id, subjects=subjects)
    return accounts[subjects[0]], accounts[subjects[1]]


def _move(transfer: Transfer, at: datetime) -> None:
    if transfer.answer_by is None:
        _deliver(transfer, *_accounts(transfer), at, transfer.actor)
        publish(PointsSent(**_told(transfer), at=at))
        return
    account_id = ledger.open_account(wallet_id=transfer.wallet_id, subject=transfer.giver.subject)
    held = ledger.hold(
        account_id, points=transfer.points + transfer.fee, key=f"{transfer.key}:hold", at=at,
        until=transfer.answer_by + GRACE, actor=transfer.actor, source=transfer.key, note=transfer.note,
    )  # fmt: skip
    ends = [use.expires_at for use in uses_of(account_id, held.posting_id) if use.expires_at]
    if ends and min(ends) < transfer.answer_by:  # what expires meanwhile cannot be given any more
        transfer.answer_by = min(ends)
        transfer.save(update_fields=["answer_by"])
    publish(PointsSent(**_told(transfer), at=at))


def _deliver(transfer: Transfer, from_id: int, to_id: int, at: datetime, actor: str) -> None:
    facts: dict[str, Any] = {"at": at, "actor": actor, "source": transfer.key}
    lock_accounts([from_id, to_id])
    ledger.transfer(from_id, to_id, points=transfer.points, key=transfer.key, note=transfer.note, **facts)
    if transfer.fee:
        ledger.spend(from_id, points=transfer.fee, key=f"{transfer.key}:fee", kind="fee", contra="fees", **facts)


def _told(transfer: Transfer) -> dict[str, Any]:
    names = ("program_id", "giver_id", "receiver_id", "wallet_id", "points", "fee", "state")
    return {"transfer_id": transfer.pk} | {name: getattr(transfer, name) for name in names}


# --- Answers ----------------------------------------------------------------------------------------------------------


def accept_transfer(transfer: Transfer, *, at: datetime | None = None, actor: str) -> Transfer:
    """The receiver takes the points. Accepting twice is accepting once.

    Raises TransferClosed, MemberNotActive, OverCap.
    """
    at = at or clock.now()

    def accept(fresh: Transfer) -> None:
        if fresh.answer_by is None or fresh.answer_by <= at:
            raise errors.TransferClosed
        if fresh.receiver.status != Member.Status.ACTIVE or fresh.giver.status != Member.Status.ACTIVE:
            raise MemberNotActive
        ensure_room(fresh.receiver, fresh.wallet_id, fresh.points, at=at)
        from_id, to_id = _accounts(fresh)
        lock_accounts([from_id, to_id])
        _release(fresh, from_id, at, actor)
        _deliver(fresh, from_id, to_id, at, actor)

    return _settle(transfer, DONE, accept, at, actor)


def decline_transfer(transfer: Transfer, *, at: datetime | None = None, actor: str) -> Transfer:
    """The receiver does not want the points; they go back into their lots, the fee too. Raises TransferClosed."""
    return _give_back(transfer, Transfer.State.DECLINED, at or clock.now(), actor)


def withdraw_transfer(transfer: Transfer, *, reason: str = "", at: datetime | None = None, actor: str) -> Transfer:
    """The sender (or the staff, with a reason) thinks better of it before it is accepted. Raises TransferClosed."""
    transfer.reason = reason.strip()[:200]
    return _give_back(transfer, Transfer.State.WITHDRAWN, at or clock.now(), actor)


def lapse_transfers(*, program: Program | None = None, at: datetime | None = None) -> int:
    """Give back what nobody accepted in time; returns how many transfers. Resumable, harmless twice."""
    at, lapsed = at or clock.now(), 0
    with turn_of("lapse_transfers") as is_ours:
        due = Transfer.objects.filter(state=WAITING, answer_by__lte=at).order_by("pk")
        for transfer in (due if program is None else due.filter(program=program)) if is_ours else ():
            try:
                _give_back(transfer, Transfer.State.LAPSED, at, "job:lapse_transfers")
            except errors.TransferClosed:
                continue
            lapsed += 1
    return lapsed


def _give_back(transfer: Transfer, state: str, at: datetime, actor: str) -> Transfer:
    def release(fresh: Transfer) -> None:
        account_id = ledger.open_account(wallet_id=fresh.wallet_id, subject=fresh.giver.subject)
        _release(fresh, account_id, at, actor)

    return _settle(transfer, state, release, at, actor)


def _release(transfer: Transfer, account_id: int, at: datetime, actor: str) -> None:
    try:
        ledger.release(
            account_id, hold_key=f"{transfer.key}:hold", key=f"{transfer.key}:release", at=at, actor=actor,
            source=transfer.key,
        )  # fmt: skip
    except HoldClosed:  # the ledger has given it back by itself, long after the time to answer
        return


def _settle(transfer: Transfer, state: str, act: Callable[[Transfer], None], at: datetime, actor: str) -> Transfer:
    """Close a waiting transfer once, its row locked before the ledger."""

    def settle() -> Transfer:
        people = (transfer.giver_id, transfer.receiver_id)
        with holdings_of(transfer.program_id, people, actor=actor, at=at):
            return close()

    def close() -> Transfer:
        rows = Transfer.objects.select_related("giver", "receiver", "wallet", "program")
        fresh = rows.select_for_update(of=("self",), no_key=True).get(pk=transfer.pk)
        if fresh.state == state:
            return fresh
        if fresh.state != WAITING:
            raise errors.TransferClosed
        act(fresh)
        fresh.state, fresh.settled_at, fresh.reason = state, at, transfer.reason
        fresh.save(update_fields=["state", "settled_at", "reason"])
        publish(TransferAnswered(**_told(fresh), actor=actor, at=at))
        return fresh

    return in_transaction(settle)
