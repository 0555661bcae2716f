"""The words of messages, in the language that is active; pure otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from loyalty.lib.dates import full_day
from loyalty.programs.rules.wording.amounts import UnitWords, counted_of

EXPIRY = "points_expiring"
SENT = "points_sent"
REACHED = "tier_reached"
LOST = "tier_lost"
ENDING = "tier_ending"
REVIEW = "review_decided"
INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Notice:
    """One message, whatever the channel. `key` makes it happen once per member; `paragraphs` carry one thought."""

    kind: str
    key: str
    subject: str
    paragraphs: tuple[str, ...]
    button: str
    items: tuple[str, ...] = ()  # a list after the paragraphs
    closing: tuple[str, ...] = ()  # and what stands below it
    page: str = "home"  # where the button leads: the name of a page of the portal

    @property
    def text(self) -> str:
        listed = "\n".join(f"• {item}" for item in self.items)
        return "\n\n".join(part for part in (*self.paragraphs, listed, *self.closing) if part)


@dataclass(frozen=True, slots=True)
class Expiring:
    """Points about to expire, as they are told to the member: in the wallet's unit, on the last days of their use.

    `units` are the wallet's names of one unit and many.
    """

    points: int
    units: UnitWords
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


def sent_notice(key: str, giver: str, points: int, units: UnitWords, program: str, answer_by: str) -> Notice:
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


def review_approved_notice(key: str, about: str, earned: tuple[str, ...]) -> Notice:
    """Thanks for a review, with what it earned."""
    approved = _("Your review of %(item)s has been approved.") % {"item": about}
    return Notice(
        kind=REVIEW,
        key=key,
        subject=_("Thank you for your review"),
        paragraphs=(approved, _("It earned you:")) if earned else (approved,),
        items=earned,
        button=_("See my reviews"),
        page="reviews",
    )


def review_refused_notice(key: str, about: str, reason: str, *, may_write_anew: bool) -> Notice:
    """Tells why a review was not approved, and whether it can be written anew."""
    return Notice(
        kind=REVIEW,
        key=key,
        subject=_("Your review was not approved"),
        paragraphs=(
            _("Your review of %(item)s was not approved.") % {"item": about},
            _("The reason: %(reason)s") % {"reason": reason},
        ),
        closing=(_("You can write it anew."),) if may_write_anew else (),
        button=_("See my reviews"),
        page="reviews",
    )


@dataclass(frozen=True, slots=True)
class TierTold:
    """A tier as it is told to a member: names, what it brings, and in words how it is kept or reached again."""

    program: str
    tier: str  # empty: none
    before: str
    benefits: tuple[str, ...]
    kept: str = ""
    missing: str = ""


def key_of_tier(tier_set: str, before: str, after: str, at: datetime) -> str:
    """What makes one move on a ladder the same move, however often it is told."""
    return f"tier:{tier_set}:{before}:{after}:{at.isoformat()}"


def tier_reached_notice(key: str, told: TierTold) -> Notice:
    """Welcomes a member on a higher tier, with what it brings."""
    words = {"tier": told.tier, "program": told.program}
    brings = _("This is what it brings you:") if told.benefits else ""
    return Notice(
        kind=REACHED,
        key=key,
        subject=_("Welcome to %(tier)s") % words,
        paragraphs=tuple(part for part in (_("You have reached %(tier)s in %(program)s.") % words, brings) if part),
        items=told.benefits,
        closing=(told.kept,) if told.kept else (),
        button=_("See my tier"),
        page="tiers",
    )


ENDED: Mapping[str, Promise] = {
    "fell": gettext_lazy("%(before)s in %(program)s has ended: what it takes was not reached again."),
    "returned": gettext_lazy("%(before)s in %(program)s has ended: something that counted for it came back."),
    "ladder": gettext_lazy("%(before)s in %(program)s has ended: it takes something else from now on."),
    "by_hand": gettext_lazy("%(before)s in %(program)s has ended."),
}


def tier_lost_notice(key: str, told: TierTold, why: str) -> Notice:
    """Tells that a tier has ended and why, what is left, and the way back."""
    words = {"tier": told.tier, "before": told.before, "program": told.program}
    paragraphs = [str(ENDED.get(why, ENDED["by_hand"])) % words]
    if told.tier and told.benefits:
        paragraphs.append(_("%(tier)s still brings you:") % words)
    missing = _("The way back: %(missing)s.") % {"missing": told.missing} if told.missing else ""
    return Notice(
        kind=LOST,
        key=key,
        subject=(_("Your tier is now %(tier)s") if told.tier else _("%(before)s has ended")) % words,
        paragraphs=tuple(paragraphs),
        items=told.benefits if told.tier else (),
        closing=(missing,) if missing else (),
        button=_("See my tier"),
        page="tiers",
    )


def tier_ending_notice(key: str, told: TierTold, amount: str, day: str, then: str, again: str) -> Notice:
    """Warns that `told.tier` ends after `day`: `amount` keeps it, empty where only the time after it counts.

    `then` is the tier that follows, empty for none; `again` says what reaches the tier.
    """
    words = {"tier": told.tier, "program": told.program, "amount": amount, "day": day, "then": then}
    # Translators: "320 points by 31 December to keep Gold". The number stays in front.
    subject = _("%(amount)s by %(day)s to keep %(tier)s") if amount else _("%(tier)s is yours until %(day)s")
    until = _("%(tier)s in %(program)s is yours until %(day)s.") % words
    keep = (_("What keeps it: %(amount)s more by then.") if amount else _("After that it begins anew.")) % words
    after = (_("Otherwise you go on as %(then)s.") if then else _("Otherwise it ends.")) % words
    return Notice(
        kind=ENDING,
        key=key,
        subject=subject % words,
        paragraphs=(until, f"{keep} {after}" if amount else f"{keep} {again}."),
        button=_("See my tier"),
        page="tiers",
    )


def message_id(member_id: int, key: str, domain: str) -> str:
    """The same Message-ID for the same message, so that one sent twice is shown once."""
    return f"<{sha256(f'{member_id}:{key}'.encode()).hexdigest()[:40]}@{domain}>"
