"""A condition as a phrase that follows "Members earn 2 points per 1 €" or "only"."""

from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from typing import Any

from django.utils.formats import time_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy, pgettext_lazy

from loyalty.programs.rules.conditions import Condition
from loyalty.programs.rules.wording.activities import activity_name
from loyalty.programs.rules.wording.amounts import day_of, list_of, money_of, number_of

DAYS = {
    1: gettext_lazy("Mondays"),
    2: gettext_lazy("Tuesdays"),
    3: gettext_lazy("Wednesdays"),
    4: gettext_lazy("Thursdays"),
    5: gettext_lazy("Fridays"),
    6: gettext_lazy("Saturdays"),
    7: gettext_lazy("Sundays"),
}
# What a test on a named attribute, or on a number, says.
TESTS = {
    "equals": pgettext_lazy("condition", "%(name)s is %(value)s"),
    "not_equals": pgettext_lazy("condition", "%(name)s is not %(value)s"),
    "in": pgettext_lazy("condition", "%(name)s is %(value)s"),
    "not_in": pgettext_lazy("condition", "%(name)s is not %(value)s"),
    "gte": pgettext_lazy("condition", "%(name)s is at least %(value)s"),
    "gt": pgettext_lazy("condition", "%(name)s is more than %(value)s"),
    "lte": pgettext_lazy("condition", "%(name)s is at most %(value)s"),
    "lt": pgettext_lazy("condition", "%(name)s is less than %(value)s"),
    "between": pgettext_lazy("condition", "%(name)s is between %(first)s and %(last)s"),
    "contains": pgettext_lazy("condition", "%(name)s contains %(value)s"),
}
TOTALS = {
    "gte": gettext_lazy("when the basket is at least %(value)s"),
    "gt": gettext_lazy("when the basket is more than %(value)s"),
    "lte": gettext_lazy("when the basket is at most %(value)s"),
    "lt": gettext_lazy("when the basket is less than %(value)s"),
    "between": gettext_lazy("when the basket is between %(first)s and %(last)s"),
}
HOURS = {
    "gte": gettext_lazy("from %(value)s"),
    "lt": gettext_lazy("before %(value)s"),
    "between": gettext_lazy("between %(first)s and %(last)s"),
}
# Subjects that name something: when it must be it, must not be it, must contain it.
NAMES = {
    "channel": (
        gettext_lazy("in channel %(value)s"),
        gettext_lazy("in any channel but %(value)s"),
        gettext_lazy("in channels with “%(value)s” in their name"),
    ),
    "store": (
        gettext_lazy("in store %(value)s"),
        gettext_lazy("in any store but %(value)s"),
        gettext_lazy("in stores with “%(value)s” in their name"),
    ),
    "sku": (
        gettext_lazy("on product %(value)s"),
        gettext_lazy("on any product but %(value)s"),
        gettext_lazy("on products with “%(value)s” in their number"),
    ),
    "category": (
        gettext_lazy("in category %(value)s"),
        gettext_lazy("in any category but %(value)s"),
        gettext_lazy("in categories with “%(value)s” in their name"),
    ),
}
# The same about the whole basket, which holds such a line or none.
HOLDS = {
    "sku": (
        gettext_lazy("when the basket holds product %(value)s"),
        gettext_lazy("when the basket does not hold product %(value)s"),
        gettext_lazy("when the basket holds a product with “%(value)s” in its number"),
    ),
    "category": (
        gettext_lazy("when the basket holds something in category %(value)s"),
        gettext_lazy("when the basket holds nothing in category %(value)s"),
        gettext_lazy("when the basket holds something in a category with “%(value)s” in its name"),
    ),
}

# What is known about the member, by voice: when it must be it, when it must not.
STANDINGS = {
    "tier": {
        "staff": (gettext_lazy("for members in tier %(value)s"), gettext_lazy("for members not in tier %(value)s")),
        "member": (gettext_lazy("if your tier is %(value)s"), gettext_lazy("if your tier is not %(value)s")),
    },
    "list": {
        "staff": (
            gettext_lazy("for members on list %(value)s"),
            gettext_lazy("for members who are not on list %(value)s"),
        ),
        "member": (gettext_lazy("for chosen members"), gettext_lazy("for members outside of other offers")),
    },
}
# Numbers known about the member, by voice; %(range)s is one of RANGES.
COUNTED = {
    "member_days": {
        "staff": gettext_lazy("for members who joined %(range)s days ago"),
        "member": gettext_lazy("when you joined %(range)s days ago"),
    },
    "age": {
        "staff": gettext_lazy("for members who are %(range)s years old"),
        "member": gettext_lazy("when you are %(range)s years old"),
    },
    "days_since_purchase": {
        "staff": gettext_lazy("for members whose last purchase was %(range)s days ago"),
        "member": gettext_lazy("when your last purchase was %(range)s days ago"),
    },
    "purchases_in_days": {
        "staff": gettext_lazy("for members whose number of purchases in the last %(name)s days is %(range)s"),
        "member": gettext_lazy("when your number of purchases in the last %(name)s days is %(range)s"),
    },
    "spend_in_days": {
        "staff": gettext_lazy("for members who spent %(range)s in the last %(name)s days"),
        "member": gettext_lazy("when you spent %(range)s in the last %(name)s days"),
    },
}
# Whether a member did something lately, by voice: did it, did not, so many times.
DID = {
    "staff": (
        ngettext_lazy(
            "for members with “%(activity)s” in the last %(days)d day",
            "for members with “%(activity)s” in the last %(days)d days", "days",
        ),
        ngettext_lazy(
            "for members without “%(activity)s” in the last %(days)d day",
            "for members without “%(activity)s” in the last %(days)d days", "days",
        ),
        ngettext_lazy(
            "for members whose number of “%(activity)s” in the last %(days)d day is %(range)s",
            "for members whose number of “%(activity)s” in the last %(days)d days is %(range)s", "days",
        ),
    ),
    "member": (
        ngettext_lazy(
            "after “%(activity)s” in the last %(days)d day", "after “%(activity)s” in the last %(days)d days", "days"
        ),
        ngettext_lazy(
            "without “%(activity)s” in the last %(days)d day", "without “%(activity)s” in the last %(days)d days",
            "days",
        ),
        ngettext_lazy(
            "when your number of “%(activity)s” in the last %(days)d day is %(range)s",
            "when your number of “%(activity)s” in the last %(days)d days is %(range)s", "days",
        ),
    ),
}  # fmt: skip
RANGES = {
    "equals": gettext_lazy("exactly %(value)s"),
    "gte": gettext_lazy("at least %(value)s"),
    "gt": gettext_lazy("more than %(value)s"),
    "lte": gettext_lazy("at most %(value)s"),
    "lt": gettext_lazy("less than %(value)s"),
    "between": gettext_lazy("%(first)s to %(last)s"),
}


