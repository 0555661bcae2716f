"""Pending points that nobody confirmed in time are taken away, and what they used up of caps and budgets comes back."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from itertools import batched

from loyalty.ledger import services as ledger
from loyalty.ledger.queries.due import Unconfirmed, accounts_cancelling, unconfirmed_in
from loyalty.ledger.rules import Swept, ensure_instant
from loyalty.programs.models.activity import Activity
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.services.transactions import in_transaction
from loyalty.programs.services.uses import give_back_rests

SLICE = 200
type Key = tuple[int, str]


def cancel_due(*, wallet_ids: Iterable[int], at: datetime, actor: str) -> Swept:
    """In slices of accounts with a transaction each: resumable, harmless twice."""
    ensure_instant(at)
    slices = batched(accounts_cancelling(wallet_ids, at), SLICE)
    return sum((in_transaction(partial(_cancel, list(part), at, actor)) for part in slices), Swept())


def _cancel(account_ids: list[int], at: datetime, actor: str) -> Swept:
    """Activities first, as a confirmation locks them; then counters, then accounts."""
    activities = _locked(_wallets_by_activity(unconfirmed_in(account_ids, at)))
    still = _wallets_by_activity(unconfirmed_in(account_ids, at))
    give_back_rests([(activity, still[key]) for key, activity in activities.items() if key in still])
    return ledger.cancel_due(accounts=account_ids, at=at, actor=actor)


def _wallets_by_activity(lots: list[Unconfirmed]) -> dict[Key, set[str]]:
    """By program and key of the activity, the codes of the wallets in which its points wait."""
    wallets = Wallet.objects.in_bulk({lot.wallet_id for lot in lots})
    found: dict[Key, set[str]] = {}
    for lot in lots:
        wallet = wallets[lot.wallet_id]
        found.setdefault((wallet.program_id, lot.source), set()).add(wallet.code)
    return found


def _locked(wanted: Iterable[Key]) -> dict[Key, Activity]:
    keys = {key for key in wanted if key[1].count(":") >= 2}
    if not keys:
        return {}
    parts = [source.split(":", 2) for _program, source in keys]
    some = Activity.objects.filter(
        program_id__in={program for program, _source in keys},
        kind__in={kind for kind, _source, _id in parts},
        source__in={source for _kind, source, _id in parts},
        external_id__in={external_id for _kind, _source, external_id in parts},
    )
    ids = [each.pk for each in some if (each.program_id, each.key) in keys]
    locked = Activity.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True)
    return {(each.program_id, each.key): each for each in locked}
