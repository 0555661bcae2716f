"""A cap in words: what is given at most, for whom, in which time."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from loyalty.programs.rules.capping import Cap
from loyalty.programs.rules.wording.activities import activity_name
from loyalty.programs.rules.wording.amounts import UnitWords, money_of, points_of, sentence_of

LIMITS = {
    "transaction": gettext_lazy("at most %(most)s each time"),
    "hour": gettext_lazy("at most %(most)s an hour"),
    "day": gettext_lazy("at most %(most)s a day"),
    "week": gettext_lazy("at most %(most)s a week"),
    "month": gettext_lazy("at most %(most)s a month"),
    "year": gettext_lazy("at most %(most)s a year"),
    "ever": gettext_lazy("at most %(most)s in all"),
}
WHOM = {
    "household": gettext_lazy("%(limit)s for each household"),
    "card": gettext_lazy("%(limit)s for each payment card"),
    "store": gettext_lazy("%(limit)s in each store"),
    "program": gettext_lazy("%(limit)s for everybody together"),
}
MINUTES_PER_HOUR = 60


def limit_from(told: Mapping[str, Any], units: UnitWords, currency: str) -> str:
    """A cap as `Cap.told` tells it: “at most 500 points a day for each payment card”."""
    limit = _limit(told, units, currency)
    return str(WHOM[told["scope"]]) % {"limit": limit} if told["scope"] in WHOM else limit


def sentence_for_cap(cap: Cap, units: UnitWords, currency: str, target: str = "") -> str:
    """A cap as a sentence; `target` is the rule or the campaign that it stands on, in its own name."""
    limit = limit_from(cap.told(), units, currency)
    if target:
        return sentence_of(_("“%(name)s”: %(limit)s") % {"name": target, "limit": limit})
    if cap.activity_type:
        words = {"activity": activity_name(cap.activity_type), "limit": limit}
        return sentence_of(_("For each %(activity)s: %(limit)s") % words)
    return sentence_of(capfirst(limit))


def _limit(told: Mapping[str, Any], units: UnitWords, currency: str) -> str:
    if told["period"] == "cooldown":
        minutes = int(told["minutes"])
        if minutes % MINUTES_PER_HOUR == 0:
            hours = minutes // MINUTES_PER_HOUR
            return ngettext("once in %(count)d hour", "once in %(count)d hours", hours) % {"count": hours}
        return ngettext("once in %(count)d minute", "once in %(count)d minutes", minutes) % {"count": minutes}
    return str(LIMITS[told["period"]]) % {"most": _most(told, units, currency)}


def _most(told: Mapping[str, Any], units: UnitWords, currency: str) -> str:
    most = Decimal(told["most"])
    if told["measure"] == "money":
        return money_of(most, currency, short=True)
    if told["measure"] == "points":
        return points_of(int(most), units)
    return ngettext("%(count)d time", "%(count)d times", int(most)) % {"count": int(most)}
