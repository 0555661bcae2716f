"""Invitations: opened on joining, rewarded by the first purchase, taken back with it. Every step is harmless twice."""

import logging
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction

from loyalty.lib import clock
from loyalty.lib.errors import Busy, DomainError
from loyalty.members.models import Member
from loyalty.members.services.rows import sign
from loyalty.programs.models.activity import Activity
from loyalty.programs.models.program import Program
from loyalty.programs.models.referrals import Referral, ReferralPolicy
from loyalty.programs.queries.configuration import configuration_of
from loyalty.programs.queries.occasions import ORIGIN, of_laurel
from loyalty.programs.queries.referrals import first_purchase_of, kept_of, policy_for, policy_of, referrals_to_follow
from loyalty.programs.rules.referrals import is_same_phone, mailbox_of
from loyalty.programs.services.activities import record_activity
from loyalty.programs.services.facts import ActivityFacts
from loyalty.programs.services.tiers import follow
from loyalty.programs.services.transactions import in_transaction, turn_of
from loyalty.programs.services.undoing import locked_activities, undo

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


def follow_purchase(friend_id: int) -> Referral | None:
    """Look at the first purchase of an invited friend, once: reward both, or say why not. None when nothing waits.

    A first purchase below the minimum ends the matter: the invitation stays pending, a later one does not reopen it.
    """
    return in_transaction(partial(_follow, friend_id))


def _follow(friend_id: int) -> Referral | None:
    waiting = Referral.objects.select_for_update(of=("self",), no_key=True).select_related(
        "program", "referrer", "friend"
    )
    referral = waiting.filter(friend_id=friend_id, state=State.PENDING, purchase=None).first()
    first = first_purchase_of(friend_id) if referral else None
    policy = policy_of(referral.program) if referral else None
    if referral is None or first is None or policy is None:
        return None
    purchase = referral.purchase = _locked(referral, first)
    reason = alias_reason(referral.referrer, referral.friend)
    if reason:
        return _close(referral, State.REFUSED, reason)
    kept = kept_of(purchase)
    is_less = purchase.cancelled_at is not None or kept < purchase.total
    if is_less and (kept <= 0 or kept < policy.minimum_purchase):
        return _close(referral, State.CANCELLED, Reason.RETURNED)
    if kept < policy.minimum_purchase:
        return _close(referral, State.PENDING, Reason.BELOW_MINIMUM)
    return _reward(referral, purchase, policy)


def _locked(referral: Referral, purchase: Activity) -> Activity:
    """The purchase as it is now, which stays so until both are rewarded: whoever brings it back or cancels it waits,
    and finds the reward. Both members come first, as everywhere."""
    both = Member.objects.filter(pk__in=(referral.referrer_id, referral.friend_id)).order_by("number")
    list(both.select_for_update(no_key=True).only("pk"))
    (locked,) = locked_activities([purchase.pk])
    return locked


def follow_referrals(*, wait: bool = False) -> int:
    """Every invitation whose first purchase has come, also by file; returns how many were looked at."""
    followed = 0
    with turn_of("follow_referrals", wait=wait) as is_ours:
        for friend_id in referrals_to_follow() if is_ours else ():
            followed += follow_purchase(friend_id) is not None
    return followed


def take_back_referral(purchase_id: int, *, actor: str = ACTOR, is_cancelled: bool = False) -> Referral | None:
    """The first purchase came to nothing, or so much of it came back that it is below the minimum: both sides lose.

    As with goods that come back: what is spent is up to the debt policy, a household gives back what it got, caps and
    tiers follow.
    """
    return in_transaction(partial(_take_back, purchase_id, actor, is_cancelled))


def _take_back(purchase_id: int, actor: str, is_cancelled: bool) -> Referral | None:
    found = Referral.objects.select_for_update(of=("self",), no_key=True).select_related("program", "purchase")
    referral = found.filter(purchase_id=purchase_id, state=State.REWARDED).first()
    if referral is None or referral.purchase is None:
        return None
    policy = policy_for(referral)
    kept = kept_of(referral.purchase)
    if not is_cancelled and kept > 0 and policy and kept >= policy.minimum_purchase:
        return None
    configuration = configuration_of(referral.program)
    rewards = of_laurel(referral.program).filter(external_id__in=_keys(referral))
    activities = locked_activities(rewards.values_list("pk", flat=True))
    undo(
        activities, debt_policy=configuration.program.debt_policy, at=clock.now(), actor=actor,
        reason="the first purchase came back",
    )  # fmt: skip
    for each in activities:
        follow(configuration, {each.member_id: None}, actor=actor, returned=True, activity_id=each.pk)
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
