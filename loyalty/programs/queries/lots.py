"""A member's points by their dates, and those set aside."""

from dataclasses import dataclass
from datetime import datetime

from loyalty.ledger.queries import lots as ledger
from loyalty.lib import clock
from loyalty.members.models import Member
from loyalty.programs.models.activity import Activity
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.in_force import wallets_by_id


@dataclass(frozen=True, slots=True)
class MemberLot:
    """Points of one award. `state` is active, pending, or past (its instant has come; the sweep will close it).

    `source` is what they came from, as in the statement; `note` is what the member was told.
    """

    id: int
    wallet: Wallet
    granted: int
    remaining: int
    earned_at: datetime
    expires_at: datetime | None
    activates_at: datetime | None
    cancel_at: datetime | None
    state: str
    kind: str
    source: str
    note: str


@dataclass(frozen=True, slots=True)
class MemberHold:
    """Points set aside, at the latest until the instant `until`."""

    wallet: Wallet
    points: int
    until: datetime
    source: str
    note: str


def lots_of(member: Member, *, at: datetime | None = None, with_used: bool = False) -> list[MemberLot]:
    """The member's lots, wallet by wallet in the order in which they are spent, pending ones last; two statements."""
    wallets = wallets_by_id(member.program_id)
    found = [
        MemberLot(
            lot.id, wallets[lot.wallet_id], lot.granted, lot.remaining, lot.earned_at, lot.expires_at, lot.activates_at,
            lot.cancel_at, lot.state, lot.kind, lot.source, lot.note,
        )
        for lot in ledger.lots_of(member.subject, at or clock.now(), with_used=with_used)
    ]  # fmt: skip
    return sorted(found, key=lambda lot: (lot.wallet.position, lot.wallet.pk))


def accounts_waiting(activity: Activity, at: datetime) -> set[int]:
    """The accounts in which points of this activity are pending at `at`."""
    lots = ledger.lots_of(activity.member.subject, at)
    return {lot.account_id for lot in lots if lot.state == "pending" and lot.source == activity.key}


def holds_of(member: Member) -> list[MemberHold]:
    """What of the member's points is set aside, the soonest end first; two statements."""
    wallets = wallets_by_id(member.program_id)
    found = ledger.holds_of(member.subject)
    return [MemberHold(wallets[hold.wallet_id], hold.points, hold.until, hold.source, hold.note) for hold in found]
