"""What an activity must tell, in words: for refusals and for the sentence above a type's form."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loyalty.programs.rules.kinds import Attribute, Fault, Schema


def message_for_fault(fault: Fault) -> str:
    """The refusal, for whoever sent the activity."""
    words = {"name": fault.name, "known": ", ".join(fault.expected) or "–"}
    match fault.code:
        case "missing":
            text = _("“%(name)s” is needed for this type of activity.")
        case "unknown":
            text = _("This type of activity has no “%(name)s”. It has: %(known)s.")
        case "number":
            text = _("“%(name)s” is a number.")
        case "yes_no":
            text = _("“%(name)s” is true or false.")
        case "choice":
            text = _("“%(name)s” is one of: %(known)s.")
        case _other:
            text = _("“%(name)s” is text of at most 500 characters.")
    return text % words


def sentence_for_kind(code: str, schema: Schema) -> str:
    """What tills and shops tell about a type: “repair: garment (coat or trousers, needed), weight (a number).”"""
    if not schema.attributes:
        text = _("“%(type)s” needs nothing besides the member and the time.")
        return text % {"type": code}
    parts = "; ".join(_attribute(attribute) for attribute in schema.attributes)
    return _("“%(type)s” is told with %(attributes)s.") % {"type": code, "attributes": parts}


def _attribute(attribute: Attribute) -> str:
    forms = {
        "text": _("text"),
        "number": _("a number"),
        "yes_no": _("yes or no"),
        "choice": _either(attribute.choices),
    }
    words = {"name": attribute.name, "form": forms[attribute.form]}
    if attribute.is_required:
        return _("%(name)s (%(form)s, needed)") % words
    return _("%(name)s (%(form)s)") % words


def _either(choices: Sequence[str]) -> str:
    *most, last = choices or ("–",)
    return _("%(most)s or %(last)s") % {"most": ", ".join(most), "last": last} if most else last


@dataclass(frozen=True, slots=True)
class Start:
    """A type to start from, as brands usually have it. `once` says what keeps it from paying too often."""

    name: Promise
    description: Promise
    once: Promise | str = ""
    attributes: tuple[Attribute, ...] = ()
    pays: str = "every"
    pays_for: str = ""


STARTS: dict[str, Start] = {
    "video": Start(
        gettext_lazy("Watch a video"),
        gettext_lazy("Every video counts once, when you have seen it to the end."),
        attributes=(Attribute("video", is_required=True), Attribute("seconds", "number")),
        pays="value",
        pays_for="video",
    ),
    "app_open": Start(
        gettext_lazy("Look into the app"),
        gettext_lazy("Once a day."),
        pays="daily",
    ),
    "visit": Start(
        gettext_lazy("Check in at a store"),
        gettext_lazy("Scan the code that is shown there, once a day."),
        gettext_lazy("Once a day and store: places to check in see to that. Your own system sends all three as id."),
        (Attribute("place", is_required=True),),
    ),
    "newsletter": Start(
        gettext_lazy("Subscribe to our newsletter"),
        gettext_lazy("It counts once."),
        pays="ever",
    ),
    "app_install": Start(
        gettext_lazy("Install our app"),
        gettext_lazy("It counts once, on your first phone."),
        attributes=(Attribute("system", "choice", ("ios", "android")),),
        pays="ever",
    ),
    "bring_back": Start(
        gettext_lazy("Bring packaging back"),
        gettext_lazy("Hand it in at the till."),
        gettext_lazy("Every time counts: send the number of the receipt as the id, and a cap says how often it pays."),
        (Attribute("pieces", "number", is_required=True), Attribute("material", "choice", ("glass", "tin", "plastic"))),
    ),
    "repair": Start(
        gettext_lazy("Repair a garment"),
        gettext_lazy("Bring it to our workshop."),
        gettext_lazy("Every time counts: send the number of the order as the id."),
        (Attribute("garment", is_required=True),),
    ),
}


def duplicates_of(code: str, pays: str = "every", pays_for: str = "") -> str:
    """What keeps activities of a type from paying twice, for the staff and for whoever sends them."""
    start = STARTS.get(code)
    usual = _("What is sent twice with the same id is one activity and pays once, for ever.")
    if pays != "every":
        return f"{usual} {sentence_for_pays(pays, pays_for)}"
    return f"{usual} {start.once}" if start and start.once else usual


def sentence_for_pays(pays: str, pays_for: str) -> str:
    """How often a type pays: “Also under other ids it pays each member once a day.”"""
    match pays:
        case "ever":
            return _("Also under other ids it pays each member once, for ever.")
        case "daily":
            return _("Also under other ids it pays each member once a day.")
        case "value":
            return _("Also under other ids it pays each member once for each “%(attribute)s”.") % {
                "attribute": pays_for
            }
    return _("It pays every time.")
