"""Expired points: what can be brought back, what it costs, and what is still to be paid."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from loyalty.ledger.queries.lots import ExpiredLot, expired_lots, expired_within
from loyalty.lib import clock
from loyalty.members.models import Member
from loyalty.programs.models.program import Program
from loyalty.programs.models.reinstatement import ReinstatedLot, Reinstatement, ReinstatementPolicy
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.activities import units_of
from loyalty.programs.queries.balances import balances_of
from loyalty.programs.queries.in_force import in_force_of, seen_in
from loyalty.programs.rules.reinstatement import Terms, new_end, window_end
from loyalty.programs.rules.wording.reinstatement import PolicyTold, sentences_for_reinstatement

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ExpiredPart:
    """Points of a wallet that expired together and can come back until `until`, for `fee` points or `amount` money.

    `ends` is when they then expire; `before` and `after` are the active points before and after (the fee paid, where
    they come back at once or it costs points).
    """

    wallet: Wallet
    policy: ReinstatementPolicy
    expired_at: datetime
    lots: tuple[ExpiredLot, ...]
    until: datetime
    fee: int
    amount: Decimal
    ends: datetime
    before: int

    @property
    def points(self) -> int:
        return sum(lot.points for lot in self.lots)

    @property
    def after(self) -> int:
        return self.before + self.points - self.fee

    @property
    def gain(self) -> int:
        """What is had of it in the end."""
        return self.points - self.fee

    @property
    def waits(self) -> bool:
        """Whether the points come back only when the money is paid."""
        return bool(self.amount) and self.policy.comes_back == ReinstatementPolicy.ComesBack.WHEN_PAID


def policies_of(program_id: int, *, for_members: bool = False) -> list[ReinstatementPolicy]:
    """The policies in force, wallet by wallet; with `for_members` those by which members help themselves."""
    policies = in_force_of(program_id, "reinstatement")
    chosen = [policy for policy in policies if policy.by_members or not for_members]
    return sorted(chosen, key=lambda policy: (policy.wallet.position, policy.wallet_id))


def terms_under(policy: ReinstatementPolicy) -> Terms:
    """The price as the rules know it."""
    return Terms(policy.price, policy.fee_points, policy.fee_percent, policy.fee_money, policy.value_percent)


def expired_of(member: Member, *, at: datetime | None = None, for_members: bool = False) -> list[ExpiredPart]:
    """What the member can have brought back, the most recent first. What would cost more points than it brings is
    left out for members."""
    at = at or clock.now()
    policies = {each.wallet_id: each for each in policies_of(member.program_id, for_members=for_members)}
    if not policies:
        return []
    longest = max(policy.window_days for policy in policies.values())
    lots = expired_lots(member.subject, since=at - (longest + 2) * DAY, at=at)
    gone = set(
        ReinstatedLot.objects.filter(lot_id__in=[lot.id for lot in lots], is_void=False).values_list(
            "lot_id", flat=True
        )
    )
    groups: dict[tuple[int, datetime], list[ExpiredLot]] = {}
    for lot in lots:
        if lot.wallet_id in policies and lot.id not in gone:
            groups.setdefault((lot.wallet_id, lot.expired_at), []).append(lot)
    active = {each.wallet.pk: each.active - each.debt for each in balances_of(member, at)} if groups else {}
    parts = [
        _part(policies[wallet], expired_at, found, at, active.get(wallet, 0))
        for (wallet, expired_at), found in groups.items()
    ]
    return sorted(
        (part for part in parts if part.until > at and (part.gain > 0 or not for_members)),
        key=lambda part: (part.expired_at, part.wallet.pk), reverse=True,
    )  # fmt: skip


def _part(
    policy: ReinstatementPolicy, expired_at: datetime, lots: list[ExpiredLot], at: datetime, active: int
) -> ExpiredPart:
    program, terms, points = policy.program, terms_under(policy), sum(lot.points for lot in lots)
    return ExpiredPart(
        wallet=policy.wallet,
        policy=policy,
        expired_at=expired_at,
        lots=tuple(lots),
        until=window_end(expired_at, policy.window_days, program.time_zone),
        fee=terms.points_for(points),
        amount=terms.money_for(points, policy.wallet.point_value, program.currency),
        ends=new_end(at, policy.lasts_days, program.time_zone),
        before=active,
    )


def has_expired(member: Member) -> bool:
    """Whether the page has anything for the member: something to bring back, or something that was asked for."""
    return bool(expired_of(member, for_members=True)) or Reinstatement.objects.filter(member=member).exists()


def reinstatements_of(member: Member, *, limit: int = 20) -> list[Reinstatement]:
    """What the member had brought back or wants to, newest first."""
    made = Reinstatement.objects.filter(member=member).select_related("wallet").order_by("-id")[:limit]
    return seen_in(member.program, made, "wallet")


def reinstatement_of(member: Member, reinstatement_id: int) -> Reinstatement | None:
    """One of the member's own, or None."""
    found = Reinstatement.objects.filter(member=member, pk=reinstatement_id).select_related("wallet")
    return next(iter(seen_in(member.program, found, "wallet")), None)


def reinstatement_named(program: Program, source: str, external_id: str) -> Reinstatement | None:
    """The reinstatement of this id, as its source named it."""
    known = Reinstatement.objects.filter(program=program, source=source, external_id=external_id)
    return known.select_related("wallet", "member", "program").first()


def reinstatements_by_key(keys: Iterable[str]) -> dict[str, Reinstatement]:
    """Reinstatements by the source of their postings; no statement when there is none among `keys`."""
    numbers = [key[14:] for key in keys if key.startswith("reinstatement:") and key[14:].isdigit()]
    found = Reinstatement.objects.filter(pk__in=numbers) if numbers else ()
    return {each.key: each for each in found}


def words_of_reinstatement(policy: ReinstatementPolicy) -> list[str]:
    """The policy in plain words."""
    return sentences_for_reinstatement(
        PolicyTold(
            units_of(policy.wallet), policy.program.currency, policy.window_days, policy.lasts_days,
            policy.price, policy.fee_points, policy.fee_percent, policy.fee_money, policy.value_percent,
            policy.by_members,
            policy.comes_back == ReinstatementPolicy.ComesBack.AT_ONCE, policy.pay_days,
        )
    )  # fmt: skip


def outlook_of(policy: ReinstatementPolicy, at: datetime) -> tuple[int, int]:
    """How many members' points, and how many, expired within the window and have not come back."""
    return expired_within(policy.wallet_id, since=at - policy.window_days * DAY, at=at)
