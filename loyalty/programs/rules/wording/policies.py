"""Expiry and activation policies as sentences."""

from datetime import datetime

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy

from loyalty.programs.rules.activation import ActivationPolicy
from loyalty.programs.rules.days import Zone
from loyalty.programs.rules.expiry import ExpiryPolicy, spared_through
from loyalty.programs.rules.wording.amounts import UnitWords, day_of, list_of, yearly_day_of

ROLLING = {
    "staff": {
        "none": ngettext_lazy(
            "%(units)s are valid for %(count)s month after they are earned.",
            "%(units)s are valid for %(count)s months after they are earned.",
            "count",
        ),
        "month": ngettext_lazy(
            "%(units)s are valid for %(count)s month after they are earned, and until the end of that month.",
            "%(units)s are valid for %(count)s months after they are earned, and until the end of that month.",
            "count",
        ),
        "quarter": ngettext_lazy(
            "%(units)s are valid for %(count)s month after they are earned, and until the end of that quarter.",
            "%(units)s are valid for %(count)s months after they are earned, and until the end of that quarter.",
            "count",
        ),
        "half_year": ngettext_lazy(
            "%(units)s are valid for %(count)s month after they are earned, and until the end of that half-year.",
            "%(units)s are valid for %(count)s months after they are earned, and until the end of that half-year.",
            "count",
        ),
        "year": ngettext_lazy(
            "%(units)s are valid for %(count)s month after they are earned, and until the end of that year.",
            "%(units)s are valid for %(count)s months after they are earned, and until the end of that year.",
            "count",
        ),
    },
    "member": {
        "none": ngettext_lazy(
            "%(units)s are valid for %(count)s month after you earned them.",
            "%(units)s are valid for %(count)s months after you earned them.",
            "count",
        ),
        "month": ngettext_lazy(
            "%(units)s are valid for %(count)s month after you earned them, and until the end of that month.",
            "%(units)s are valid for %(count)s months after you earned them, and until the end of that month.",
            "count",
        ),
        "quarter": ngettext_lazy(
            "%(units)s are valid for %(count)s month after you earned them, and until the end of that quarter.",
            "%(units)s are valid for %(count)s months after you earned them, and until the end of that quarter.",
            "count",
        ),
        "half_year": ngettext_lazy(
            "%(units)s are valid for %(count)s month after you earned them, and until the end of that half-year.",
            "%(units)s are valid for %(count)s months after you earned them, and until the end of that half-year.",
            "count",
        ),
        "year": ngettext_lazy(
            "%(units)s are valid for %(count)s month after you earned them, and until the end of that year.",
            "%(units)s are valid for %(count)s months after you earned them, and until the end of that year.",
            "count",
        ),
    },
}
SAME_PERIOD = {
    "staff": {
        "none": gettext_lazy("%(units)s are valid on the day they are earned."),
        "month": gettext_lazy("%(units)s are valid until the end of the month in which they are earned."),
        "quarter": gettext_lazy("%(units)s are valid until the end of the quarter in which they are earned."),
        "half_year": gettext_lazy("%(units)s are valid until the end of the half-year in which they are earned."),
        "year": gettext_lazy("%(units)s are valid until the end of the year in which they are earned."),
    },
    "member": {
        "none": gettext_lazy("%(units)s are valid on the day you earned them."),
        "month": gettext_lazy("%(units)s are valid until the end of the month in which you earned them."),
        "quarter": gettext_lazy("%(units)s are valid until the end of the quarter in which you earned them."),
        "half_year": gettext_lazy("%(units)s are valid until the end of the half-year in which you earned them."),
        "year": gettext_lazy("%(units)s are valid until the end of the year in which you earned them."),
    },
}
SLIDING = {
    "staff": ngettext_lazy(
        "%(units)s stay valid while members are active, and expire after %(count)s month without activity",
        "%(units)s stay valid while members are active, and expire after %(count)s months without activity",
        "count",
    ),
    "member": ngettext_lazy(
        "%(units)s stay valid while you are active, and expire after %(count)s month without activity",
        "%(units)s stay valid while you are active, and expire after %(count)s months without activity",
        "count",
    ),
}
SLIDING_UNTIL = {
    "none": gettext_lazy("%(sentence)s."),
    "month": gettext_lazy("%(sentence)s, at the end of that month."),
    "quarter": gettext_lazy("%(sentence)s, at the end of that quarter."),
    "half_year": gettext_lazy("%(sentence)s, at the end of that half-year."),
    "year": gettext_lazy("%(sentence)s, at the end of that year."),
}
WAITING = {
    "after_days": {
        "staff": ngettext_lazy(
            "%(units)s can be spent %(count)s day after they are earned.",
            "%(units)s can be spent %(count)s days after they are earned.",
            "count",
        ),
        "member": ngettext_lazy(
            "You can spend %(units)s %(count)s day after you earned them.",
            "You can spend %(units)s %(count)s days after you earned them.",
            "count",
        ),
    },
    "after_months": {
        "staff": ngettext_lazy(
            "%(units)s can be spent %(count)s month after they are earned.",
            "%(units)s can be spent %(count)s months after they are earned.",
            "count",
        ),
        "member": ngettext_lazy(
            "You can spend %(units)s %(count)s month after you earned them.",
            "You can spend %(units)s %(count)s months after you earned them.",
            "count",
        ),
    },
}
AT_ONCE = {
    "staff": gettext_lazy("%(units)s can be spent at once."),
    "member": gettext_lazy("You can spend %(units)s at once."),
}
ON_DATES = {
    "staff": gettext_lazy("%(units)s can be spent from the next %(dates)s on."),
    "member": gettext_lazy("You can spend %(units)s from the next %(dates)s on."),
}
CONFIRMED = {
    "staff": gettext_lazy("%(units)s can be spent once the activity is confirmed."),
    "member": gettext_lazy("You can spend %(units)s once what you did is confirmed."),
}


