"""Sending and sharing of points as sentences."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from loyalty.programs.rules.wording.amounts import Units, list_of, number_of, points_of


@dataclass(frozen=True, slots=True)
class SendingTold:
    """What sentences about sending say, as TransferPolicy holds it; `tiers` are names."""

    units: Units
    step: int = 1
    minimum: int = 1
    per_day: int | None = None
    per_year: int | None = None
    fee_points: int = 0
    fee_percent: Decimal = Decimal(0)
    tiers: Sequence[str] = ()
    cooling_hours: int = 0
    answer_days: int | None = None


def sentences_for_sending(told: SendingTold) -> list[str]:
    """What members read: in which steps and limits, what it costs, for whom, and what they wait for."""
    lines = [_("Members can send %(units)s to one another; they keep their last day.") % {"units": told.units.many}]
    if told.step > 1:
        lines.append(_("In steps of %(points)s.") % {"points": points_of(told.step, told.units)})
    if told.minimum > told.step:
        lines.append(_("At least %(points)s at a time.") % {"points": points_of(told.minimum, told.units)})
    if told.per_day is not None:
        lines.append(_("At most %(points)s in a day.") % {"points": points_of(told.per_day, told.units)})
    if told.per_year is not None:
        lines.append(_("At most %(points)s in a year.") % {"points": points_of(told.per_year, told.units)})
    return lines + _fees(told) + _waits(told)


def _fees(told: SendingTold) -> list[str]:
    lines = []
    if told.fee_points:
        lines.append(_("Each time costs %(points)s on top.") % {"points": points_of(told.fee_points, told.units)})
    if told.fee_percent:
        percent = {"percent": number_of(told.fee_percent)}
        lines.append(_("%(percent)s %% of what you send comes on top, rounded up.") % percent)
    return lines


def _waits(told: SendingTold) -> list[str]:
    lines = []
    if told.tiers:
        lines.append(_("Only for members of the tier %(tiers)s.") % {"tiers": list_of(list(told.tiers))})
    if hours := told.cooling_hours:
        words = ngettext("Not within %(count)s hour after a new e-mail address.",
                         "Not within %(count)s hours after a new e-mail address.", hours)  # fmt: skip
        lines.append(words % {"count": hours})
    if days := told.answer_days:
        words = ngettext("Whoever gets them has %(count)s day to accept; else they go back.",
                         "Whoever gets them has %(count)s days to accept; else they go back.", days)  # fmt: skip
        lines.append(words % {"count": days})
    return lines


def sentences_for_sharing(units: Units, percent: int, most_members: int, *, takes_along: bool) -> list[str]:
    """What members read of households and clubs: how many share, what goes there, what who leaves takes along."""
    words = ngettext("Up to %(count)s member can share %(units)s in a household.",
                     "Up to %(count)s members can share %(units)s in a household.", most_members)  # fmt: skip
    shared = _("All that each earns goes there.")
    if percent < 100:
        shared = _("%(percent)s %% of what each earns goes there.") % {"percent": percent}
    leaving = _("Who leaves takes a part of what is left along, by what they put in.")
    if not takes_along:
        leaving = _("Who leaves takes nothing along.")
    return [words % {"count": most_members, "units": units.many}, shared, leaving]
