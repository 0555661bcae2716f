"""What the tier of a member does to what an activity earns: a factor on all of it, and a longer life.

A tier's factor comes last and cannot be outranked: it raises whatever the rules gave, the multipliers among them. It is
told as one more step under the tier's name.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType

from loyalty.programs.rules.basis import Basket
from loyalty.programs.rules.days import Zone, add_months, end_of_day, end_of_period, local_day
from loyalty.programs.rules.earning import Rule
from loyalty.programs.rules.explanation import WalletId
from loyalty.programs.rules.outcome import Outcome
from loyalty.programs.rules.standing import HeldTier
from loyalty.programs.rules.tiers import Ladder

type Benefits = Mapping[tuple[str, str], Mapping[WalletId, Rule]]
NO_BENEFITS: Benefits = MappingProxyType({})
INSTANT = timedelta(microseconds=1)


def matter(ladders: Iterable[Ladder]) -> bool:
    """Whether a tier changes what activities earn, so that it must be known before they are judged."""
    return any(rung.multiplier != 1 or rung.expiry_extra_months for ladder in ladders for rung in ladder.rungs)


def benefits_of(ladders: Iterable[Ladder], wallets: Iterable[WalletId]) -> Benefits:
    """The factor of each tier as a rule for each of the wallets, by the codes of ladder and tier."""
    wallets = list(wallets)
    return {
        (ladder.code, rung.code): {
            wallet: Rule(
                id=f"tier:{ladder.code}:{rung.code}", name=rung.name, wallet=wallet, effect="multiplier",
                factor=rung.multiplier,
            )
            for wallet in wallets
        }
        for ladder in ladders
        for rung in ladder.rungs
        if rung.multiplier != 1
    }  # fmt: skip


def raised(outcomes: Sequence[Outcome], factors: Iterable[Rule], basket: Basket) -> list[Outcome]:
    """The outcomes with those of the tiers' factors, each on everything before it."""
    found = list(outcomes)
    for rule in factors:
        exact = sum(outcome.exact for outcome in found)
        if not exact:
            break
        added = exact * (basket.exact(rule.factor) - 1)
        lines = tuple(range(len(basket.lines)))
        params = {"factor": f"{rule.factor:f}"}
        found.append(Outcome(rule, "multiplier", params, True, added, lines=lines, parts=(0,)))
    return found


def extra_months(ladders: Iterable[Ladder], held: Iterable[HeldTier]) -> int:
    """By how many months the member's points live longer; the longest of all ladders."""
    tiers = {(each.ladder, each.code) for each in held}
    months = (
        rung.expiry_extra_months for ladder in ladders for rung in ladder.rungs if (ladder.code, rung.code) in tiers
    )
    return max(months, default=0)


def prolonged(expires_at: datetime | None, months: int, zone: Zone) -> datetime | None:
    """The same last day so many months later; the last day of a month stays one."""
    if expires_at is None or not months:
        return expires_at
    last = local_day(expires_at - INSTANT, zone)
    later = add_months(last, months)
    return end_of_day(end_of_period(later, "month") if last == end_of_period(last, "month") else later, zone)
