"""What one operation takes, answers and needs: enforced by the views, written out by the OpenAPI document."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from loyalty.lib.rest.fields import StrictField
from loyalty.lib.rest.shapes import Input, Output


class Keyed(Enum):
    """Whether an operation takes an Idempotency-Key. Whatever moves points must have one."""

    NO = "no"
    MAY = "may"
    MUST = "must"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation. `answers` and `problems` are by HTTP status; those that every operation has are left out."""

    id: str
    summary: str
    scope: str
    tag: str
    answers: Mapping[int, type[Output]]
    description: str = ""
    body: type[Input] | None = None
    query: type[Input] | None = None
    path: Mapping[str, StrictField] = field(default_factory=dict)
    problems: tuple[int, ...] = ()
    keyed: Keyed = Keyed.NO
    has_version: bool = False
    example: Any = None  # of the body
    answer: Any = None  # an example of what is answered


def operation[View: Callable[..., Any]](**facts: Any) -> Callable[[View], View]:
    """Declares what a view's method does; the arguments are those of Operation."""

    def declare(method: View) -> View:
        method.operation = Operation(**facts)  # type: ignore[attr-defined]
        return method

    return declare
