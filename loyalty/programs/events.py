"""What the programs floor tells the world; instants are aware UTC, points whole units of the wallet."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Awarded:
    """Points that one activity earned in one wallet; `state` is active or pending."""

    wallet_id: int
    wallet: str
    points: int
    state: str


@dataclass(frozen=True, slots=True)
class ActivityRecorded:
    """A member bought or did something; `kind` is purchase or activity, `type` purchase, review, visit …"""

    program_id: int
    member_id: int
    activity_id: int
    kind: str
    type: str
    source: str
    external_id: str
    event_at: datetime
    awards: list[Awarded]


@dataclass(frozen=True, slots=True)
class ActivityConfirmed:
    """Points that waited for a confirmation became spendable."""

    program_id: int
    member_id: int
    activity_id: int
    points: int
    at: datetime


@dataclass(frozen=True, slots=True)
class ActivityCancelled:
    """The activity came to nothing, and so did its points: cancelled, not confirmed in time, or refused by staff."""

    program_id: int
    member_id: int
    activity_id: int
    points: int
    at: datetime


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What a return did to one wallet: points that were taken, waived (gone already), and given back of those spent."""

    wallet_id: int
    wallet: str
    taken: int
    waived: int
    given_back: int


@dataclass(frozen=True, slots=True)
class PurchaseReturned:
    """Goods of a purchase came back, in one step; `amount` is what they cost. `is_last`: nothing of it is left."""

    program_id: int
    member_id: int
    activity_id: int
    return_id: int
    source: str
    receipt: str
    external_id: str
    event_at: datetime
    amount: Decimal
    currency: str
    is_last: bool
    wallets: list[TakenBack]


@dataclass(frozen=True, slots=True)
class PurchasesImported:
    """A file of purchases came in; single purchases of a file publish nothing of their own."""

    program_id: int
    source: str
    rows: int
    members_enrolled: int
    points_awarded: int


@dataclass(frozen=True, slots=True)
class PointsExpiring:
    """`points` of a member expire within the program's warning of `days` days.

    The first of them expire at the instant `expires_at` (so they can be used before it), the last at `until`; the two
    differ only when a late run catches up on several days at once.
    """

    member_id: int
    wallet_id: int
    points: int
    expires_at: datetime
    days: int
    until: datetime


@dataclass(frozen=True, slots=True)
class PointsExpired:
    """A run of the expiry job closed lots of one wallet."""

    program_id: int
    wallet_id: int
    lots: int
    points: int
    at: datetime


@dataclass(frozen=True, slots=True)
class PointsAdjusted:
    """Staff gave (positive) or took (negative) points by hand; `note` is what the member reads."""

    program_id: int
    member_id: int
    wallet_id: int
    points: int
    note: str
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TierEnding:
    """A member’s tier ends at the instant `ends_at`, within the ladder’s warning of `days` days.

    `missing` of what the ladder counts keeps it if it comes before; 0: nothing can. `then` is the code of the tier that
    follows, empty for none.
    """

    program_id: int
    member_id: int
    tier_set: str
    tier: str
    then: str
    ends_at: datetime
    days: int
    missing: Decimal


@dataclass(frozen=True, slots=True)
class MemberTierChanged:
    """A member rose or fell on a ladder; `before` and `after` are codes of its tiers, empty below the lowest.

    `why` is reached, fell, returned, by_hand or ladder (it was changed). `is_quiet`: a file brought it, of which
    members are not told one by one.
    """

    program_id: int
    member_id: int
    tier_set: str
    before: str
    after: str
    why: str
    at: datetime
    is_quiet: bool = False


@dataclass(frozen=True, slots=True)
class ExpiryPolicyChanged:
    """A wallet's points live by another policy from `at` on."""

    program_id: int
    wallet_id: int
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PointsSent:
    """A member sent points to another; in the state waiting, the receiver has yet to accept them."""

    program_id: int
    transfer_id: int
    giver_id: int
    receiver_id: int
    wallet_id: int
    points: int
    fee: int
    state: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TransferAnswered:
    """A transfer that waited was accepted (done), declined, withdrawn, or lapsed."""

    program_id: int
    transfer_id: int
    giver_id: int
    receiver_id: int
    wallet_id: int
    points: int
    fee: int
    state: str
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PointsConverted:
    """A member changed points of one wallet into points of another."""

    program_id: int
    conversion_id: int
    member_id: int
    from_wallet_id: int
    to_wallet_id: int
    given: int
    fee: int
    received: int
    at: datetime


@dataclass(frozen=True, slots=True)
class PointsReinstated:
    """Expired points came back; `fee` was taken in points, `amount` is owed or paid in money."""

    program_id: int
    reinstatement_id: int
    member_id: int
    wallet_id: int
    points: int
    fee: int
    amount: Decimal
    currency: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ReviewSettled:
    """The staff approved a review or refused it, with a `reason` that the member reads; `item` is empty for the shop.

    `version` counts how often the member wrote it; `awards` are what an approved one earned.
    """

    program_id: int
    member_id: int
    review_id: int
    version: int
    item: str
    is_approved: bool
    reason: str
    may_write_anew: bool
    awards: list[Awarded]
