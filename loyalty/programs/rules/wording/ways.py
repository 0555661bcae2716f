"""What members can do to earn, as the page “Ways to earn” calls it."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from loyalty.programs.rules.wording.amounts import moment_of

# Kind of way → its title, and what to do.
WORDS = {
    "profile": (gettext_lazy("Complete your profile"), gettext_lazy("Name, birthday, a way to reach you, language.")),
    "referral": (gettext_lazy("Invite friends"), gettext_lazy("Send them your link. Both of you earn.")),
    "review": (gettext_lazy("Review what you bought"), gettext_lazy("Tell others what you think of it.")),
    "share": (gettext_lazy("Share with others"), gettext_lazy("It counts when somebody opens your link.")),
    "survey": (gettext_lazy("Answer a few questions"), gettext_lazy("It takes a minute or two.")),
    "visit": (gettext_lazy("Check in at a store"), gettext_lazy("Scan the code that is shown there, once a day.")),
    "event": (gettext_lazy("Come to an event"), gettext_lazy("Scan the code that is shown there.")),
    "birthday": (gettext_lazy("Your birthday"), gettext_lazy("It comes by itself, once a year.")),
    "anniversary": (gettext_lazy("The day you joined"), gettext_lazy("It comes by itself, every year.")),
    "app_open": (gettext_lazy("Look into the app"), gettext_lazy("Once a day.")),
    "video": (gettext_lazy("Watch a video"), gettext_lazy("Every video counts once.")),
}
FIELDS = {
    "name": gettext_lazy("your name"),
    "birth_date": gettext_lazy("your birthday"),
    "contact": gettext_lazy("an e-mail address or phone"),
    "language": gettext_lazy("your language"),
}


def title_of(kind: str) -> str:
    return str(WORDS[kind][0])


def note_of(kind: str) -> str:
    return str(WORDS[kind][1])


def still_missing(fields: Sequence[str]) -> str:
    """What a profile lacks: “Still missing: your name, your birthday”."""
    return _("Still missing: %(fields)s") % {"fields": ", ".join(str(FIELDS[field]) for field in fields)}


def things_to_review(count: int) -> str:
    """How much the member can write about: “3 things wait for your opinion.”"""
    words = ngettext("%(count)d thing waits for your opinion.", "%(count)d things wait for your opinion.", count)
    return words % {"count": count}


def looked_at_by_staff() -> str:
    return _("What you wrote waits for a look by our staff.")


def share_note(pays_on: str, period: str) -> str:
    """What counts, and how often: “Counts when somebody opens your link, once a week.”"""
    how_often = {"ever": _("once"), "month": _("once a month"), "week": _("once a week"), "day": _("once a day")}
    words = _("Send it to others; it counts %(how_often)s.")
    if pays_on == "visit":
        words = _("It counts when somebody else opens your link, %(how_often)s.")
    return words % {"how_often": how_often[period]}


def times_done(count: int) -> str:
    """“Done 3 times so far.”; nothing before the first time."""
    return (
        ngettext("Done %(count)d time so far.", "Done %(count)d times so far.", count) % {"count": count}
        if count
        else ""
    )


def to_be_done(values: Sequence[str]) -> str:
    """What of a list still earns: “Still open: coat, trousers.”"""
    return _("Still open: %(values)s.") % {"values": ", ".join(values)}


def time_of_event(starts_at: datetime | None, ends_at: datetime | None, zone: str, now: datetime) -> str:
    """“From 12 December 2026, 6 p.m. to 12 December 2026, 10 p.m.”, or until when; empty without any time."""
    words = {
        "start": moment_of(starts_at, zone) if starts_at else "",
        "end": moment_of(ends_at, zone) if ends_at else "",
    }
    if starts_at and starts_at > now:
        return (_("From %(start)s to %(end)s") if ends_at else _("From %(start)s on")) % words
    return _("Until %(end)s") % words if ends_at else ""
