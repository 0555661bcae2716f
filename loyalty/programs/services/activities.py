"""Recording what members bought and did: judged by the live rules, stored, awarded, told, in one transaction."""

from dataclasses import replace

from django.db import connection

from loyalty.ledger import services as ledger
from loyalty.lib import clock
from loyalty.lib.attempts import insist
from loyalty.members.errors import MemberNotActive, ProgramClosed
from loyalty.members.models import Member
from loyalty.programs.errors.activities import ReceiptReused, WrongCurrency
from loyalty.programs.events import ActivityRecorded, Awarded
from loyalty.programs.models.activity import Activity
from loyalty.programs.models.program import Program
from loyalty.programs.queries.balances import balances_under
from loyalty.programs.queries.configuration import Configuration, configuration_under, known_configuration
from loyalty.programs.queries.tiers import moved_by
from loyalty.programs.rules.standing import NO_NEEDS
from loyalty.programs.services.checks import ensure_activity, ensure_purchase
from loyalty.programs.services.deferring import deferred
from loyalty.programs.services.drafts import Draft, draft_of_activity, draft_of_purchase
from loyalty.programs.services.facts import ActivityFacts, PurchaseFacts, Recorded
from loyalty.programs.services.judging import Plan
from loyalty.programs.services.kinds import ensure_fits_kind
from loyalty.programs.services.once import plan_once
from loyalty.programs.services.storing import Known, Situation, situation_of
from loyalty.programs.services.tiers import follow, moved
from loyalty.programs.services.transactions import in_transaction
from loyalty.programs.services.uses import Counters
from loyalty.programs.services.watching import Watch, flagged, open_cases
from loyalty.programs.services.writing import write

CALL = "record"


def record_purchase(program: Program, facts: PurchaseFacts, *, actor: str, dry_run: bool = False) -> Recorded:
    """Store a purchase as it happened and give what it earns; a dry run judges it fully and stores nothing.

    The same receipt with the same content answers as the first time, for ever, also in a program that has closed since;
    however old a receipt is, it is taken. Points of old receipts are dated by their own day, so they may have expired.
    Raises UnknownMember, ProgramClosed, MemberNotActive, ReceiptReused, WrongCurrency, BasketDoesNotAddUp,
    HappensInFuture, WrongFacts, TooManyPoints; Busy when the database cannot follow.
    """
    ensure_purchase(facts)
    return _record(program, draft_of_purchase(facts), actor, dry_run)


def record_activity(program: Program, facts: ActivityFacts, *, actor: str, dry_run: bool = False) -> Recorded:
    """Store anything else that a member did; otherwise as `record_purchase`."""
    ensure_activity(facts)
    return _record(program, draft_of_activity(facts), actor, dry_run)


def _record(program: Program, draft: Draft, actor: str, dry_run: bool) -> Recorded:
    if dry_run:
        return _rehearse(program, draft)
    known = known_configuration(program.pk)
    if known and known.records_at_once and not connection.in_atomic_block:
        return insist(lambda: _book(program, draft, actor))
    return in_transaction(lambda: _book(program, draft, actor))


def _book(program: Program, draft: Draft, actor: str) -> Recorded:
    """In the caller's transaction, or where one statement writes everything, in none."""
    situation, configuration = _look(program.pk, draft)
    if situation.known:
        return _again(situation.known, situation, configuration, draft)
    ensure_welcome(configuration.program, situation, draft)
    if connection.autocommit and not configuration.records_at_once:  # the rules have changed since
        return in_transaction(lambda: _book(program, draft, actor))
    watch = Watch()
    watch.look([(configuration, draft, situation.member_id)])
    plan = plan_once(configuration, situation, draft, Counters(lock=not connection.autocommit))
    plan = deferred(plan, draft.waits_until, configuration.program.time_zone)
    plan = watch.checked(configuration, draft, situation.member_id, plan)
    event = recorded_event(program, situation, draft, plan)
    activity_id = write(configuration, situation, draft, plan, event, actor)
    if activity_id is None:  # stored or paid by another transaction, which counts; or judged by what is not so any more
        return in_transaction(lambda: _book(program, draft, actor))
    _prolong(configuration, situation, draft, plan, actor)
    if plan.suspicions:
        open_cases(program.pk, [flagged(configuration, activity_id, draft, situation.member_id, plan)])
    moves = follow(configuration, {situation.member_id: None}, actor=actor, activity_id=activity_id, call=CALL)
    recorded = Recorded(activity_id, draft.ref, plan.awards, plan.steps, tier_changes=moved(moves))
    return answer(configuration, situation, recorded)


