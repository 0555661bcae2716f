"""A step of an explanation in words: why a rule gave what it gave, or gave nothing."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from loyalty.programs.rules.days import INSTANT, Zone, local_day
from loyalty.programs.rules.explanation import Step
from loyalty.programs.rules.wording.amounts import (
    UnitWords,
    day_of,
    moment_of,
    money_of,
    number_of,
    points_of,
    products_of,
)
from loyalty.programs.rules.wording.caps import limit_from
from loyalty.programs.rules.wording.conditions import condition_from_params, phrase_for
from loyalty.programs.rules.wording.velocity import fact_of


class Telling(NamedTuple):
    """A step and all that its words need."""

    step: Step
    params: Mapping[str, Any]
    points: int
    units: UnitWords
    currency: str
    voice: str
    zone: Zone

    def words(self) -> dict[str, str]:
        """What the sentences about points put in."""
        money = {name: money_of(Decimal(self.params[name]), self.currency) for name in MONEY if name in self.params}
        counts = {name: number_of(Decimal(self.params[name])) for name in COUNTS if name in self.params}
        each = points_of(Decimal(self.params["points"]), self.units) if "points" in self.params else ""
        products = products_of(self.params.get("products", ()), self.params.get("more", 0))
        return money | counts | {"each": each, "products": products, "given": points_of(self.points, self.units)}


MONEY = ("amount", "per_amount", "actual")
COUNTS = ("factor",)


def why(
    step: Step,
    units: UnitWords,
    currency: str,
    voice: str = "staff",
    *,
    zone: Zone = "UTC",
) -> str:
    """The step in words; the rule's name is the caller's to show. An unknown code is told by its points alone."""
    points = step.params.get("would_earn", 0) if step.is_shadow else step.points
    telling = Telling(step, step.params, points, units, currency, voice, zone)
    if step.matched:
        text = GIVEN.get(step.code, _given)(telling)
    else:
        reason = REASONS.get(step.code, _no_reason)(telling)
        text = _("Not applied: %(reason)s") % {"reason": reason}
    return _on_trial(text, telling) if step.is_shadow else text


def _on_trial(text: str, telling: Telling) -> str:
    if "would_change" not in telling.params:
        return _("On trial, pays nothing. %(text)s") % {"text": text}
    change = telling.params["would_change"]
    signed = f"+{points_of(change, telling.units)}" if change > 0 else points_of(change, telling.units)
    return _("On trial, pays nothing. %(text)s. Going live would change the total by %(change)s") % {
        "text": text,
        "change": signed,
    }


def _given(telling: Telling) -> str:
    return telling.words()["given"]


def _rate(telling: Telling) -> str:
    words = telling.words()
    if telling.params["whole_steps"]:
        if words["products"]:
            return _("%(each)s for every full %(per_amount)s of %(amount)s on %(products)s: %(given)s") % words
        return _("%(each)s for every full %(per_amount)s of %(amount)s: %(given)s") % words
    if words["products"]:
        return _("%(each)s per %(per_amount)s on %(amount)s of %(products)s: %(given)s") % words
    return _("%(each)s per %(per_amount)s on %(amount)s: %(given)s") % words


def _fixed(telling: Telling) -> str:
    words = telling.words()
    return (_("%(each)s for %(products)s") if words["products"] else _("A bonus of %(each)s")) % words


def _per_unit(telling: Telling) -> str:
    units = Decimal(telling.params["units"])
    count = int(units) if units == int(units) else 2  # a part of an item reads like several
    words = telling.words() | {"count": number_of(units)}
    if words["products"]:
        text = ngettext(
            "%(each)s for %(count)s item of %(products)s: %(given)s",
            "%(each)s for each of %(count)s items of %(products)s: %(given)s",
            count,
        )
    else:
        text = ngettext(
            "%(each)s for %(count)s item: %(given)s", "%(each)s for each of %(count)s items: %(given)s", count
        )
    return text % words


def _multiplier(telling: Telling) -> str:
    words = telling.words()
    if telling.points < 0:
        words["fewer"] = points_of(-telling.points, telling.units)
        return _("times %(factor)s: %(fewer)s fewer") % words
    if words["products"]:
        return _("times %(factor)s on %(products)s: %(given)s more") % words
    return _("times %(factor)s: %(given)s more") % words


def _excluded(telling: Telling) -> str:
    words = telling.words() | {"units": telling.units[1]}
    return (_("No %(units)s on %(products)s") if words["products"] else _("No %(units)s on these items")) % words


def _condition_failed(telling: Telling) -> str:
    phrase = phrase_for(condition_from_params(telling.params), telling.currency, telling.voice)
    if "actual" in telling.params:
        return _("only %(phrase)s; it is %(actual)s") % (telling.words() | {"phrase": phrase})
    return _("only %(phrase)s") % {"phrase": phrase}


def _no_matching_lines(telling: Telling) -> str:
    conditions = [condition_from_params(params) for params in telling.params["conditions"]]
    if not conditions:
        return _("there are no items")
    phrases = [phrase_for(each, telling.currency, telling.voice) for each in conditions]
    return _("only %(phrase)s") % {"phrase": " ".join(phrases)}


def _below_first_step(telling: Telling) -> str:
    if "units" in telling.params:
        return _("less than one whole item")
    return _("%(amount)s does not reach %(per_amount)s") % telling.words()


def _instant(name: str, text: Callable[[], str]) -> Callable[[Telling], str]:
    def told(telling: Telling) -> str:
        return text() % {"date": moment_of(datetime.fromisoformat(telling.params[name]), telling.zone)}

    return told


def _by(text: Callable[[], str]) -> Callable[[Telling], str]:
    return lambda telling: text() % {"rule": telling.params["by_name"]}


def _capped(telling: Telling) -> str:
    left = telling.params["left"]
    limit = limit_from(telling.params, telling.units, telling.currency)
    if not left:
        return _("Gives nothing: %(limit)s") % {"limit": limit}
    return _("Trimmed to %(left)s: %(limit)s") % {"left": points_of(left, telling.units), "limit": limit}


def _balance_full(telling: Telling) -> str:
    left = telling.params["left"]
    if not left:
        return _("Gives nothing: the wallet is full")
    return _("Trimmed to %(left)s: then the wallet is full") % {"left": points_of(left, telling.units)}


def _under_review(telling: Telling) -> str:
    if telling.voice != "staff":
        return _("These points wait until we have had a look at the purchase")
    return _("To be reviewed: %(fact)s") % {"fact": fact_of(telling.params)}


def _already_earned(telling: Telling) -> str:
    params = telling.params
    words = {"attribute": params.get("attribute"), "value": params.get("value")}
    words["date"] = moment_of(datetime.fromisoformat(params["at"]), telling.zone)
    match params["how"]:
        case "daily":
            text = _("Already earned on %(date)s: it pays once a day")
        case "yearly":
            text = _("Already earned on %(date)s: it pays once a year")
        case "value":
            text = _("Already earned for “%(value)s” on %(date)s: it pays once for each “%(attribute)s”")
        case _ever:
            text = _("Already earned on %(date)s: it pays once")
    return text % words


def _campaign_not_running(telling: Telling) -> str:
    words = {"campaign": telling.params["campaign"]}
    if telling.params["state"] == "off":
        return _("the campaign “%(campaign)s” is switched off") % words
    is_planned = telling.params["state"] == "planned"
    instant = datetime.fromisoformat(telling.params["starts_at" if is_planned else "ends_at"])
    words["date"] = moment_of(instant, telling.zone)
    if is_planned:
        return _("the campaign “%(campaign)s” starts on %(date)s") % words
    return _("the campaign “%(campaign)s” ended on %(date)s") % words


def _not_in_audience(telling: Telling) -> str:
    condition = condition_from_params(telling.params["condition"])
    words = {"campaign": telling.params["campaign"]}
    words["phrase"] = phrase_for(condition, telling.currency, telling.voice)
    return _("the campaign “%(campaign)s” is not for everybody: only %(phrase)s") % words


def _no_reason(telling: Telling) -> str:
    return pgettext("why a rule gave nothing", "it does not fit here")


def _extended(telling: Telling) -> str:
    last = local_day(datetime.fromisoformat(telling.params["until"]) - INSTANT, telling.zone)
    return _("They last until %(day)s") % {"day": day_of(last)}


GIVEN: dict[str, Callable[[Telling], str]] = {
    "rate": _rate,
    "fixed": _fixed,
    "fixed-per-unit": _per_unit,
    "multiplier": _multiplier,
    "excluded": _excluded,
    "pays-nothing": lambda telling: _("This rule gives no %(units)s") % {"units": telling.units[1]},
    "cap-trimmed": _capped,
    "cap-refused": _capped,
    "balance-full": _balance_full,
    "already-earned": _already_earned,
    "under-review": _under_review,
    "extended": _extended,
    "too-many-points": lambda telling: (
        _("It would give more %(units)s than a wallet can hold") % {"units": telling.units[1]}
    ),
}
REASONS: dict[str, Callable[[Telling], str]] = {
    "inactive": lambda telling: _("the rule is switched off"),
    "not-started": _instant("starts_at", lambda: _("it starts on %(date)s")),
    "ended": _instant("ends_at", lambda: _("it ended on %(date)s")),
    "campaign-not-running": _campaign_not_running,
    "not-in-audience": _not_in_audience,
    "condition-failed": _condition_failed,
    "no-matching-lines": _no_matching_lines,
    "nothing-to-earn-on": lambda telling: _("there is no amount to earn on"),
    "below-first-step": _below_first_step,
    "lines-claimed": _by(lambda: _("“%(rule)s” earns on these items instead")),
    "lines-excluded": _by(lambda: _("“%(rule)s” excludes these items")),
    "outranked": _by(lambda: _("“%(rule)s” comes first and cannot be combined with it")),
    "nothing-to-multiply": lambda telling: _("there is nothing to multiply"),
}
