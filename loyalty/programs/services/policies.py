"""Changing how a wallet's points live: the new policy, and what it means for points there are."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from loyalty.ledger import services as ledger
from loyalty.ledger.queries.lots import SameEnd, holders_of, same_ends
from loyalty.ledger.rules import Swept
from loyalty.lib import clock
from loyalty.members.services.rows import sign
from loyalty.outbox.services import publish
from loyalty.programs.errors.programs import WrongPolicy
from loyalty.programs.events import ExpiryPolicyChanged
from loyalty.programs.models.versions import ProgramVersion
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.activities import units_of
from loyalty.programs.queries.configuration import activation_of, expiry_of, published_of, rows_in_force
from loyalty.programs.queries.documents import rows_from
from loyalty.programs.rules.days import start_of_day
from loyalty.programs.rules.expiry import ExpiryPolicy, after_policy_change, spared_through
from loyalty.programs.rules.invalid import InvalidSetting
from loyalty.programs.rules.wording.invalid import message_for
from loyalty.programs.rules.wording.policies import sentence_for_change

FIELDS = frozenset(
    "expiry expiry_months expiry_rounding expiry_dates expiry_min_months sliding_activities "
    "activation activation_count activation_dates cancel_after_days".split()
)


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """What a new policy would do to points there are. `text` says it; `members` hold the `points`, in `lots`.

    `earliest` is the last day on which none of them can have ended because of the change; None when none ever will.
    """

    text: str
    lots: int
    points: int
    members: int
    earliest: date | None


def preview_wallet_policy(wallet: Wallet, **policy: Any) -> PolicyChange:
    """What `change_wallet_policy` would do now; stores nothing. Raises WrongPolicy."""
    stored, at = Wallet.objects.select_related("program").get(pk=wallet.pk), clock.now()
    new = _with(stored, policy)
    zone = stored.program.time_zone
    groups = [group for group, _end in _moved(stored.pk, expiry_of(new), at, zone)]
    return PolicyChange(
        text=sentence_for_change(expiry_of(new), at, zone, units_of(new)),
        lots=sum(group.lots for group in groups),
        points=sum(group.points for group in groups),
        members=holders_of(stored.pk, groups, zone=zone) if groups else 0,
        earliest=spared_through(expiry_of(new), at, zone),
    )


def change_wallet_policy(wallet: Wallet, *, actor: str, **policy: Any) -> Swept:
    """Give the wallet another policy of expiry or activation, from now on; answers with the lots that got another end.

    `policy` are the wallet's own fields (expiry, expiry_months, … , cancel_after_days). Points there are: a longer
    life counts at once; a shorter one takes nothing before one full period of the new policy has passed since now.
    Pending points keep the dates that they were given. If the process dies on the way, the relay finishes the work.
    Where changes go live when they are published, this is a draft, and the points there are follow at publication.
    Raises WrongPolicy.
    """
    changed = _save(wallet, policy, actor)
    for name in policy:
        setattr(wallet, name, policy[name])
    return redate_lots(changed) if changed else Swept()


@transaction.atomic
def _save(wallet: Wallet, policy: dict[str, Any], actor: str) -> ExpiryPolicyChanged | None:
    """The new policy in the database; the event if it is another expiry than before."""
    stored = Wallet.objects.select_for_update(of=("self",)).select_related("program").get(pk=wallet.pk)
    before = expiry_of(stored)
    new = _with(stored, policy)
    sign(new, actor).save(update_fields=sorted(policy))
    if expiry_of(new) == before or published_of(new.program) is not None:
        return None
    event = ExpiryPolicyChanged(new.program_id, new.pk, actor, clock.now())
    publish(event)
    return event


def redate_lots(event: ExpiryPolicyChanged) -> Swept:
    """Give lots earned under the policy before their new end. Harmless twice: the instant of the change is the key.

    Harmless late, too: once the policy was changed again, that change dates all lots, from its own day on.
    """
    wallet = Wallet.objects.select_related("program").get(pk=event.wallet_id)
    if _is_overtaken(wallet, event):
        return Swept()
    zone, policy = wallet.program.time_zone, expiry_of(_in_force(wallet))
    ends = {(group.earned_on, group.expires_at): end for group, end in _moved(wallet.pk, policy, event.at, zone)}
    if not ends:
        return Swept()
    key = f"policy:{wallet.pk}:{event.at.isoformat()}"
    return ledger.redate(wallet.pk, ends=ends, zone=zone, key=key, at=event.at, actor=event.actor)


def _is_overtaken(wallet: Wallet, event: ExpiryPolicyChanged) -> bool:
    """Whether the wallet got another expiry after the change that the event tells of."""
    published = published_of(wallet.program)
    if published is not None:
        return published.published_at > event.at and _was_published_otherwise(wallet, event)
    versions = wallet.history.order_by("history_id")
    told = versions.filter(history_date__lte=event.at).last()
    return told is not None and any(
        expiry_of(version) != expiry_of(told) for version in versions.filter(history_id__gt=told.history_id)
    )


def _was_published_otherwise(wallet: Wallet, event: ExpiryPolicyChanged) -> bool:
    versions = ProgramVersion.objects.filter(program=wallet.program_id).order_by("number")
    told = versions.filter(published_at__lte=event.at).last()
    return told is not None and any(
        _policy_in(version, wallet) != _policy_in(told, wallet) for version in versions.filter(number__gt=told.number)
    )


def _policy_in(version: ProgramVersion, wallet: Wallet) -> ExpiryPolicy | None:
    rows = rows_from(wallet.program, version.document, version.places)
    return next((expiry_of(row) for row in rows.wallets if row.pk == wallet.pk), None)


def _in_force(wallet: Wallet) -> Wallet:
    """The wallet as it judges, which may be another than its draft."""
    return next((row for row in rows_in_force(wallet.program).wallets if row.pk == wallet.pk), wallet)


def _with(stored: Wallet, policy: dict[str, Any]) -> Wallet:
    """The wallet with the new policy, not saved. Raises WrongPolicy."""
    if unknown := policy.keys() - FIELDS:
        raise TypeError(f"{', '.join(sorted(unknown))} is no policy of a wallet")
    for name, value in policy.items():
        setattr(stored, name, value)
    try:
        stored.clean_fields(exclude={field.name for field in Wallet._meta.fields} - FIELDS)
        expiry_of(stored), activation_of(stored)
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise WrongPolicy(messages[0], field=field) from error
    except InvalidSetting as error:
        raise WrongPolicy(message_for(error), field=error.field) from error
    return stored


def _moved(wallet_id: int, policy: ExpiryPolicy, at: datetime, zone: str) -> list[tuple[SameEnd, datetime | None]]:
    """The groups of lots that get another end, with that end."""
    groups = same_ends(wallet_id, zone=zone, at=at)
    moved = [
        (group, after_policy_change(group.expires_at, start_of_day(group.earned_on, zone), policy, at, zone))
        for group in groups
    ]
    return [(group, end) for group, end in moved if end != group.expires_at]
