"""What is wrong with a setting, for the form beside whose field it is shown."""

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loyalty.programs.rules.invalid import InvalidSetting

MESSAGES: dict[str, str | Promise] = {
    "another-instant": gettext_lazy("The local time is not the same instant."),
    "beyond-calendar": gettext_lazy("Please check the year: give one after %(first)s and before %(last)s."),
    "empty-window": gettext_lazy("From and to are the same time."),
    "ends-before-start": gettext_lazy("The end is not after the start."),
    "ends-reversed": gettext_lazy("The first value must not be above the second, and both must be of one kind."),
    "negative": gettext_lazy("This must not be negative."),
    "not-a-date": gettext_lazy("“%(value)s” is not a day of the year. Write month-day, such as 12-31."),
    "not-a-number": gettext_lazy("“%(value)s” is not a number."),
    "not-a-time": gettext_lazy("“%(value)s” is not a time of day. Write it as 07:30."),
    "not-a-type-and-days": gettext_lazy("Write a type of activity and a number of days, such as review 30."),
    "not-a-weekday": gettext_lazy("“%(value)s” is not a weekday. Write 1 for Monday to 7 for Sunday."),
    "not-a-whole-number": gettext_lazy("“%(value)s” is not a whole number."),
    "not-aware": gettext_lazy("A time zone is missing."),
    "not-ordered": gettext_lazy("“%(value)s” is neither a number nor a date, so nothing can be more or less."),
    "not-positive": gettext_lazy("This must be more than 0."),
    "not-text": gettext_lazy("“%(value)s” is not text."),
    "not-told": gettext_lazy("“%(value)s” is none of the attributes that are needed. Add it, and mark it as needed."),
    "not-two": gettext_lazy("Give two values, such as 50 - 100."),
    "not-unique": gettext_lazy("Two rules have the same number."),
    "not-used": gettext_lazy("Leave this empty: it is only for attributes."),
    "not-yes-or-no": gettext_lazy("“%(value)s” is neither yes nor no."),
    "out-of-range": gettext_lazy("“%(value)s” is out of range."),
    "required": gettext_lazy("This is required."),
    "too-large": gettext_lazy("This is more than %(limit)s."),
    "unknown-choice": gettext_lazy("“%(value)s” cannot be chosen here."),
}


def message_for(error: InvalidSetting) -> str:
    """The refusal in the user's words."""
    return str(MESSAGES.get(error.code, _("This does not make sense."))) % error.params
