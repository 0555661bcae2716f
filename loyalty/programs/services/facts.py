"""What tills, shops and files tell, as frozen values, and what they are told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from types import MappingProxyType
from typing import Any

from loyalty.members.models import Member
from loyalty.programs.queries.balances import WalletBalance
from loyalty.programs.rules.capping import Use
from loyalty.programs.rules.explanation import Step
from loyalty.programs.rules.occurrence import Line
from loyalty.programs.rules.tiers import Moved

NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Payment:
    """How part of a basket was paid; a gift card is a payment, never a discount. Change given is negative."""

    method: str
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseFacts:
    """One purchase. `source` and `receipt` are its identity for ever; amounts are in `currency`, `at` is aware.

    `member` is the member or the member's number. A line's `amount` is its total including tax, after its discount.
    `payments` may be left out; where given they add up to the lines exactly. A till that knows the payment card sends a
    token of it (never its number) as the attribute `card`: caps for each payment card count by it. Watch rules look at
    `card`, at `device` (a token of the phone or kiosk) and at `cashier` (the shop's own id of whoever rang it up).
    """

    source: str
    receipt: str
    member: Member | str
    at: datetime
    currency: str
    lines: tuple[Line, ...]
    channel: str = ""
    store: str = ""
    payments: tuple[Payment, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityFacts:
    """Anything else that a member did: `type` is review, visit, survey or whatever the shop sends.

    With `waits_until` (aware) what it earns is pending until then at least, whatever the wallet says.
    """

    source: str
    id: str
    type: str
    member: Member | str
    at: datetime
    attributes: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    waits_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class LineBack:
    """So many of the line at `position` (counted from 1, as the lines were told)."""

    position: int
    quantity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnFacts:
    """Goods brought back in one step. `id` is its identity among the returns of its purchase, for ever.

    Without `lines` everything that is left comes back. `at` is when it happened (now, if left out); `reason` is for the
    staff alone.
    """

    id: str
    lines: tuple[LineBack, ...] = ()
    at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AwardMade:
    """Points that an activity earned in one wallet, as they stood when it was recorded; `state` is active or pending.

    `activates_at` is None for active points and for those that wait for a confirmation; `expires_at` None means never.
    `shares` are the exact points that each line brought, as they are stored, and `uses` what caps count of it; both
    only on their way into the books.
    """

    wallet_code: str
    points: int
    state: str
    activates_at: datetime | None
    expires_at: datetime | None
    shares: Mapping[str, str] = field(default_factory=lambda: NOTHING, repr=False, compare=False)
    uses: tuple[Use, ...] = field(default=(), repr=False, compare=False)


@dataclass(frozen=True)
class Recorded:
    """The answer to a purchase or activity. `activity_id` is None after a dry run; `ref` is "source:receipt".

    Everything is as at the first time, also when the activity was `replayed`; `balances` alone are those of now, read
    when first asked for. `tier_changes` are the moves that it caused, of one recorded alone.
    """

    activity_id: int | None
    ref: str
    awards: tuple[AwardMade, ...]
    explanation: tuple[Step, ...]
    replayed: bool = False
    tier_changes: tuple[Moved, ...] = ()
    read_balances: Callable[[], tuple[WalletBalance, ...]] = field(default=tuple, repr=False, compare=False)

    @cached_property
    def balances(self) -> tuple[WalletBalance, ...]:
        """What the member holds, wallet by wallet."""
        return self.read_balances()
