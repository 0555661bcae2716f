"""What a movement of points must look like before the ledger is asked, and what comes back. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from loyalty.ledger.errors import BadInstant, BadPoints, BadText, BeyondCalendar, OutOfRange

LARGEST = 10**15
"""The most points of one movement; an account holds at most 9 · 10¹⁸."""

FIRST_YEAR, LAST_YEAR = 2, 9998
"""A year less than Python counts at both ends, so that every instant has its day in every time zone."""

LONGEST_KEY = 200
LONGEST_TEXT = 1000
OWN_KINDS = frozenset({
    "activate", "cancel", "capture", "expire", "extend", "hold",
    "redate", "reinstate", "release", "reversal", "transfer",
})  # fmt: skip
"""Kinds of posting that belong to the verbs; awards and spends are named by their callers otherwise."""

OWN_CONTRAS = frozenset({"active", "pending", "held", "transfer", "expired"})
"""Contras that belong to the verbs. `issued` is where awards come from, `redeemed` where spends go unless told."""

POLICIES = frozenset({"only_pending", "within_balance", "unlimited"})
"""What a reversal of an award may take where its own lot is used up; see `glossary` and the program's debt policy."""


class Keep:
    """The type of KEEP."""


KEEP: Final = Keep()
"""`expires_at=KEEP`: the points keep the end that they were awarded with."""


@dataclass(frozen=True, slots=True)
class Posted:
    """What a verb did. `points` is signed; `balance_after` is that of the posting's bucket.

    `lot_id` is the lot of an award. `replayed` says that this key had been used before, for the same.
    """

    posting_id: int
    account_id: int
    points: int
    balance_after: int
    lot_id: int | None = None
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class AwardRow:
    """One award of many; the fields are those of `award`."""

    account_id: int
    points: int
    key: str
    at: datetime
    kind: str = "award"
    contra: str = "issued"
    source: str = ""
    expires_at: datetime | None = None
    pending: bool = False
    activates_at: datetime | None = None
    cancel_at: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class AwardedMany:
    """How many rows were awarded, how many had been before, and the points of the former."""

    awarded: int = 0
    replayed: int = 0
    points: int = 0

    def __add__(self, other: "AwardedMany") -> "AwardedMany":
        return AwardedMany(self.awarded + other.awarded, self.replayed + other.replayed, self.points + other.points)


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep touched: lots (or holds) and their points."""

    lots: int = 0
    points: int = 0

    def __add__(self, other: "Swept") -> "Swept":
        return Swept(self.lots + other.lots, self.points + other.points)


def encode_award(row: AwardRow) -> dict[str, Any]:
    """The row as the SQL function reads it; raises as `award` does."""
    ensure_points(row.points)
    ensure_own_words(row.kind, row.contra)
    ensure_instant(row.expires_at, row.activates_at, row.cancel_at)
    ensure_sound(row.key, row.at, row.kind, row.contra, row.source, row.note)
    return {
        "account_id": row.account_id,
        "points": row.points,
        "key": row.key,
        "kind": row.kind,
        "contra": row.contra,
        "source": row.source,
        "note": row.note,
        "at": row.at.isoformat(),
        "expires_at": row.expires_at and row.expires_at.isoformat(),
        "is_pending": row.pending,
        "activates_at": row.activates_at and row.activates_at.isoformat(),
        "cancel_at": row.cancel_at and row.cancel_at.isoformat(),
    }


def ensure_sound(key: str, at: datetime, *texts: str) -> None:
    """A key, an instant and texts that can be stored; raises BadText or BadInstant."""
    if not key or len(key) > LONGEST_KEY or key[0] == "~":  # the ledger's own keys begin so
        raise BadText(field="key")
    ensure_text(key, *texts)
    ensure_instant(at)


def ensure_points(points: object) -> None:
    """A whole number from 1 to LARGEST; raises BadPoints or OutOfRange."""
    if type(points) is not int or points < 1:
        raise BadPoints
    if points > LARGEST:
        raise OutOfRange


def ensure_part(points: object) -> None:
    """As `ensure_points`, or None for all there is."""
    if points is not None:
        ensure_points(points)


def ensure_instant(*instants: datetime | None) -> None:
    """Aware datetimes of years that every database and reader can hold (None is allowed).

    Raises BadInstant, or its BeyondCalendar, which says which years those are.
    """
    for instant in instants:
        if instant is not None and instant.tzinfo is None:
            raise BadInstant
        if instant is not None and not FIRST_YEAR <= instant.year <= LAST_YEAR:
            raise BeyondCalendar(instant, f"{FIRST_YEAR:04}-01-01", f"{LAST_YEAR:04}-12-31")


def ensure_later(end: datetime | None, at: datetime) -> None:
    """An end lies after `at`, or never (None); raises BadInstant."""
    ensure_instant(end, at)
    if end is not None and end <= at:
        raise BadInstant(_("The end must lie in the future."))


def ensure_text(*texts: str) -> None:
    """Text that PostgreSQL can store: no NUL, no half of a surrogate pair, not endless; raises BadText."""
    for text in texts:
        if "\0" in text or len(text) > LONGEST_TEXT or not _is_encodable(text):
            raise BadText


def _is_encodable(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def ensure_own_words(kind: str, contra: str) -> None:
    """Callers name kinds and contras of their own; raises ValueError, for it is the program that is wrong."""
    if not kind or kind in OWN_KINDS or not contra or contra in OWN_CONTRAS:
        raise ValueError(f"kind “{kind}” or contra “{contra}” belongs to the ledger itself")


def ensure_known_policy(policy: str) -> None:
    """One of POLICIES; raises ValueError, for it is the program that is wrong."""
    if policy not in POLICIES:
        raise ValueError(f"“{policy}” is no debt policy")
