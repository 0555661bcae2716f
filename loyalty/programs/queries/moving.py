"""Sending points: what a member may send, what it costs, and what waits for an answer."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType

from django.db.models import Q, QuerySet, Sum

from loyalty.lib import clock
from loyalty.members.models import Member
from loyalty.members.queries import email_changed_at
from loyalty.programs.models.moving import Transfer, TransferPolicy
from loyalty.programs.models.program import Program
from loyalty.programs.models.tiers import TierStanding
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.activities import units_of
from loyalty.programs.queries.balances import balances_of
from loyalty.programs.queries.configuration import configuration_for
from loyalty.programs.queries.in_force import as_published, in_force_of, seen_in
from loyalty.programs.rules.moving import fee_of, first_amount, left_of, year_of
from loyalty.programs.rules.wording.moving import SendingTold, sentences_for_sending

COUNTED = (Transfer.State.WAITING, Transfer.State.DONE)


@dataclass(frozen=True, slots=True)
class SendingTerms:
    """What one member may send of one wallet now. `left_today` and `left_this_year` are None without a limit."""

    policy: TransferPolicy
    wallet: Wallet
    active: int
    smallest: int
    left_today: int | None
    left_this_year: int | None
    pause_until: datetime | None


@dataclass(frozen=True, slots=True)
class TransferPreview:
    """What a transfer would do to the sender: `points` arrive, `fee` is paid on top, `remains` is left to spend."""

    wallet: Wallet
    points: int
    fee: int
    total: int
    remains: int
    asks_receiver: bool
    answer_days: int


def has_sending(member: Member) -> bool:
    """Whether members of the program send points, or this one ever did."""
    return bool(in_force_of(member.program_id, "transfers")) or _of(member).exists()


def policy_of(wallet: Wallet) -> TransferPolicy | None:
    """How points of this wallet are sent; None where they are not."""
    return next((each for each in in_force_of(wallet.program_id, "transfers") if each.wallet_id == wallet.pk), None)


def has_allowed_tier(member: Member, policy: TransferPolicy) -> bool:
    """Whether the member stands on one of the tiers that the policy names, if it names any."""
    return stands_on(member, policy.tiers)


def stands_on(member: Member, tiers: Sequence[str]) -> bool:
    """Whether the member stands on a tier of one of these codes, on any ladder in force; everybody does where none is
    named.

    Without a standing of their own on a ladder, members stand on its rung that starts at nothing.
    """
    if not tiers:
        return True
    own = dict(TierStanding.objects.filter(member=member).values_list("tier_set_id", "tier_id"))
    ladders = configuration_for(member.program_id).ladders
    places = ((each, each.place_of(own[each.id]) if each.id in own else each.base) for each in ladders)
    rungs = (ladder.rung_at(place) for ladder, place in places)
    return any(rung is not None and rung.code in tiers for rung in rungs)


def pause_of(member: Member, policy: TransferPolicy, at: datetime) -> datetime | None:
    """Until when the member sends nothing because their e-mail address is new; None when they may send."""
    changed = email_changed_at(member) if policy.cooling_hours else None
    until = changed + timedelta(hours=policy.cooling_hours) if changed else None
    return until if until and until > at else None


def sent_since(member: Member, wallet: Wallet, day: date) -> int:
    """Points (without fees) that the member sent from `day` on, those that wait for an answer included."""
    sent = Transfer.objects.filter(giver=member, wallet=wallet, made_on__gte=day, state__in=COUNTED)
    return sent.aggregate(points=Sum("points"))["points"] or 0


def terms_of_sending(member: Member, *, at: datetime | None = None) -> list[SendingTerms]:
    """The wallets of which the member may send points, with what is left of the limits."""
    at = at or clock.now()
    active = {balance.wallet.pk: balance.active for balance in balances_of(member, at)}
    policies = in_force_of(member.program_id, "transfers")
    found = sorted(policies, key=lambda each: (each.wallet.position, each.wallet_id))
    return [_terms(member, each, active.get(each.wallet_id, 0), at) for each in found if has_allowed_tier(member, each)]


def _terms(member: Member, policy: TransferPolicy, active: int, at: datetime) -> SendingTerms:
    today = clock.business_day(at, as_published(member.program).time_zone)
    sent_today = sent_since(member, policy.wallet, today) if policy.per_day is not None else 0
    sent_this_year = sent_since(member, policy.wallet, year_of(today)) if policy.per_year is not None else 0
    return SendingTerms(
        policy=policy,
        wallet=policy.wallet,
        active=active,
        smallest=first_amount(policy.step, policy.minimum),
        left_today=left_of(policy.per_day, sent_today),
        left_this_year=left_of(policy.per_year, sent_this_year),
        pause_until=pause_of(member, policy, at),
    )


def fee_under(policy: TransferPolicy, points: int) -> int:
    """What sending `points` costs on top."""
    return fee_of(points, fixed=policy.fee_points, percent=policy.fee_percent)


def preview_of(terms: SendingTerms, points: int) -> TransferPreview:
    """What sending `points` would do, for the page before it is done."""
    fee = fee_under(terms.policy, points)
    return TransferPreview(
        terms.wallet, points, fee, points + fee, terms.active - points - fee,
        terms.policy.asks_receiver, terms.policy.answer_days,
    )  # fmt: skip


def transfers_of(member: Member, *, limit: int = 20) -> list[Transfer]:
    """What the member sent and received, newest first."""
    return seen_in(member.program, _of(member)[:limit], "wallet")


def waiting_for(member: Member) -> list[Transfer]:
    """What others want to send to the member, the most urgent first."""
    waiting = Transfer.objects.filter(receiver=member, state=Transfer.State.WAITING, answer_by__gt=clock.now())
    return seen_in(member.program, waiting.select_related("giver", "wallet").order_by("answer_by"), "wallet")


def transfer_of(member: Member, transfer_id: int) -> Transfer | None:
    """A transfer that the member sent or receives, or None."""
    return _of(member).filter(pk=transfer_id).first()


def transfer_by_id(transfer_id: int) -> Transfer:
    """The transfer of an event."""
    rows = Transfer.objects.select_related("giver", "receiver__program", "receiver__user", "wallet")
    return rows.get(pk=transfer_id)


def transfer_named(program: Program, source: str, external_id: str) -> Transfer | None:
    """The transfer of this id, as its source named it."""
    known = Transfer.objects.filter(program=program, source=source, external_id=external_id)
    return known.select_related("giver", "receiver", "wallet", "program").first()


def transfers_by_key(keys: Iterable[str]) -> dict[str, Transfer]:
    """Transfers by the source of their postings (transfer:<id>); no statement when there is none among `keys`."""
    numbers = [key[9:] for key in keys if key.startswith("transfer:") and key[9:].isdigit()]
    found = Transfer.objects.filter(pk__in=numbers).select_related("giver", "receiver") if numbers else ()
    return {transfer.key: transfer for transfer in found}


def _of(member: Member) -> QuerySet[Transfer]:
    own = Transfer.objects.filter(Q(giver=member) | Q(receiver=member))
    return own.select_related("giver", "receiver", "wallet", "program").order_by("-id")


def words_of_sending(policy: TransferPolicy, names: Mapping[str, str] = MappingProxyType({})) -> list[str]:
    """The policy in plain words; `names` are those of tiers by their codes."""
    told = SendingTold(
        units_of(policy.wallet), policy.step, policy.minimum, policy.per_day, policy.per_year, policy.fee_points,
        policy.fee_percent, [names.get(code, code) for code in policy.tiers], policy.cooling_hours,
        policy.answer_days if policy.asks_receiver else None,
    )  # fmt: skip
    return sentences_for_sending(told)
