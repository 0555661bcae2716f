"""Invitations: opened on joining, rewarded by the first purchase, taken back with it. Every step is harmless twice."""

import logging
from datetime import datetime, timedelta

from django.db import transaction

from loyalty.ledger import services as ledger
from loyalty.ledger.queries.statement import is_undone
from loyalty.lib import clock
from loyalty.lib.errors import Busy, DomainError
from loyalty.members.models import Member
from loyalty.members.services.rows import sign
from loyalty.programs.models.activity import Activity
from loyalty.programs.models.program import Program
from loyalty.programs.models.referrals import Referral, ReferralPolicy
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.in_force import as_published
from loyalty.programs.queries.occasions import ORIGIN, of_laurel
from loyalty.programs.queries.referrals import first_purchase_of, kept_of, policy_for, policy_of, referrals_to_follow
from loyalty.programs.rules.referrals import is_same_phone, mailbox_of
from loyalty.programs.services.activities import record_activity
from loyalty.programs.services.facts import ActivityFacts
from loyalty.programs.services.tiers import follow, take_turns
from loyalty.programs.services.transactions import turn_of
from loyalty.programs.services.uses import give_back_rest

logger = logging.getLogger(__name__)
State, Reason = Referral.State, Referral.Reason
ACTOR = "job:referrals"


@transaction.atomic
def open_referral(friend_id: int, referrer_id: int) -> Referral | None:
    """Somebody joined by invitation; None where the program has no policy. Refused, with the reason, for aliases."""
    friend = Member.objects.select_related("program").get(pk=friend_id)
    if policy_of(friend.program) is None:
        return None
    referrer = Member.objects.get(pk=referrer_id)
    reason = alias_reason(referrer, friend)
    made, _is_new = Referral.objects.get_or_create(
        friend=friend,
        defaults={
            "program": friend.program,
            "referrer": referrer,
            "joined_at": friend.joined_at,
            "state": State.REFUSED if reason else State.PENDING,
            "reason": reason,
        },
    )
    return made


def alias_reason(referrer: Member, friend: Member) -> str:
    """Why the two seem to be one person; empty when they do not. One mail domain alone says nothing."""
    if referrer.pk == friend.pk or (referrer.user_id and referrer.user_id == friend.user_id):
        return Reason.SAME_PERSON
    mailbox = mailbox_of(friend.email)
    if mailbox and mailbox == mailbox_of(referrer.email):
        return Reason.SAME_EMAIL
    return Reason.SAME_PHONE if is_same_phone(referrer.phone, friend.phone) else ""


@transaction.atomic
def follow_purchase(friend_id: int) -> Referral | None:
    """Look at the first purchase of an invited friend, once: reward both, or say why not. None when nothing waits.

    A first purchase below the minimum ends the matter: the invitation stays pending, a later one does not reopen it.
    """
    waiting = Referral.objects.select_for_update(of=("self",), no_key=True).select_related(
        "program", "referrer", "friend"
    )
    referral = waiting.filter(friend_id=friend_id, state=State.PENDING, purchase=None).first()
    purchase = first_purchase_of(friend_id) if referral else None
    policy = policy_of(referral.program) if referral else None
    if referral is None or purchase is None or policy is None:
        return None
    referral.purchase = purchase
    reason = alias_reason(referral.referrer, referral.friend)
    if reason:
        return _close(referral, State.REFUSED, reason)
    kept = kept_of(purchase)
    if kept < purchase.total and (kept <= 0 or kept < policy.minimum_purchase):
        return _close(referral, State.CANCELLED, Reason.RETURNED)
    if kept < policy.minimum_purchase:
        return _close(referral, State.PENDING, Reason.BELOW_MINIMUM)
    return _reward(referral, purchase, policy)


def follow_referrals(*, wait: bool = False) -> int:
    """Every invitation whose first purchase has come, also by file; returns how many were looked at."""
    followed = 0
    with turn_of("follow_referrals", wait=wait) as is_ours:
        for friend_id in referrals_to_follow() if is_ours else ():
            followed += follow_purchase(friend_id) is not None
    return followed


