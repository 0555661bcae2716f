"""Whatever moves points and is no activity: the ladders that measure what members hold follow in the same transaction.

Purchases and other activities, their returns, confirmations and points by hand follow every ladder by themselves (see
`tiers.follow`). Everybody else moves points inside `holdings_of`, and jobs that sweep many accounts do so in `sweep`.
A program without such a ladder pays one small statement, a sweep none per account.

How many points a member holds at most (`Wallet.balance_cap`) trims what is earned; whatever else would go over it is
refused: `ensure_room`. Only what was theirs already may come back over it: what they had paid with, had sent and nobody
took, or get when they leave a household or it ends.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import batched

from django.utils.translation import gettext as _

from loyalty.ledger.queries.balances import subjects_of
from loyalty.ledger.rules import Swept
from loyalty.members.models import Member
from loyalty.programs.errors.conversions import OverCap
from loyalty.programs.models.tiers import TierSet
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.activities import units_of
from loyalty.programs.queries.balances import WalletBalance, balances_of, room_of
from loyalty.programs.queries.configuration import Configuration, configuration_for
from loyalty.programs.rules.wording.amounts import points_of
from loyalty.programs.services.tiers import follow, lock, take_turns
from loyalty.programs.services.transactions import in_transaction

SLICE = 200
type Due = Callable[[Iterable[int], datetime], list[int]]
type Sweep = Callable[..., Swept]


def ensure_room(member: Member, wallet_id: int, points: int, *, at: datetime, by_hand: bool = False) -> None:
    """Raises OverCap where the member, whose row is locked, would hold more than the wallet in force lets them."""
    terms = configuration_for(member.program_id).wallets.get(wallet_id)
    if terms is None or terms.wallet.balance_cap is None:
        return
    found = (each for each in balances_of(member, at) if each.wallet.pk == wallet_id)
    ensure_fits(next(found, WalletBalance(terms.wallet)), points, by_hand=by_hand)


def ensure_fits(balance: WalletBalance, points: int, *, by_hand: bool = False) -> None:
    """As `ensure_room`, of a balance that is at hand."""
    ensure_within(room_of(balance), points, balance.wallet, by_hand=by_hand)


def ensure_within(room: int | None, points: int, wallet: Wallet, *, by_hand: bool = False) -> None:
    """As `ensure_room`, of a room that is known."""
    if room is not None and points > room:
        words = _("The member can hold %(room)s more.") if by_hand else _("You can hold %(room)s more there.")
        raise OverCap(words % {"room": points_of(room, units_of(wallet))}, field="points", room=room)


@contextmanager
def holdings_of(program_id: int, member_ids: Collection[int], *, actor: str, at: datetime) -> Iterator[None]:
    """The turn of these members, whose points move inside; within the caller's transaction, before other locks."""
    configuration = _measuring(configuration_for(program_id))
    if configuration.ladders or configuration.needs.balances:
        lock(list(member_ids))
    yield
    follow(configuration, dict.fromkeys(member_ids), actor=actor, at=at)


def _measuring(configuration: Configuration) -> Configuration:
    """With its ladders on what members hold alone."""
    return replace(configuration, ladders=tuple(each for each in configuration.ladders if each.measure == "balance"))


def sweep(act: Sweep, due: Due, *, wallet_ids: Collection[int], at: datetime, actor: str) -> Swept:
    """The verb `act` of the ledger on the accounts that are `due`; where a ladder measures what is held, in slices of
    accounts whose members are locked before and judged after. Resumable, harmless twice, as the verb is."""
    followed = _measured(wallet_ids)
    total = act(wallet_ids=[pk for pk in wallet_ids if pk not in followed], at=at, actor=actor)
    for part in batched(due(followed, at), SLICE) if followed else ():
        total += in_transaction(partial(_sweep, act, list(part), at, actor))
    return total


def _measured(wallet_ids: Collection[int]) -> set[int]:
    """Those of the wallets on which a ladder in force counts what is held."""
    ladders = TierSet.objects.filter(program__wallets__in=wallet_ids).order_by()
    programs = ladders.values_list("program_id", flat=True).distinct()
    measuring = (ladder for program_id in programs for ladder in _measuring(configuration_for(program_id)).ladders)
    return {ladder.wallet for ladder in measuring if ladder.wallet is not None} & set(wallet_ids)


def _sweep(act: Sweep, account_ids: list[int], at: datetime, actor: str) -> Swept:
    members = Member.objects.filter(subject__in=subjects_of(account_ids))
    turns = take_turns(members.values_list("program_id", "pk"))
    swept = act(only=account_ids, at=at, actor=actor)
    for configuration, member_ids in turns:
        follow(_measuring(configuration), dict.fromkeys(member_ids), actor=actor, at=at)
    return swept