def sentence_for_expiry(policy: ExpiryPolicy, units: UnitWords, voice: str = "staff") -> str:
    """How long points live: "Points are valid for 12 months after you earned them."."""
    words: dict[str, object] = {"units": units[1], "count": policy.months}
    match policy.kind:
        case "never":
            return capfirst(_("%(units)s never expire.") % words)
        case "calendar":
            sentence = _calendar(policy, words)
        case "sliding":
            sentence = str(SLIDING_UNTIL[policy.rounding]) % {"sentence": SLIDING[voice] % words}
        case _:
            sentence = str((ROLLING if policy.months else SAME_PERIOD)[voice][policy.rounding] % words)
    sentence = capfirst(sentence)
    return f"{sentence} {_grace(policy)}" if policy.grace_days else sentence


def sentence_for_activation(policy: ActivationPolicy, units: UnitWords, voice: str = "staff") -> str:
    """When points can be spent: "You can spend points 14 days after you earned them."."""
    words: dict[str, object] = {"units": units[1], "count": policy.count}
    if policy.kind in WAITING and policy.count:
        return capfirst(WAITING[policy.kind][voice] % words)
    if policy.kind == "fixed_dates":
        words["dates"] = list_of([yearly_day_of(each) for each in policy.dates])
        return capfirst(str(ON_DATES[voice]) % words)
    if policy.kind != "on_confirmation":
        return capfirst(str(AT_ONCE[voice]) % words)
    return " ".join([capfirst(str(CONFIRMED[voice]) % words), *_cancellation(policy)])


def sentence_for_change(policy: ExpiryPolicy, changed_at: datetime, zone: Zone, units: UnitWords) -> str:
    """What a new expiry policy means for what members hold: told to staff before they save it."""
    spared = spared_through(policy, changed_at, zone)
    words = {"units": units[1]}
    if spared is None:
        return capfirst(_("%(units)s that members hold no longer expire.") % words)
    words["day"] = day_of(spared)
    text = _("%(units)s that members hold stay valid through %(day)s, unless they would have expired before.")
    return capfirst(text % words)


def _calendar(policy: ExpiryPolicy, words: dict[str, object]) -> str:
    words = words | {"dates": list_of([yearly_day_of(each) for each in policy.dates]), "age": policy.min_age_months}
    if not policy.min_age_months:
        return _("%(units)s expire at the end of the next %(dates)s.") % words
    return (
        ngettext(
            "%(units)s expire at the end of the next %(dates)s on which they are at least %(age)s month old.",
            "%(units)s expire at the end of the next %(dates)s on which they are at least %(age)s months old.",
            policy.min_age_months,
        )
        % words
    )


def _grace(policy: ExpiryPolicy) -> str:
    return ngettext("Then comes %(count)s day of grace.", "Then come %(count)s days of grace.", policy.grace_days) % {
        "count": policy.grace_days
    }


def _cancellation(policy: ActivationPolicy) -> list[str]:
    days = policy.cancel_after_days
    if days is None:
        return []
    text = ngettext(
        "What is not confirmed within %(count)s day is cancelled.",
        "What is not confirmed within %(count)s days is cancelled.",
        days,
    )
    return [text % {"count": days}]
