"""Cases that watch rules opened, decided by the staff: points that waited become active, or are taken away.

A purchase that belongs to several cases waits for all of them; one refusal is enough. What a case found stays known:
at the same place so many are usual from then on, and only more open a new case.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from loyalty.ledger import services as ledger
from loyalty.ledger.errors import NothingToReverse, NotPending
from loyalty.ledger.rules import KEEP
from loyalty.lib import clock
from loyalty.members.models import Member
from loyalty.members.services.rows import sign
from loyalty.outbox.services import publish
from loyalty.programs.errors.cases import CaseDecided, WrongWatchRule
from loyalty.programs.errors.programs import ReasonMissing
from loyalty.programs.events import ActivityCancelled, ActivityConfirmed
from loyalty.programs.models.activity import Activity
from loyalty.programs.models.velocity import Flag, HeldAward, ReviewCase, VelocityRule
from loyalty.programs.queries.configuration import Configuration, configuration_of, watch_rule_of
from loyalty.programs.queries.lots import accounts_waiting
from loyalty.programs.rules.activation import expiry_once_active
from loyalty.programs.rules.invalid import InvalidSetting
from loyalty.programs.rules.wording.invalid import message_for
from loyalty.programs.services.facts import AwardMade
from loyalty.programs.services.storing import awards_from_json
from loyalty.programs.services.tiers import follow
from loyalty.programs.services.transactions import in_transaction, turn_of
from loyalty.programs.services.undoing import mark_cancelled
from loyalty.programs.services.uses import give_back_rest

SLICE = 200
JOB = "job:give_released"


@dataclass(frozen=True, slots=True)
class Decided:
    """What decisions did: cases, purchases whose points they moved, and points."""

    cases: int = 0
    purchases: int = 0
    points: int = 0

    def __add__(self, other: "Decided") -> "Decided":
        return Decided(self.cases + other.cases, self.purchases + other.purchases, self.points + other.points)


@transaction.atomic
def save_watch_rule(rule: VelocityRule, *, actor: str) -> VelocityRule:
    """A watch rule as it is now. Raises WrongWatchRule."""
    try:
        watch_rule_of(rule)
    except InvalidSetting as error:
        raise WrongWatchRule(message_for(error), field=error.field) from error
    sign(rule, actor).save()
    return rule


def release_cases(
    cases: Iterable[ReviewCase], *, reason: str, actor: str, allowed: int | None = None, at: datetime | None = None
) -> Decided:
    """There was nothing wrong: what waits only for these cases becomes active, or goes on waiting by its wallet's rule.

    From now on `allowed` at the same place are usual, or as many as there were. Each case in a transaction of its own.
    Raises ReasonMissing, CaseDecided.
    """
    return _decide_all(cases, ReviewCase.State.RELEASED, reason, actor, allowed, at)


def refuse_cases(cases: Iterable[ReviewCase], *, reason: str, actor: str, at: datetime | None = None) -> Decided:
    """Something was wrong: what waits for these cases is taken away, and does not use up caps and budgets any more.

    The purchases count for nothing from then on.

    Raises ReasonMissing, CaseDecided.
    """
    return _decide_all(cases, ReviewCase.State.REFUSED, reason, actor, None, at)


def _decide_all(
    cases: Iterable[ReviewCase], state: str, reason: str, actor: str, allowed: int | None, at: datetime | None
) -> Decided:
    if not reason.strip():
        raise ReasonMissing(_("Say why: it stands with the purchase."), field="reason")
    at, total = at or clock.now(), Decided()
    for case in cases:
        total += in_transaction(partial(_decide, case, state, reason.strip(), actor, allowed, at))
    return total


def _decide(case: ReviewCase, state: str, reason: str, actor: str, allowed: int | None, at: datetime) -> Decided:
    """Members before the case, the case before purchases, accounts last; who comes to the case meanwhile waits.

    Purchases are locked as a shop's confirmation and the job of what was never confirmed lock them: what any of them
    settles is settled once, also with the counters of caps.
    """
    flags = Flag.objects.filter(case=case)
    list(Member.objects.filter(pk__in=flags.values("member_id")).order_by("number").select_for_update(no_key=True))
    fresh = ReviewCase.objects.select_for_update(of=("self",)).get(pk=case.pk)
    if fresh.state != ReviewCase.State.OPEN:
        raise CaseDecided
    fresh.state, fresh.reason, fresh.decided_at, fresh.decided_by = state, reason[:200], at, actor[:80]
    if state == ReviewCase.State.RELEASED:
        fresh.allowed = max(fresh.highest, allowed or 0)
    fresh.save()
    configuration = configuration_of(case.program)
    held = HeldAward.objects.filter(activity__in=flags.values("activity_id"), state=HeldAward.State.WAITING)
    total = Decided(cases=1)
    for each in list(_locked(held).order_by("activity_id")):
        total += _settle(configuration, each, state, reason, actor, at)
    return total


def _locked(held: QuerySet[HeldAward]) -> QuerySet[HeldAward]:
    """With their purchases, which come first, as a confirmation locks them."""
    purchases = Activity.objects.filter(held_award__in=held).order_by("pk")
    list(purchases.select_for_update(of=("self",), no_key=True).only("pk"))
    return held.select_related("activity__member__program").select_for_update(of=("self",))


def _settle(
    configuration: Configuration, held: HeldAward, state: str, reason: str, actor: str, at: datetime
) -> Decided:
    activity, is_taken = held.activity, state == ReviewCase.State.REFUSED
    is_news = is_taken and activity.cancelled_at is None
    if is_taken:
        points = _take(configuration, held, reason, actor, at)
        mark_cancelled([activity], at)
        held.state = HeldAward.State.REFUSED
    else:
        if ReviewCase.objects.filter(flags__activity=activity, state=ReviewCase.State.OPEN).exists():
            return Decided()
        points = _give(configuration, held, actor, at)
    held.save()
    if points or is_news:
        event = ActivityCancelled if is_taken else ActivityConfirmed
        publish(event(activity.program_id, activity.member_id, activity.pk, points, at))
        follow(configuration, {activity.member_id: None}, actor=actor, returned=is_taken, activity_id=activity.pk)
    return Decided(0, 1, points)


def _take(configuration: Configuration, held: HeldAward, reason: str, actor: str, at: datetime) -> int:
    """What is left of the points; counters of caps are locked before accounts."""
    activity, taken = held.activity, 0
    accounts, waiting = _accounts(configuration, activity), accounts_waiting(held.activity, at)
    give_back_rest(activity, [award.wallet_code for account_id, award in accounts if account_id in waiting])
    for account_id, award in accounts:
        try:
            taken -= ledger.reverse(
                account_id, posting_key=f"{activity.key}:{award.wallet_code}",
                key=f"review:{activity.key}:{award.wallet_code}", at=at, actor=actor, reason=reason,
                debt_policy="only_pending", source=activity.key,
            ).points  # fmt: skip
        except NothingToReverse:  # it came back, or was cancelled, while it waited
            continue
    return taken


def _give(configuration: Configuration, held: HeldAward, actor: str, at: datetime) -> int:
    """What does not wait by its wallet's own rule; `due_at` is when the next of the rest does not any more."""
    activity, later, given = held.activity, [], 0
    for account_id, award in _accounts(configuration, activity):
        terms = held.terms.get(award.wallet_code, {})
        until = datetime.fromisoformat(terms["until"]) if terms.get("until") else None
        if held.waits_for_shop(award.wallet_code) and held.confirmed_at is None:
            continue  # for the shop, as without a case
        if until is not None and until > at:
            later.append(until)
            continue
        given += _activate(configuration, account_id, activity, award, actor, at)
    held.due_at = min(later, default=None)
    held.state = HeldAward.State.RELEASED if later else HeldAward.State.GIVEN
    return given


