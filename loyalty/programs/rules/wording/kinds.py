"""What an activity must tell, in words: for refusals and for the sentence above a type's form."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

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
