"""What an evaluation says: the awards, and for each rule considered what it gave or why it gave nothing.

A step's `code` and `params` are plain JSON values, so that the explanation is stored with the activity and read
later in any language (`wording.steps`). Within a wallet the points of the steps add up to the award exactly: the
running exact sum is rounded after each step, in the order shown, and a step shows by how much the rounded sum grew.
A multiplier's points are what it added. Steps of shadow rules show 0 points; `would_earn` and `would_change` among
their params tell the rest.

Codes of steps that matched: rate, fixed, fixed-per-unit, multiplier, excluded (a zero-rate rule on lines), pays-
nothing (a zero-rate rule on the basket), and of caps, whose points are what they take away: cap-trimmed, cap-refused,
balance-full; already-earned (its type pays once, and did); under-review (its points, if any, wait for the staff).
Codes of steps that did not: inactive, not-started, ended, campaign-not-running, not-in-audience, condition-failed, no-
matching-lines, nothing-to-earn-on, below-first-step, lines-claimed, lines-excluded, outranked, nothing-to-multiply. A
shadow rule may also tell too-many-points.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

type RuleId = int | str
type WalletId = int | str


@dataclass(frozen=True, slots=True)
class Award:
    """Points earned in one wallet, always more than 0, and the rules that took part in them.

    `shares` are the exact points that each line brought, in the order of the lines; empty where there is one line.
    """

    wallet: WalletId
    points: int
    rules: tuple[RuleId, ...]
    shares: tuple[Fraction, ...] = field(default=(), repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Step:
    """One rule's part in an evaluation."""

    rule_id: RuleId
    rule_name: str
    wallet: WalletId
    matched: bool
    points: int
    code: str
    params: Mapping[str, Any] = field(default_factory=dict)
    is_shadow: bool = False

    def to_json(self) -> dict[str, Any]:
        return {
            "rule": self.rule_id,
            "name": self.rule_name,
            "wallet": self.wallet,
            "matched": self.matched,
            "points": self.points,
            "code": self.code,
            "params": dict(self.params),
            "shadow": self.is_shadow,
        }


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What one occurrence earns, and why."""

    awards: tuple[Award, ...] = ()
    explanation: tuple[Step, ...] = ()

    def points_in(self, wallet: WalletId) -> int:
        """The points earned in `wallet`; 0 when nothing."""
        return next((award.points for award in self.awards if award.wallet == wallet), 0)

    def to_json(self) -> list[dict[str, Any]]:
        """The explanation as stored; `steps_from_json` reads it back."""
        return [step.to_json() for step in self.explanation]


def steps_from_json(stored: Iterable[Mapping[str, Any]]) -> tuple[Step, ...]:
    """The steps that `Evaluation.to_json` stored."""
    return tuple(
        Step(
            rule_id=row["rule"],
            rule_name=row["name"],
            wallet=row["wallet"],
            matched=row["matched"],
            points=row["points"],
            code=row["code"],
            params=row["params"],
            is_shadow=row["shadow"],
        )
        for row in stored
    )