@transaction.atomic
def take_back_referral(purchase_id: int, *, actor: str = ACTOR, is_cancelled: bool = False) -> Referral | None:
    """The first purchase was cancelled, or so much of it came back that it is below the minimum: both sides lose."""
    found = Referral.objects.select_for_update(of=("self",), no_key=True).select_related("program", "purchase")
    referral = found.filter(purchase_id=purchase_id, state=State.REWARDED).first()
    if referral is None or referral.purchase is None:
        return None
    policy = policy_for(referral)
    kept = kept_of(referral.purchase)
    if not is_cancelled and kept > 0 and policy and kept >= policy.minimum_purchase:
        return None
    climbing = take_turns((referral.program_id, pk) for pk in (referral.referrer_id, referral.friend_id))
    for key in _keys(referral):
        _take_back(of_laurel(referral.program).filter(external_id=key).select_related("member").first(), actor)
    for configuration, member_ids in climbing:
        follow(configuration, dict.fromkeys(member_ids), actor=actor, returned=True)
    return _close(referral, State.CANCELLED, Reason.RETURNED)


def save_policy(policy: ReferralPolicy, *, actor: str) -> ReferralPolicy:
    """The policy as it is now."""
    sign(policy, actor).save()
    return policy


def _keys(referral: Referral) -> tuple[str, str]:
    return f"referral:{referral.pk}", f"referred:{referral.pk}"


def _reward(referral: Referral, purchase: Activity, policy: ReferralPolicy) -> Referral:
    """Both or none: an activity of the referrer's and one of the friend's, as old as the purchase."""
    until = purchase.event_at + timedelta(days=policy.return_days)
    of_both = zip((referral.referrer, referral.friend), ("referral", "referred"), _keys(referral), strict=True)
    try:
        with transaction.atomic():
            for member, type, key in of_both:
                _record(referral.program, member, type, key, purchase.event_at, until)
    except Busy:
        raise
    except DomainError as error:
        logger.info("invitation %s is refused: %s", referral.pk, error.code)
        return _close(referral, State.REFUSED, Reason.NOT_ACTIVE)
    referral.settles_at = until
    return _close(referral, State.REWARDED, "")


def _record(program: Program, member: Member, type: str, key: str, at: datetime, until: datetime) -> None:
    facts = ActivityFacts(source=ORIGIN, id=key, type=type, member=member, at=at, waits_until=until)
    record_activity(program, facts, actor=ACTOR)


def _close(referral: Referral, state: str, reason: str) -> Referral:
    referral.state, referral.reason, referral.changed_at = state, reason, clock.now()
    referral.save(update_fields=["state", "reason", "changed_at", "purchase", "settles_at"])
    return referral


def _take_back(activity: Activity | None, actor: str) -> None:
    """Everything that an activity earned, as far as the program's debt policy goes, and what it used up of caps.

    What was taken before (never confirmed, or refused by the staff) was given back to caps then. The purchase first,
    then counters, then accounts in the order of ids.
    """
    if activity is None:
        return
    Activity.objects.select_for_update(no_key=True).only("pk").get(pk=activity.pk)
    codes = dict(Wallet.objects.filter(program_id=activity.program_id).values_list("code", "pk"))
    subject = activity.member.subject
    opened = [
        (ledger.open_account(wallet_id=codes[each["wallet"]], subject=subject), each["wallet"])
        for each in activity.awards
    ]
    accounts = [each for each in sorted(opened) if not is_undone(each[0], f"{activity.key}:{each[1]}")]
    give_back_rest(activity, [code for _account_id, code in accounts])
    for account_id, code in accounts:
        key = f"{activity.key}:{code}"
        ledger.reverse(
            account_id, posting_key=key, key=f"cancel:{key}", at=clock.now(), actor=actor, source=activity.key,
            reason="the first purchase came back", debt_policy=as_published(activity.program).debt_policy,
        )  # fmt: skip
