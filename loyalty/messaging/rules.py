"""The words of messages, in the language that is active; pure otherwise."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from django.utils.formats import date_format, number_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

EXPIRY = "points_expiring"
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
    """Points about to expire, as they are told to the member: in the wallet's unit, on the last days of their use."""

    points: int
    unit: str
    first: date
    last: date

    @property
    def amount(self) -> str:
        return f"{number_format(self.points, force_grouping=True)} {self.unit}"


def last_day(expires_at: datetime, zone: str) -> date:
    """The last day in `zone` on which points can be used that expire at an instant, often midnight after it."""
    return (expires_at - INSTANT).astimezone(ZoneInfo(zone)).date()


def human_day(day: date) -> str:
    """31 December 2026, 31. desember 2026, 31 grudnia 2026: as the active language writes it, the month in full."""
    is_english = (get_language() or "en").startswith("en")  # whose own format is Dec. 31, 2026
    return date_format(day, "j F Y" if is_english else "DATE_FORMAT")


def key_of_expiry(wallet_id: int, expires_at: datetime, days: int) -> str:
    """What makes one warning the same warning, however often it arrives."""
    return f"{EXPIRY}:{wallet_id}:{expires_at.isoformat()}:{days}"


def expiry_notice(key: str, expiring: Expiring, program: str) -> Notice:
    """Tells how many points expire and when: the number first."""
    words = {"amount": expiring.amount, "program": program, **_days(expiring)}
    return Notice(
        kind=EXPIRY,
        key=key,
        subject=_expiry_subject(expiring.points, words),
        paragraphs=(_expiry_text(expiring.points, words), _("Use them before then: they are yours.")),
        button=_("See my balance"),
    )


def _days(expiring: Expiring) -> dict[str, str]:
    """Human dates; `first` is there only when it is another day than `last`."""
    last = {"last": human_day(expiring.last)}
    return last if expiring.first == expiring.last else {"first": human_day(expiring.first), **last}


def _expiry_subject(points: int, words: dict[str, str]) -> str:
    if "first" in words:
        return _("%(amount)s expire between %(first)s and %(last)s") % words
    # Translators: “120 points expire on 31 December 2026”; the unit is the brand's own word
    return ngettext("%(amount)s expires on %(last)s", "%(amount)s expire on %(last)s", points) % words


def _expiry_text(points: int, words: dict[str, str]) -> str:
    if "first" in words:
        return _("%(amount)s in %(program)s expire between the end of %(first)s and the end of %(last)s.") % words
    return (
        ngettext(
            "%(amount)s in %(program)s can be used until the end of %(last)s, and expires then.",
            "%(amount)s in %(program)s can be used until the end of %(last)s, and expire then.",
            points,
        )
        % words
    )


def message_id(member_id: int, key: str, domain: str) -> str:
    """The same Message-ID for the same message, so that one sent twice is shown once."""
    return f"<{sha256(f'{member_id}:{key}'.encode()).hexdigest()[:40]}@{domain}>"
