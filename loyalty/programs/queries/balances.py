"""What a member holds, wallet by wallet."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from loyalty.ledger.queries import balances as ledger
from loyalty.lib import clock
from loyalty.members.models import Member
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.configuration import Configuration
from loyalty.programs.queries.in_force import wallets_by_id
from loyalty.programs.rules.moving import left_of


@dataclass(frozen=True, slots=True)
class WalletBalance:
    """A member's points in one wallet.

    `active` can be spent now; `pending` and `held` are not part of it; `debt` is owed and repaid by the next points.
    `expiring` are the active points that end, soonest first, each at the instant from which on they are gone.
    """

    wallet: Wallet
    active: int = 0
    pending: int = 0
    held: int = 0
    debt: int = 0
    earned_total: int = 0
    expiring: tuple[ledger.Expiring, ...] = ()


def room_of(balance: WalletBalance) -> int | None:
    """How many points more the member can hold, those that wait or are set aside counted; None: as many as come."""
    held = balance.active + balance.pending + balance.held - balance.debt
    return left_of(balance.wallet.balance_cap, held)


def balances_of(member: Member, at: datetime | None = None) -> list[WalletBalance]:
    """The member's balances in every wallet of the program, in its order; archived ones only where points are left."""
    held = ledger.balances_of(member.subject, at or clock.now())
    return [
        _balance(wallet, held.get(wallet.pk))
        for wallet in wallets_by_id(member.program_id).values()
        if not wallet.is_archived or _is_something(held.get(wallet.pk))
    ]


def balances_in(configuration: Configuration, subject: UUID) -> list[WalletBalance]:
    """As `balances_of` now, in one statement: the program is known, archived wallets are read only if they matter."""
    held = ledger.balances_of(subject, clock.now())
    archived = [wallet_id for wallet_id in held.keys() - configuration.wallets.keys() if _is_something(held[wallet_id])]
    wallets = [terms.wallet for terms in configuration.wallets.values()]
    if archived:
        wallets += Wallet.objects.filter(pk__in=archived).select_related("program")
        wallets.sort(key=lambda wallet: (wallet.position, wallet.pk))
    return [_balance(wallet, held.get(wallet.pk)) for wallet in wallets]


def balances_under(configuration: Configuration, subject: UUID, at: datetime) -> tuple[WalletBalance, ...]:
    """As `balances_of` for the wallets in use, without reading the program again: one statement."""
    held = ledger.balances_of(subject, at)
    return tuple(_balance(terms.wallet, held.get(wallet_id)) for wallet_id, terms in configuration.wallets.items())


def _is_something(balance: ledger.Balance | None) -> bool:
    return balance is not None and any((balance.active, balance.pending, balance.held, balance.debt))


def _balance(wallet: Wallet, balance: ledger.Balance | None) -> WalletBalance:
    if balance is None:
        return WalletBalance(wallet)
    return WalletBalance(
        wallet, balance.active, balance.pending, balance.held, balance.debt, balance.earned_total, balance.expiring
    )
