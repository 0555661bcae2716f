from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class MemberEnrolled:
    """Someone joined a program. `referred_by` is the id of the member who invited them."""

    program_id: int
    member_id: int
    channel: str
    referred_by: int | None
    joined_at: datetime


@dataclass(frozen=True, slots=True)
class MemberImported:
    """Someone came in with a file of purchases, known by the brand's own id alone. Millions may come at once."""

    program_id: int
    member_id: int
    joined_at: datetime


@dataclass(frozen=True, slots=True)
class MemberUpdated:
    """What is known about a member changed: the names of the fields, never the values."""

    program_id: int
    member_id: int
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConsentsChanged:
    """A member agreed or withdrew: purposes by their codes."""

    program_id: int
    member_id: int
    granted: tuple[str, ...]
    withdrawn: tuple[str, ...]
    at: datetime
