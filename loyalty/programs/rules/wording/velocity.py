"""Watch rules, and what they noticed, in words for the staff."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from loyalty.programs.rules.velocity import COUNTED, VelocityRule
from loyalty.programs.rules.wording.amounts import sentence_of

HOUR, DAY = 60, 1440


def window_of(minutes: int) -> str:
    """“60 minutes”, “24 hours”, “7 days”."""
    if minutes % DAY == 0 and minutes > DAY:
        days = minutes // DAY
        return ngettext("%(count)d day", "%(count)d days", days) % {"count": days}
    if minutes % HOUR == 0 and minutes > HOUR:
        hours = minutes // HOUR
        return ngettext("%(count)d hour", "%(count)d hours", hours) % {"count": hours}
    return ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes}


def sentence_for_watch(rule: VelocityRule) -> str:
    """“More than 5 purchases with the same card on one till within 60 minutes.”"""
    words = {"count": rule.most, "window": window_of(rule.minutes)}
    match rule.pattern:
        case "card_at_till":
            text = ngettext(
                "More than %(count)d purchase with the same card on one till within %(window)s",
                "More than %(count)d purchases with the same card on one till within %(window)s",
                rule.most,
            )
        case "device":
            text = ngettext(
                "More than %(count)d member on one device within %(window)s",
                "More than %(count)d members on one device within %(window)s",
                rule.most,
            )
        case "cashier":
            text = ngettext(
                "More than %(count)d purchase rung up by one cashier for one member within %(window)s",
                "More than %(count)d purchases rung up by one cashier for one member within %(window)s",
                rule.most,
            )
        case "refunds":
            text = ngettext(
                "More than %(count)d return of one member after the points were spent within %(window)s",
                "More than %(count)d returns of one member after the points were spent within %(window)s",
                rule.most,
            )
        case _:
            text = ngettext(
                "More than %(count)d purchase of one member within %(window)s",
                "More than %(count)d purchases of one member within %(window)s",
                rule.most,
            )
    return sentence_of(text % words)


def fact_of(facts: Mapping[str, Any], count: int | None = None) -> str:
    """What was noticed: “6 purchases with card tok_1 on till till-7 within 60 minutes; up to 5 are usual”.

    Where there were so many that counting ended: “more than 500 purchases …”.
    """
    counted = int(facts["count"]) if count is None else count
    found = min(counted, COUNTED)
    words: dict[str, Any] = {"count": found, "window": window_of(facts["minutes"]), "most": facts["most"]}
    words |= {name: facts.get(name, "–") for name in ("card", "till", "device", "cashier")}
    match facts["pattern"]:
        case "card_at_till":
            text = ngettext(
                "%(count)d purchase with the card %(card)s on the till %(till)s within %(window)s",
                "%(count)d purchases with the card %(card)s on the till %(till)s within %(window)s",
                found,
            )
        case "device":
            text = ngettext(
                "%(count)d member on the device %(device)s within %(window)s",
                "%(count)d members on the device %(device)s within %(window)s",
                found,
            )
        case "cashier":
            text = ngettext(
                "%(count)d purchase rung up by the cashier %(cashier)s for this member within %(window)s",
                "%(count)d purchases rung up by the cashier %(cashier)s for this member within %(window)s",
                found,
            )
        case "refunds":
            text = ngettext(
                "%(count)d return of this member after the points were spent within %(window)s",
                "%(count)d returns of this member after the points were spent within %(window)s",
                found,
            )
        case _:
            text = ngettext(
                "%(count)d purchase of this member within %(window)s",
                "%(count)d purchases of this member within %(window)s",
                found,
            )
    told = text % words
    if counted > COUNTED:
        told = _("More than %(fact)s") % {"fact": told}
    return _("%(fact)s; up to %(most)d is usual") % {"fact": told, "most": facts["most"]}