def phrase_for(condition: Condition, currency: str, voice: str = "staff", *, of_basket: bool = False) -> str:
    """The condition as a phrase. `of_basket`: one on lines that asks about the basket rather than choosing lines."""
    match condition.subject:
        case "weekday":
            return _weekdays(condition)
        case "first_purchase":
            return _("on a first purchase") if condition.value else _("on every purchase but the first")
        case "time_of_day":
            return str(HOURS[condition.operator]) % _values(condition, currency)
        case "basket_total":
            return str(TOTALS[condition.operator]) % _values(condition, currency)
        case "tier" | "list":
            return str(STANDINGS[condition.subject][voice][condition.is_negative]) % _values(condition, currency)
        case "birthday":
            return _birthday(condition, voice)
        case "activities_in_days":
            return _did(condition, currency, voice)
        case subject if subject in COUNTED:
            words = {"range": str(RANGES[condition.operator]) % _values(condition, currency), "name": condition.name}
            return str(COUNTED[subject][voice]) % words
        case "line_attribute" | "member_attribute" | "activity_attribute":
            return _attribute(condition, currency, voice, of_basket)
        case _:
            table = HOLDS if of_basket and condition.subject in HOLDS else NAMES
            form = 2 if condition.operator == "contains" else 1 if condition.is_negative else 0
            return str(table[condition.subject][form]) % _values(condition, currency)


def condition_from_params(params: Mapping[str, Any]) -> Condition:
    """The condition that a step of an explanation tells of."""
    return Condition(params["subject"], params["operator"], params["value"], params.get("name", ""))


def _weekdays(condition: Condition) -> str:
    days = [day for day in DAYS if condition.holds(day)]
    if days == [6, 7]:
        return _("at weekends")
    if days == [1, 2, 3, 4, 5]:
        return _("from Monday to Friday")
    return _("on %(days)s") % {"days": list_of([str(DAYS[day]) for day in days])}


def _birthday(condition: Condition, voice: str) -> str:
    if not condition.value:
        return _("on their birthday") if voice == "staff" else _("on your birthday")
    days = int(condition.value)
    if condition.operator == "equals":
        text = ngettext("%(days)d day from the birthday", "%(days)d days from the birthday", days)
    else:
        text = ngettext("within %(days)d day of the birthday", "within %(days)d days of the birthday", days)
    return text % {"days": days}


def _did(condition: Condition, currency: str, voice: str) -> str:
    type, days = condition.done
    never, once, often = (condition.holds(Decimal(times)) for times in (0, 1, 10_000))
    form = 2 if once != often or never == once else int(never)
    told = str(RANGES[condition.operator]) % _values(condition, currency)
    return DID[voice][form] % {"activity": activity_name(type), "days": days, "range": told}


def _attribute(condition: Condition, currency: str, voice: str, of_basket: bool) -> str:
    test = str(TESTS[condition.operator]) % (_values(condition, currency) | {"name": condition.name})
    if condition.subject == "activity_attribute":
        return _("when %(test)s") % {"test": test}
    if condition.subject == "line_attribute":
        phrase = _("when the basket holds items whose %(test)s") if of_basket else _("on items whose %(test)s")
        return phrase % {"test": test}
    return (_("for members whose %(test)s") if voice == "staff" else _("if your %(test)s")) % {"test": test}


def _values(condition: Condition, currency: str) -> dict[str, str]:
    """What a phrase puts in: `first` and `last` of a range, otherwise one `value`."""
    values = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    told = [_value(condition, value, currency) for value in values]
    if condition.operator == "between":
        return {"first": told[0], "last": told[1]}
    return {"value": list_of(told)}


def _value(condition: Condition, value: Any, currency: str) -> str:
    if condition.subject in ("basket_total", "spend_in_days"):
        return money_of(value, currency, short=True)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, time):
        return time_format(value, "TIME_FORMAT")
    if isinstance(value, date):
        return day_of(value)
    return number_of(value) if isinstance(value, Decimal) else str(value)