def _look(program_id: int, draft: Draft, *, for_good: bool = True) -> tuple[Situation, Configuration]:
    """What is known, and the rules in force. For good, the member's row is locked where one purchase decides another.

    Asked for is what the rules need as far as this process knows them, and again if they have changed since.
    """
    known = known_configuration(program_id)
    situation = _situation(program_id, draft, known, for_good)
    configuration = configuration_under(program_id, situation.config_version)
    if not was_asked(known, configuration):
        situation = _situation(program_id, draft, configuration, for_good)
    return situation, configuration_under(program_id, situation.config_version)


def _situation(program_id: int, draft: Draft, asked: Configuration | None, for_good: bool) -> Situation:
    needs, zone = (asked.needs, asked.program.time_zone) if asked else (NO_NEEDS, "UTC")
    return situation_of(program_id, draft, lock=for_good and needs.takes_turns, needs=needs, zone=zone)


def was_asked(known: Configuration | None, configuration: Configuration) -> bool:
    """Whether what was asked, by what the process knew before, is enough for the rules that are in force."""
    if known is None:
        return configuration.needs == NO_NEEDS
    return known.needs.covers(configuration.needs) and known.program.time_zone == configuration.program.time_zone


def _rehearse(program: Program, draft: Draft) -> Recorded:
    situation, configuration = _look(program.pk, draft, for_good=False)
    if situation.known:
        return _again(situation.known, situation, configuration, draft)
    ensure_welcome(configuration.program, situation, draft)
    watch = Watch(lock=False)
    watch.look([(configuration, draft, situation.member_id)])
    plan = plan_once(configuration, situation, draft, Counters(lock=False))
    plan = watch.checked(configuration, draft, situation.member_id, plan)
    return answer(configuration, situation, Recorded(None, draft.ref, plan.awards, plan.steps))


def ensure_welcome(program: Program, situation: Situation, draft: Draft) -> None:
    """Raises ProgramClosed, MemberNotActive, WrongCurrency or WrongAttributes."""
    if not program.is_active:
        raise ProgramClosed
    if situation.status != Member.Status.ACTIVE:
        raise MemberNotActive(field="member")
    if draft.currency not in ("", program.currency):
        raise WrongCurrency(field="currency", expected=program.currency)
    if draft.kind == Activity.Kind.ACTIVITY:
        ensure_fits_kind(program.pk, situation.config_version, draft.type, draft.attributes)


def _again(known: Known, situation: Situation, configuration: Configuration, draft: Draft) -> Recorded:
    """The first answer, with what it did to tiers."""
    first = replayed(known, situation, configuration, draft)
    return replace(first, tier_changes=moved_by(configuration, situation.member_id, known.id, CALL))


def replayed(known: Known, situation: Situation, configuration: Configuration, draft: Draft) -> Recorded:
    """The first answer. Raises ReceiptReused when the content or the member is another."""
    if known.digest != draft.digest or known.member_id != situation.member_id:
        raise ReceiptReused
    first = Recorded(known.id, draft.ref, known.awards, known.steps, replayed=True)
    return answer(configuration, situation, first)


def answer(configuration: Configuration, situation: Situation, recorded: Recorded) -> Recorded:
    """Balances are read when somebody looks at them: a batch or a script need not."""
    subject = situation.subject
    return replace(recorded, read_balances=lambda: balances_under(configuration, subject, clock.now()))


def _prolong(configuration: Configuration, situation: Situation, draft: Draft, plan: Plan, actor: str) -> None:
    """Older points of sliding wallets live on, accounts in the order of their ids."""
    wallets = {
        wallet_id: situation.accounts.get(wallet_id)
        or ledger.open_account(wallet_id=wallet_id, subject=situation.subject)
        for wallet_id in plan.extended
    }
    for wallet_id, account_id in sorted(wallets.items(), key=lambda item: item[1]):
        key = f"extend:{draft.key}:{configuration.wallets[wallet_id].wallet.code}"
        ledger.extend(account_id, until=plan.extended[wallet_id], key=key, at=draft.at, actor=actor)


def recorded_event(
    program: Program, situation: Situation, draft: Draft, plan: Plan, activity_id: int = 0
) -> ActivityRecorded:
    """What happened, for whoever listens; the statement that writes an activity gives its own event the id."""
    return ActivityRecorded(
        program_id=program.pk,
        member_id=situation.member_id,
        activity_id=activity_id,
        kind=draft.kind,
        type=draft.type,
        source=draft.source,
        external_id=draft.external_id,
        event_at=draft.at,
        awards=[
            Awarded(wallet_id, award.wallet_code, award.points, award.state)
            for wallet_id, award in zip(plan.granted, plan.awards, strict=True)
        ],
    )
