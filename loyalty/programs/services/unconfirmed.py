"""Pending points that nobody confirmed in time are taken away, and what earned them came to nothing.

Caps, budgets and tiers follow; so does whoever hears that it was cancelled.

Points go lot by lot as they were looked at: what comes in meanwhile and is late already waits for the next run.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import batched

from loyalty.ledger import services as ledger
from loyalty.ledger.queries.due import Unconfirmed, accounts_cancelling, unconfirmed_in
from loyalty.ledger.rules import Swept, ensure_instant
from loyalty.members.models import Member
from loyalty.outbox.services import publish_many
from loyalty.programs.events import ActivityCancelled
from loyalty.programs.models.activity import Activity
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.services.tiers import follow, take_turns
from loyalty.programs.services.transactions import in_transaction
from loyalty.programs.services.undoing import mark_cancelled
from loyalty.programs.services.uses import give_back_rests

SLICE = 200
type Key = tuple[int, str]
type Wallets = Mapping[int, Wallet]


def cancel_due(*, wallet_ids: Iterable[int], at: datetime, actor: str) -> Swept:
    """In slices of accounts with a transaction each: resumable, harmless twice."""
    ensure_instant(at)
    slices = batched(accounts_cancelling(wallet_ids, at), SLICE)
    return sum((in_transaction(partial(_cancel, list(part), at, actor)) for part in slices), Swept())


def _cancel(account_ids: list[int], at: datetime, actor: str) -> Swept:
    """Members and activities first, as a confirmation locks them; then counters, then accounts."""
    lots = unconfirmed_in(account_ids, at)
    wallets = Wallet.objects.in_bulk({lot.wallet_id for lot in lots})
    members = Member.objects.filter(subject__in={lot.subject for lot in lots})
    turns = take_turns(members.values_list("program_id", "pk"))
    activities = _locked(_codes_by_activity(lots, wallets))
    seen = {lot.lot_id for lot in lots}
    still = [lot for lot in unconfirmed_in(account_ids, at) if lot.lot_id in seen]
    codes, points = _codes_by_activity(still, wallets), _points_by_activity(still, wallets)
    give_back_rests([(activity, codes[key]) for key, activity in activities.items() if key in codes])
    swept = ledger.cancel_due(lots=still, at=at, actor=actor)
    gone = [activity for key, activity in activities.items() if key in codes and activity.cancelled_at is None]
    mark_cancelled(gone, at)
    publish_many(_event(activity, points[activity.program_id, activity.key], at) for activity in gone)
    for configuration, member_ids in turns:
        follow(configuration, dict.fromkeys(member_ids), actor=actor, returned=True, at=at)
    return swept


def _codes_by_activity(lots: Sequence[Unconfirmed], wallets: Wallets) -> dict[Key, set[str]]:
    """By program and key of the activity, the codes of the wallets in which its points wait."""
    found: dict[Key, set[str]] = {}
    for lot in lots:
        wallet = wallets[lot.wallet_id]
        found.setdefault((wallet.program_id, lot.source), set()).add(wallet.code)
    return found


def _points_by_activity(lots: Sequence[Unconfirmed], wallets: Wallets) -> Counter[Key]:
    found: Counter[Key] = Counter()
    for lot in lots:
        found[wallets[lot.wallet_id].program_id, lot.source] += lot.points
    return found


def _event(activity: Activity, points: int, at: datetime) -> ActivityCancelled:
    return ActivityCancelled(activity.program_id, activity.member_id, activity.pk, points, at)


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
