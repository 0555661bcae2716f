"""Points given or taken by hand."""

from loyalty.ledger import services as ledger
from loyalty.ledger.rules import Posted
from loyalty.lib import clock
from loyalty.members.models import Member
from loyalty.outbox.services import publish
from loyalty.programs.errors import NothingToAdjust, ReasonMissing, UnknownWallet
from loyalty.programs.events import PointsAdjusted
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.configuration import expiry_of
from loyalty.programs.rules.expiry import expires_at
from loyalty.programs.services.transactions import in_transaction

KIND = "adjustment"


def adjust_points(
    member: Member, wallet: Wallet, *, points: int, reason: str, note: str = "", key: str, actor: str
) -> Posted:
    """Give `points` (positive: active at once, living by the wallet's expiry policy) or take them (negative).

    `reason` is for the staff and needed, `note` is what the member reads. `key` makes a double click one act.
    Raises NotEnoughPoints, ReasonMissing, NothingToAdjust, UnknownWallet (another program's), KeyReused, OutOfRange.
    """
    if not points:
        raise NothingToAdjust(field="points")
    if not reason.strip():
        raise ReasonMissing(field="reason")
    if wallet.program_id != member.program_id:
        raise UnknownWallet(field="wallet")
    return in_transaction(lambda: _adjust(member, wallet, points, reason.strip(), note.strip(), key, actor))


def _adjust(member: Member, wallet: Wallet, points: int, reason: str, note: str, key: str, actor: str) -> Posted:
    at = clock.now()
    account_id = ledger.open_account(wallet_id=wallet.pk, subject=member.subject)
    key = f"adjustment:{key}"
    if points > 0:
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
    return posted
