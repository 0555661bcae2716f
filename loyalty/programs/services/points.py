"""Points given or taken by hand."""

from loyalty.ledger import services as ledger
from loyalty.ledger.queries.statement import entry_with
from loyalty.ledger.rules import Posted
from loyalty.lib import clock
from loyalty.members.models import Member
from loyalty.members.queries import may_act
from loyalty.outbox.services import publish
from loyalty.programs.errors.points import BeyondLimit, NothingToAdjust, SecondLookNeeded
from loyalty.programs.errors.programs import ReasonMissing, UnknownWallet
from loyalty.programs.events import PointsAdjusted
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.activities import units_of
from loyalty.programs.queries.configuration import expiry_of
from loyalty.programs.queries.in_force import wallet_in_force
from loyalty.programs.rules.expiry import expires_at
from loyalty.programs.rules.wording.amounts import points_of
from loyalty.programs.services.holdings import ensure_room
from loyalty.programs.services.tiers import follow, take_turn
from loyalty.programs.services.transactions import in_transaction

KIND = "adjustment"
BEYOND_LIMIT = "loyalty.adjust_points_beyond_limit"


def adjust_points(
    member: Member,
    wallet: Wallet,
    *,
    points: int,
    reason: str,
    note: str = "",
    key: str,
    actor: str,
    is_sure: bool = False,
) -> Posted:
    """Give `points` (positive: active at once, living by the wallet's expiry policy) or take them (negative).

    `reason` is for the staff and needed, `note` is what the member reads. `key` makes a double click one act. Beyond
    the wallet's limit it takes a role that may go there, and `is_sure`: they were asked twice and saw what it is worth.
    Raises NotEnoughPoints, ReasonMissing, NothingToAdjust, UnknownWallet (another program's), BeyondLimit,
    SecondLookNeeded, OverCap, KeyReused, OutOfRange.
    """
    if not points:
        raise NothingToAdjust(field="points")
    if not reason.strip():
        raise ReasonMissing(field="reason")
    if wallet.program_id != member.program_id:
        raise UnknownWallet(field="wallet")
    in_force = wallet_in_force(wallet)
    if needs_second_look(in_force, points, actor=actor) and not is_sure:
        raise SecondLookNeeded(_limit_of(in_force))
    return in_transaction(lambda: _adjust(member, in_force, points, reason.strip(), note.strip(), key, actor))


def needs_second_look(wallet: Wallet, points: int, *, actor: str) -> bool:
    """Whether so many points (signed) are more than the limit of one act by hand of the wallet, which is in force.

    Raises BeyondLimit when they are and `actor` is nobody who may go beyond it.
    """
    if abs(points) <= wallet.by_hand_limit:
        return False
    if not may_act(actor, BEYOND_LIMIT, wallet.program):
        raise BeyondLimit(_limit_of(wallet))
    return True


def _limit_of(wallet: Wallet) -> str:
    return points_of(wallet.by_hand_limit, units_of(wallet))


def _adjust(member: Member, wallet: Wallet, points: int, reason: str, note: str, key: str, actor: str) -> Posted:
    at = clock.now()
    configuration = take_turn(member.program, member.pk)
    account_id = ledger.open_account(wallet_id=wallet.pk, subject=member.subject)
    key = f"adjustment:{key}"
    if points > 0:
        if not entry_with(account_id, key):
            ensure_room(member, wallet.pk, points, at=at, by_hand=True)
        ends = expires_at(expiry_of(wallet), at, wallet.program.time_zone)
        posted = ledger.award(
            account_id, points=points, key=key, at=at, actor=actor, kind=KIND, contra="adjusted", source="adjustment",
            expires_at=ends, note=note, reason=reason,
        )  # fmt: skip
    else:
        posted = ledger.spend(
            account_id, points=-points, key=key, at=at, actor=actor, kind=KIND, contra="adjusted", source="adjustment",
            note=note, reason=reason,
        )  # fmt: skip
    if not posted.replayed:
        publish(PointsAdjusted(member.program_id, member.pk, wallet.pk, points, note, actor, at))
        follow(configuration, {member.pk: member.joined_at}, actor=actor)
    return posted
