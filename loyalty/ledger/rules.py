"""What a movement of points must look like before the ledger is asked. Pure checks that raise DomainErrors."""

from datetime import datetime

from loyalty.ledger.errors import BadInstant, BadPoints, BadText, OutOfRange

LARGEST = 10**15
"""The most points of one movement; an account holds at most 9 · 10¹⁸."""

LONGEST_KEY = 200
LONGEST_TEXT = 1000
OWN_KINDS = frozenset("activate cancel capture expire extend hold redate reinstate release reversal transfer".split())
"""Kinds of posting that belong to the verbs; awards and spends are named by their callers otherwise."""

OWN_CONTRAS = frozenset({"active", "pending", "held", "transfer", "expired"})
"""Contras that belong to the verbs. `issued` is where awards come from, `redeemed` where spends go unless told."""


def ensure_points(points: object) -> None:
    """A whole number from 1 to LARGEST; raises BadPoints or OutOfRange."""
    if type(points) is not int or points < 1:
        raise BadPoints
    if points > LARGEST:
        raise OutOfRange


def ensure_instant(*instants: datetime | None) -> None:
    """Aware datetimes of years that every database and reader can hold (None is allowed); raises BadInstant."""
    for instant in instants:
        if instant is not None and (instant.tzinfo is None or not 1 < instant.year < 9999):
            raise BadInstant


def ensure_key(key: str) -> None:
    """A natural fact of 1 to 200 characters that does not begin with “~” (the ledger's own second legs do)."""
    if not key or len(key) > LONGEST_KEY or key[0] == "~":
        raise BadText(field="key")
    ensure_text(key)


def ensure_text(*texts: str) -> None:
    """Text that PostgreSQL can store: no NUL, no half of a surrogate pair, not endless; raises BadText."""
    for text in texts:
        if text and not text.isascii():
            _ensure_encodable(text)
        if "\0" in text or len(text) > LONGEST_TEXT:
            raise BadText


def _ensure_encodable(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadText from None


def ensure_own_words(kind: str, contra: str) -> None:
    """Callers name kinds and contras of their own; raises ValueError, for it is the program that is wrong."""
    if not kind or kind in OWN_KINDS or not contra or contra in OWN_CONTRAS:
        raise ValueError(f"kind “{kind}” or contra “{contra}” belongs to the ledger itself")
