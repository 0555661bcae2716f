"""The words of messages, in the language that is active; pure otherwise."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from loyalty.lib.dates import full_day
from loyalty.programs.rules.wording.amounts import counted_of

EXPIRY = "points_expiring"
SENT = "points_sent"
INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Notice:
    """One message, whatever the channel. `key` makes it happen once per member; `paragraphs` carry one thought."""

    kind: str
    key: str
    subject: str
    paragraphs: tuple[str, ...]
    button: str

    @property
    def text(self) -> str:
        return "\n\n".join(self.paragraphs)


@dataclass(frozen=True, slots=True)
class Expiring:
    """Points about to expire, as they are told to the member: in the wallet's unit, on the last days of their use.

    `units` are the wallet's names of one unit and many.
    """

    points: int
    units: tuple[str, str]
    first: date
    last: date


def last_day(expires_at: datetime, zone: str) -> date:
    """The last day in `zone` on which points can be used that expire at an instant, often midnight after it."""
    return (expires_at - INSTANT).astimezone(ZoneInfo(zone)).date()


def key_of_expiry(wallet_id: int, expires_at: datetime, days: int) -> str:
    """What makes one warning the same warning, however often it arrives."""
    return f"{EXPIRY}:{wallet_id}:{expires_at.isoformat()}:{days}"


def expiry_notice(key: str, expiring: Expiring, program: str) -> Notice:
    """Tells how many points expire and when: the number first."""
    words = {**counted_of(expiring.points, expiring.units), "program": program, **_days(expiring)}
    return Notice(
        kind=EXPIRY,
        key=key,
        subject=_expiry_subject(expiring.points, words),
        paragraphs=(_expiry_text(expiring.points, words), _("Use them before then: they are yours.")),
        button=_("See my balance"),
    )


def _days(expiring: Expiring) -> dict[str, str]:
    """Human dates; `first` is there only when it is another day than `last`."""
    last = {"last": full_day(expiring.last)}
    return last if expiring.first == expiring.last else {"first": full_day(expiring.first), **last}


def _expiry_subject(points: int, words: dict[str, str]) -> str:
    if "first" in words:
        text = ngettext(
            "%(number)s %(unit)s expires between %(first)s and %(last)s",
            "%(number)s %(unit)s expire between %(first)s and %(last)s",
            points,
        )
    else:
        # Translators: "120 points expire on 31 December 2026". %(unit)s is the brand's own word as it stands after 1,
        # and else as it stands after 1,000; write so that it fits. The number stays in front.
        text = ngettext(
            "%(number)s %(unit)s expires on %(last)s",
            "%(number)s %(unit)s expire on %(last)s",
            points,
        )
    return text % words


def _expiry_text(points: int, words: dict[str, str]) -> str:
    if "first" in words:
        text = ngettext(
            "%(number)s %(unit)s in %(program)s expires between the end of %(first)s and the end of %(last)s.",
            "%(number)s %(unit)s in %(program)s expire between the end of %(first)s and the end of %(last)s.",
            points,
        )
    else:
        text = ngettext(
            "%(number)s %(unit)s in %(program)s can be used until the end of %(last)s, and expires then.",
            "%(number)s %(unit)s in %(program)s can be used until the end of %(last)s, and expire then.",
            points,
        )
    return text % words


def sent_notice(key: str, giver: str, points: int, units: tuple[str, str], program: str, answer_by: str) -> Notice:
    """Tells that another member sends points; `answer_by` is the last day to accept, empty where they have arrived."""
    words = {**counted_of(points, units), "giver": giver, "program": program, "day": answer_by}
    told = _("%(giver)s sends you %(number)s %(unit)s in %(program)s.") % words
    asked = _("Accept or decline them until %(day)s, under “Send points”; after that they go back.") % words
    return Notice(
        kind=SENT,
        key=key,
        subject=_("%(giver)s sends you %(number)s %(unit)s") % words,
        paragraphs=(told, asked if answer_by else _("They are yours already.")),
        button=_("See my balance"),
    )


def message_id(member_id: int, key: str, domain: str) -> str:
    """The same Message-ID for the same message, so that one sent twice is shown once."""
    return f"<{sha256(f'{member_id}:{key}'.encode()).hexdigest()[:40]}@{domain}>"
