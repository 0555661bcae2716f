"""A campaign: the time and the audience that its rules share."""

from dataclasses import dataclass
from datetime import datetime

from loyalty.programs.rules.conditions import STANDING_SUBJECTS, Condition
from loyalty.programs.rules.invalid import InvalidSetting

# What an audience can be chosen by: the member, and where they are; not what is in the basket.
AUDIENCE_SUBJECTS = STANDING_SUBJECTS | {"member_attribute", "first_purchase", "channel", "store"}


@dataclass(frozen=True, slots=True)
class Campaign:
    """Raises InvalidSetting on nonsense. Half-open: [starts_at, ends_at); all conditions of the audience must hold."""

    id: int | str
    name: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    is_active: bool = True
    audience: tuple[Condition, ...] = ()
    description: str = ""

    def __post_init__(self) -> None:
        for condition in self.audience:
            if condition.subject not in AUDIENCE_SUBJECTS:
                raise InvalidSetting("subject", "unknown-choice", value=condition.subject)
        if self.starts_at is not None and self.ends_at is not None and self.ends_at <= self.starts_at:
            raise InvalidSetting("ends_at", "ends-before-start")

    def state_at(self, at: datetime) -> str:
        """off, planned, running or over."""
        if not self.is_active:
            return "off"
        if self.starts_at is not None and at < self.starts_at:
            return "planned"
        return "over" if self.ends_at is not None and at >= self.ends_at else "running"
