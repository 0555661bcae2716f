"""Questions of surveys: what fits as an answer, and which change of a question would make given answers wrong."""

from collections.abc import Sequence
from dataclasses import dataclass

ONE, MANY, RATING, SHORT, LONG = "one", "many", "rating", "short", "long"
CHOOSING, WRITING = (ONE, MANY), (SHORT, LONG)
RATINGS = ("1", "2", "3", "4", "5")
LONGEST = {SHORT: 200, LONG: 2000}
MOST_CHOICES = 30


@dataclass(frozen=True, slots=True)
class Question:
    """One question; `choices` for one or several choices alone."""

    kind: str
    text: str
    choices: tuple[str, ...] = ()
    is_required: bool = False


def choices_in(text: str) -> tuple[str, ...]:
    """The lines of `text`, each once, in order."""
    return tuple(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))


def fault_in(question: Question, values: Sequence[str]) -> str:
    """Why `values` are no answer: missing, one (more than one thing), choice, or long; empty when they fit."""
    if not values:
        return "missing" if question.is_required else ""
    if question.kind != MANY and len(values) > 1:
        return "one"
    if question.kind in WRITING:
        return "long" if len(values[0]) > LONGEST[question.kind] else ""
    known = RATINGS if question.kind == RATING else question.choices
    return "" if set(values) <= set(known) and len(set(values)) == len(values) else "choice"


def spoils(before: Question, after: Question | None) -> str:
    """What a change would make wrong of answers that were given: gone, text, kind or choices; empty when nothing."""
    if after is None:
        return "gone"
    if after.text != before.text:
        return "text"
    if after.kind != before.kind:
        return "kind"
    return "choices" if not set(before.choices) <= set(after.choices) else ""


def percent(part: int, whole: int) -> int:
    """Rounded half up; 0 of nothing."""
    return (200 * part + whole) // (2 * whole) if whole else 0


def average(counts: Sequence[int]) -> str:
    """Of ratings 1, 2, 3 … by how often each was given: “4.2”; empty without any."""
    total = sum(counts)
    if not total:
        return ""
    tenths = (20 * sum(rating * count for rating, count in enumerate(counts, 1)) + total) // (2 * total)
    return f"{tenths // 10}.{tenths % 10}"
