"""Points that wait for a confirmation: given when the activity came about, taken when it did not."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from operator import itemgetter

from loyalty.ledger import services as ledger
from loyalty.ledger.errors import NotPending
from loyalty.ledger.queries.statement import entry_with
from loyalty.ledger.rules import KEEP, Keep, Posted
from loyalty.lib import clock
from loyalty.outbox.services import publish
from loyalty.programs.errors.activities import AlreadyConfirmed, NothingPending
from loyalty.programs.events import ActivityCancelled, ActivityConfirmed
from loyalty.programs.models.activity import Activity
from loyalty.programs.models.program import Program
from loyalty.programs.models.velocity import HeldAward
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.activities import activity_of
from loyalty.programs.queries.configuration import Configuration, configuration_of
from loyalty.programs.rules.activation import expiry_once_active
from loyalty.programs.services.facts import AwardMade
from loyalty.programs.services.storing import awards_from_json
from loyalty.programs.services.tiers import follow
from loyalty.programs.services.transactions import in_transaction
from loyalty.programs.services.undoing import claims_of, locked_activities, undo, wallets_of


@dataclass(frozen=True, slots=True)
class Settled:
    """The points of one activity that were confirmed or taken; `replayed` when that had happened before."""

    activity_id: int
    points: int
    replayed: bool


def confirm_activity(
    program: Program, *, source: str, external_id: str, kind: str = "purchase", actor: str, at: datetime | None = None
) -> Settled:
    """The order was paid, the review accepted: what waits for that becomes spendable. Harmless twice.

    Points that would have ended meanwhile live through the day of the confirmation. `kind` is purchase or activity.
    While the staff review the purchase no points move; the confirmation is remembered.
    Raises UnknownActivity, NothingPending (nothing ever waited), NotPending (cancelled before).
    """
    activity = activity_of(program, kind=kind, source=source, external_id=external_id)
    return in_transaction(partial(_confirm, program, activity, actor, at or clock.now()))


def cancel_activity(
    program: Program,
    *,
    source: str,
    external_id: str,
    kind: str = "purchase",
    actor: str,
    reason: str,
    at: datetime | None = None,
) -> Settled:
    """The order came to nothing, and counts for nothing from then on. Harmless twice.

    All that it earned is taken: what is spendable already, and in a household, as after a return (what is spent is up
    to the program's debt policy). Points spent on it come back. What the shop confirmed stays: of that goods come back.
    Raises UnknownActivity, AlreadyConfirmed.
    """
    activity = activity_of(program, kind=kind, source=source, external_id=external_id)
    return in_transaction(partial(_cancel, program, activity, actor, reason, at or clock.now()))


def _confirm(program: Program, activity: Activity, actor: str, at: datetime) -> Settled:
    configuration, activity = _locked(program, activity)
    waiting = [award for award in awards_from_json(activity.awards) if _waits_for_confirmation(award)]
    held = HeldAward.objects.filter(activity=activity).first()
    if waiting and activity.cancelled_at:
        raise NotPending
    if held is not None:
        waiting = [award for award in waiting if held.waits_for_shop(award.wallet_code)]
        if waiting and held.state == HeldAward.State.WAITING:
            return _note_confirmation(held, at)
    posted = []
    for account_id, award in _accounts(activity, waiting):
        key = f"{activity.key}:{award.wallet_code}"
        ends = _end_once_confirmed(award, at, program.time_zone)
        posted.append(
            ledger.activate(
                account_id,
                award_key=key,
                key=f"confirm:{key}",
                at=at,
                actor=actor,
                expires_at=ends,
                source=activity.key,
            )
        )
    settled = _settled(activity, posted)
    if not settled.replayed:
        publish(ActivityConfirmed(program.pk, activity.member_id, activity.pk, settled.points, at))
        follow(configuration, {activity.member_id: None}, actor=actor, activity_id=activity.pk)
    return settled


def _cancel(program: Program, activity: Activity, actor: str, reason: str, at: datetime) -> Settled:
    configuration, activity = _locked(program, activity)
    claims = claims_of(activity, wallets_of(program.pk))
    replayed, waits = activity.cancelled_at is not None, _waits_for_shop(activity)
    if any(entry_with(each.account_id, f"confirm:{each.posting_key}") for each in claims if each.wallet_code in waits):
        raise AlreadyConfirmed
    debt_policy = configuration.program.debt_policy
    points = undo([activity], debt_policy=debt_policy, at=at, actor=actor, reason=reason)[activity.pk]
    if not replayed:
        publish(ActivityCancelled(program.pk, activity.member_id, activity.pk, points, at))
        follow(configuration, {activity.member_id: None}, actor=actor, returned=True, activity_id=activity.pk)
    return Settled(activity.pk, points, replayed)


def _waits_for_shop(activity: Activity) -> set[str]:
    """The wallets (codes) whose points wait for the shop's confirmation, or would if the staff did not look at it."""
    held = HeldAward.objects.filter(activity=activity).first()
    waiting = [award.wallet_code for award in awards_from_json(activity.awards) if _waits_for_confirmation(award)]
    return {code for code in waiting if held is None or held.waits_for_shop(code)}


def _note_confirmation(held: HeldAward, at: datetime) -> Settled:
    """The staff look at the purchase: what the shop confirmed meanwhile is given as soon as they release it."""
    is_known = held.confirmed_at is not None
    if not is_known:
        held.confirmed_at = at
        held.save(update_fields=["confirmed_at"])
    return Settled(held.activity_id, 0, is_known)


def _locked(program: Program, activity: Activity) -> tuple[Configuration, Activity]:
    """One decision at a time: whoever comes second sees what the first one did."""
    (fresh,) = locked_activities([activity.pk])
    return configuration_of(program), fresh


def _waits_for_confirmation(award: AwardMade) -> bool:
    return award.state == "pending" and award.activates_at is None


def _accounts(activity: Activity, awards: list[AwardMade] | tuple[AwardMade, ...]) -> list[tuple[int, AwardMade]]:
    """The member's accounts for these awards, in the order of their ids."""
    codes = dict(Wallet.objects.filter(program_id=activity.program_id).values_list("code", "pk"))
    subject = activity.member.subject
    accounts = [(ledger.open_account(wallet_id=codes[each.wallet_code], subject=subject), each) for each in awards]
    return sorted(accounts, key=itemgetter(0))


def _end_once_confirmed(award: AwardMade, at: datetime, zone: str) -> datetime | Keep | None:
    """Points live at least through the day on which they become spendable."""
    ends = expiry_once_active(award.expires_at, at, zone)
    return KEEP if ends == award.expires_at else ends


def _settled(activity: Activity, posted: list[Posted]) -> Settled:
    if not posted:
        raise NothingPending
    return Settled(activity.pk, sum(abs(each.points) for each in posted), all(each.replayed for each in posted))
