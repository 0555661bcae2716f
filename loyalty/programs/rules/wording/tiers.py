"""Ladders in words: what reaches a tier, how long it lasts, what it brings, what is missing to the next one."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy, pgettext_lazy

from loyalty.lib.dates import day_and_month, full_day
from loyalty.programs.rules.days import Zone, local_day
from loyalty.programs.rules.tiers import Ladder, Moved, Outlook, Rung
from loyalty.programs.rules.wording.amounts import Units, money_of, number_of, points_of

INSTANT = timedelta(microseconds=1)
# What members must have to stand on a tier, with the window in which it counts.
REACHED: Mapping[str, str | Promise] = {
    "calendar_year": gettext_lazy("%(tier)s from %(amount)s in a calendar year"),
    "anniversary": gettext_lazy("%(tier)s from %(amount)s in a year of membership"),
    "lifetime": gettext_lazy("%(tier)s from %(amount)s, whenever"),
    "balance": gettext_lazy("%(tier)s from %(amount)s on the account"),
}
REACHED_IN_MONTHS = ngettext_lazy(
    "%(tier)s from %(amount)s in the last month", "%(tier)s from %(amount)s in the last %(count)s months", "count"
)
KEPT_IN_MONTHS = ngettext_lazy(
    "A tier is kept for %(count)s month after it was last reached.",
    "A tier is kept for %(count)s months after it was last reached.",
    "count",
)
GRACE: Mapping[tuple[str, bool], Promise] = {
    ("days", False): ngettext_lazy(
        "Whoever reaches a tier keeps it for at least %(count)s day.",
        "Whoever reaches a tier keeps it for at least %(count)s days.",
        "count",
    ),
    ("days", True): ngettext_lazy(
        "Whoever reaches a tier keeps it for at least %(count)s day, and until the end of that month.",
        "Whoever reaches a tier keeps it for at least %(count)s days, and until the end of that month.",
        "count",
    ),
    ("months", False): ngettext_lazy(
        "Whoever reaches a tier keeps it for at least %(count)s month.",
        "Whoever reaches a tier keeps it for at least %(count)s months.",
        "count",
    ),
    ("months", True): ngettext_lazy(
        "Whoever reaches a tier keeps it for at least %(count)s month, and until the end of that month.",
        "Whoever reaches a tier keeps it for at least %(count)s months, and until the end of that month.",
        "count",
    ),
}


def amount_of(ladder: Ladder, count: Decimal, units: Units | None, currency: str) -> str:
    """What a ladder counts, so many of it: "300 points", "300 €", "3 purchases"."""
    match ladder.measure:
        case "spend":
            return money_of(count, currency, short=count == count.to_integral_value())
        case "purchases":
            return ngettext("%(count)s purchase", "%(count)s purchases", int(count)) % {"count": number_of(count)}
        case "activities":
            return ngettext("%(count)s activity", "%(count)s activities", int(count)) % {"count": number_of(count)}
        case _:
            return points_of(count, units or Units(_("point"), _("points")))


def sentences_for(ladder: Ladder, units: Units | None, currency: str) -> list[str]:
    """The ladder in plain sentences: its tiers, and how they are kept and lost."""
    tiers = "; ".join(reached_by(ladder, rung, units, currency) for rung in ladder.rungs if rung.threshold)
    return [f"{each}." if each and not each.endswith(".") else each for each in (tiers, *kept_by(ladder)) if each]


def reached_by(ladder: Ladder, rung: Rung, units: Units | None, currency: str) -> str:
    """ "Silver from 300 points in a calendar year"; the tier that everyone has is told by its name alone."""
    words = {"tier": rung.name, "amount": amount_of(ladder, rung.threshold, units, currency), "count": ladder.months}
    if not rung.threshold:
        return _("%(tier)s from the first day") % words
    if ladder.counts_in == "rolling":
        return str(REACHED_IN_MONTHS % words)
    return str(REACHED["balance" if ladder.measure == "balance" else ladder.counts_in]) % words


def kept_by(ladder: Ladder) -> list[str]:
    """How a tier is kept and lost."""
    found = [_kept(ladder)]
    if ladder.downgrade == "never":
        return found
    if ladder.one_step_down:
        found.append(_("Members fall at most one step at a time."))
    if ladder.grace_count:
        words = {"count": ladder.grace_count}
        found.append(str(GRACE[ladder.grace_unit, ladder.grace_to_month_end] % words))
    elif ladder.grace_to_month_end:
        found.append(_("Whoever reaches a tier keeps it until the end of that month."))
    return found


def _kept(ladder: Ladder) -> str:
    if ladder.downgrade == "never":
        return _("A tier that was reached is never lost.")
    if ladder.downgrade == "at_once":
        return _("A tier is lost as soon as this is no longer so.")
    match ladder.counts_in:
        case "calendar_year":
            return _("A tier is kept until the end of the next year.")
        case "anniversary":
            return _("A tier is kept until the end of the next year of membership.")
        case "rolling":
            return str(KEPT_IN_MONTHS % {"count": ladder.months})
        case _:
            return _("A tier is lost only when what was bought comes back.")


def benefits_of(rung: Rung) -> list[str]:
    """What a tier brings, one line each; the brand's own perks last."""
    found = [str(text(rung)) for is_there, text in BENEFITS if is_there(rung)]
    return [*found, *rung.perks]


