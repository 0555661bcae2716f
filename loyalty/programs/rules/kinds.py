"""Types of activity: those that Laurel knows, and what an activity of a type must tell."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

FORMS = ("text", "number", "yes_no", "choice")
LONGEST_TEXT = 500

# The types for which Laurel has pages and checks of its own → what it tells with them.
BUILT_IN: dict[str, tuple[str, ...]] = {
    "review": ("product", "stars"),
    "referral": (),
    "referred": (),
    "share": ("item",),
    "survey": ("survey",),
    "visit": ("place",),
    "event": ("place",),
    "video": ("video",),
    "profile": (),
    "birthday": (),
    "anniversary": ("years",),
    "app_open": (),
}


@dataclass(frozen=True, slots=True)
class Attribute:
    """One thing told with an activity; `form` is text, number, yes_no or choice (then one of `choices`)."""

    name: str
    form: str = "text"
    choices: tuple[str, ...] = ()
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Schema:
    """What activities of one type tell. A strict one takes nothing else, besides what Laurel itself tells (`own`)."""

    attributes: tuple[Attribute, ...] = ()
    is_strict: bool = True
    own: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """Why attributes do not fit: `code` is unknown, missing, or the form that was expected."""

    name: str
    code: str
    expected: tuple[str, ...] = ()


def fault_in(schema: Schema, told: Mapping[str, object]) -> Fault | None:
    """The first thing wrong with what was `told`, in the order of the schema; None when it fits."""
    for attribute in schema.attributes:
        value = told.get(attribute.name)
        if value is None or value == "":
            if attribute.is_required:
                return Fault(attribute.name, "missing")
        elif not fits(attribute, value):
            return Fault(attribute.name, attribute.form, attribute.choices)
    known = {attribute.name for attribute in schema.attributes} | set(schema.own)
    unknown = sorted(set(told) - known) if schema.is_strict else []
    return Fault(unknown[0], "unknown", tuple(sorted(known))) if unknown else None


def fits(attribute: Attribute, value: object) -> bool:
    """Whether a value has the form that is asked for; truth values are no numbers."""
    match attribute.form:
        case "number":
            return isinstance(value, int | Decimal | float) and not isinstance(value, bool)
        case "yes_no":
            return isinstance(value, bool)
        case "choice":
            return isinstance(value, str) and value in attribute.choices
    return isinstance(value, str) and len(value) <= LONGEST_TEXT


def choices_from(text: str) -> tuple[str, ...]:
    """`coat, trousers` → its parts, each once, in order."""
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
