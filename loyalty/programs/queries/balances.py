"""What a member holds, wallet by wallet."""

from dataclasses import dataclass
from datetime import datetime

from loyalty.programs.models.wallet import Wallet


@dataclass(frozen=True, slots=True)
class Expiring:
    """Points that expire at the instant `at`."""

    points: int
    at: datetime


@dataclass(frozen=True, slots=True)
class WalletBalance:
    """A member's points in one wallet. `active` can be spent now; `pending` and `held` are not part of it; `debt` is owed."""

    wallet: Wallet
    active: int = 0
    pending: int = 0
    held: int = 0
    debt: int = 0
    earned_total: int = 0
    expiring: tuple[Expiring, ...] = ()