def _months(rung: Rung) -> str:
    months = rung.expiry_extra_months
    text = ngettext("Points last %(count)s month longer", "Points last %(count)s months longer", months)
    return text % {"count": months}


def _hours(rung: Rung) -> str:
    hours = rung.early_access_hours
    text = ngettext("Offers %(count)s hour before others", "Offers %(count)s hours before others", hours)
    return text % {"count": hours}


BENEFITS: list[tuple[Callable[[Rung], bool], Callable[[Rung], str]]] = [
    (
        lambda rung: rung.multiplier != 1,
        lambda rung: _("%(factor)s × points on everything") % {"factor": number_of(rung.multiplier)},
    ),
    (
        lambda rung: rung.discount_percent > 0,
        lambda rung: _("%(percent)s %% discount") % {"percent": number_of(rung.discount_percent)},
    ),
    (lambda rung: rung.expiry_extra_months > 0, _months),
    (lambda rung: rung.early_access_hours > 0, _hours),
]
STANDS = {
    True: pgettext_lazy("what is missing to the next tier", "%(amount)s to %(tier)s by %(day)s"),
    False: pgettext_lazy("what is missing to the next tier", "%(amount)s to %(tier)s"),
}


def missing_in(ladder: Ladder, seen: Outlook, units: Units | None, currency: str, zone: Zone, now: datetime) -> str:
    """ "320 points to Gold by 31 December"; empty on the highest tier."""
    if seen.next is None or seen.missing is None:
        return ""
    words = {"tier": seen.next.name, "amount": amount_of(ladder, seen.missing, units, currency)}
    words["day"] = last_day_of(seen.by, zone, now) if seen.by else ""
    return str(STANDS[bool(seen.by)]) % words


def kept_in(ladder: Ladder, seen: Outlook, units: Units | None, currency: str, zone: Zone, now: datetime) -> str:
    """What keeps the tier and until when; empty where nothing can take it."""
    if seen.rung is None:
        return ""
    words = {"tier": seen.rung.name, "amount": amount_of(ladder, seen.to_keep, units, currency)}
    words["until"] = last_day_of(seen.keeps_until, zone, now) if seen.keeps_until else ""
    words["day"] = last_day_of(seen.keep_by, zone, now) if seen.keep_by else ""
    if seen.to_keep and seen.keep_by:
        return _("To keep %(tier)s, %(amount)s more by %(day)s.") % words
    if seen.keeps_until:
        return _("%(tier)s is yours until %(until)s.") % words
    return ""


def last_day_of(end: datetime, zone: Zone, now: datetime) -> str:
    """The last day before the instant `end`: 31 December, with its year where it is another one."""
    day = local_day(end - INSTANT, zone)
    return day_and_month(day) if day.year == local_day(now, zone).year else full_day(day)


def would_move(moved: Moved) -> str:
    """For the staff, before: “With this the member falls from Gold to Silver (Status).”"""
    if moved.after is None:
        text = _("With this the member loses %(before)s (%(ladder)s).")
    elif moved.is_fall:
        text = _("With this the member falls from %(before)s to %(after)s (%(ladder)s).")
    else:
        text = _("With this the member rises to %(after)s (%(ladder)s).")
    return text % _names(moved)


def has_moved(moved: Moved) -> str:
    """For the staff, afterwards: “The member fell from Gold to Silver (Status).”"""
    if moved.after is None:
        text = _("The member lost %(before)s (%(ladder)s).")
    elif moved.is_fall:
        text = _("The member fell from %(before)s to %(after)s (%(ladder)s).")
    else:
        text = _("The member rose to %(after)s (%(ladder)s).")
    return text % _names(moved)


def _names(moved: Moved) -> dict[str, str]:
    return {"before": moved.before_name or "", "after": moved.after_name or "", "ladder": moved.ladder.name}