def _activate(
    configuration: Configuration, account_id: int, activity: Activity, award: AwardMade, actor: str, at: datetime
) -> int:
    key = f"{activity.key}:{award.wallet_code}"
    ends = expiry_once_active(award.expires_at, at, configuration.program.time_zone)
    try:
        posted = ledger.activate(
            account_id, award_key=key, key=f"confirm:{key}", at=at, actor=actor, source=activity.key,
            expires_at=KEEP if ends == award.expires_at else ends,
        )  # fmt: skip
    except NotPending:  # it came back, or was cancelled, while it waited
        return 0
    return 0 if posted.replayed else posted.points


def _accounts(configuration: Configuration, activity: Activity) -> list[tuple[int, AwardMade]]:
    """The member's accounts for the awards, in the order of their ids."""
    codes = dict(configuration.program.wallets.values_list("code", "pk"))
    subject = activity.member.subject
    awards = awards_from_json(activity.awards)
    opened = [(ledger.open_account(wallet_id=codes[each.wallet_code], subject=subject), each) for each in awards]
    return sorted(opened, key=lambda each: each[0])


def give_released(*, at: datetime | None = None, wait: bool = False) -> int:
    """Points of released purchases whose own waiting time is over become active; returns how many purchases.

    Each in a transaction of its own: it can be killed, run late or run twice.
    """
    at, done = at or clock.now(), 0
    with turn_of("give_released", wait=wait) as is_ours:
        while is_ours and (some := _due(at)):
            for pk in some:
                in_transaction(partial(_give_due, pk, at))
            done += len(some)
    return done


def _due(at: datetime) -> list[int]:
    due = HeldAward.objects.filter(state=HeldAward.State.RELEASED, due_at__lte=at).order_by("due_at", "pk")
    return list(due.values_list("pk", flat=True)[:SLICE])


def _give_due(pk: int, at: datetime) -> None:
    held = HeldAward.objects.select_related("activity__member__program").get(pk=pk)
    member = held.activity.member
    Member.objects.select_for_update(no_key=True, of=("self",)).only("pk").get(pk=member.pk)
    held = _locked(HeldAward.objects.all()).get(pk=pk)
    if held.state != HeldAward.State.RELEASED:
        return
    configuration = configuration_of(member.program)
    points = _give(configuration, held, JOB, at)
    held.save()
    if points:
        publish(ActivityConfirmed(member.program_id, member.pk, held.activity_id, points, at))
        follow(configuration, {member.pk: None}, actor=JOB, activity_id=held.activity_id)
