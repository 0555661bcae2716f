"""Types of activity as people call them."""

from django.utils.translation import pgettext_lazy

# The usual ones; a program may have any others, which are told by their code.
NAMES = {
    "purchase": pgettext_lazy("type of activity", "purchase"),
    "review": pgettext_lazy("type of activity", "review"),
    "referral": pgettext_lazy("type of activity", "referral"),
    "share": pgettext_lazy("type of activity", "share"),
    "survey": pgettext_lazy("type of activity", "survey"),
    "visit": pgettext_lazy("type of activity", "visit"),
    "check-in": pgettext_lazy("type of activity", "check-in"),
    "birthday": pgettext_lazy("type of activity", "birthday"),
    "anniversary": pgettext_lazy("type of activity", "anniversary of joining"),
    "event": pgettext_lazy("type of activity", "event"),
    "video": pgettext_lazy("type of activity", "video"),
    "profile": pgettext_lazy("type of activity", "complete profile"),
    "app-open": pgettext_lazy("type of activity", "visit to the app"),
    "referred": pgettext_lazy("type of activity", "joining by invitation"),
}


def activity_name(code: str) -> str:
    """The name of a type of activity inside a sentence: review, product review."""
    known = NAMES.get(code.replace("_", "-"))
    return str(known) if known else code.replace("_", " ").replace("-", " ")
