"""Campaigns: where they stand, in words, and on a calendar."""

from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from loyalty.programs.models.campaigns import Campaign
from loyalty.programs.models.program import Program
from loyalty.programs.queries.configuration import campaign_of
from loyalty.programs.rules import campaigns as terms
from loyalty.programs.rules.days import add_months, start_of_day
from loyalty.programs.rules.invalid import InvalidSetting
from loyalty.programs.rules.wording.amounts import last_moment_of, moment_of, sentence_of
from loyalty.programs.rules.wording.conditions import phrase_for
from loyalty.programs.rules.wording.invalid import message_for

MONTHS = 3


@dataclass(frozen=True, slots=True)
class Bar:
    """One campaign on a calendar: where its bar begins and how long it is, in per cent of the whole."""

    campaign: Campaign
    state: str
    left: float
    width: float
    opens_before: bool
    closes_after: bool


@dataclass(frozen=True, slots=True)
class Calendar:
    """Some months side by side; `now` is where today stands, in per cent, None when it is elsewhere."""

    months: list[tuple[date, float]]
    bars: list[Bar]
    before: date
    after: date
    now: float | None


def state_of_campaign(campaign: Campaign, at: datetime) -> str:
    """off, planned, running, over or archived."""
    if campaign.is_archived:
        return "archived"
    return terms.Campaign(0, campaign.name, campaign.starts_at, campaign.ends_at, campaign.is_active).state_at(at)


def words_of_campaign(campaign: Campaign) -> str:
    """When it runs and for whom, as a sentence for the staff."""
    program = campaign.program
    try:
        found = campaign_of(campaign)
    except InvalidSetting as error:
        return message_for(error)
    phrases = [phrase_for(condition, program.currency) for condition in found.audience]
    whom = " ".join(phrases) or _("for all members")
    start, end = _start_and_end(campaign)
    words = {"whom": whom, "start": start, "end": end}
    if start and start == end:
        return sentence_of(_("Runs on %(start)s, %(whom)s") % words)
    if start and end:
        return sentence_of(_("Runs from %(start)s to %(end)s, %(whom)s") % words)
    if start:
        return sentence_of(_("Runs from %(start)s on, %(whom)s") % words)
    if end:
        return sentence_of(_("Runs until %(end)s, %(whom)s") % words)
    return sentence_of(_("Runs always, %(whom)s") % words)


def time_of_campaign(campaign: Campaign) -> str:
    """When it runs, for the end of a row: a day, or the first and the last one."""
    start, end = _start_and_end(campaign)
    if start and end:
        return start if start == end else f"{start} – {end}"
    if start:
        return _("from %(start)s on") % {"start": start}
    return _("until %(end)s") % {"end": end} if end else pgettext("campaign", "always")


def _start_and_end(campaign: Campaign) -> tuple[str, str]:
    """The first and the last day, or instants where it does not begin or end with a day; empty where there is none."""
    zone = campaign.program.time_zone
    start = moment_of(campaign.starts_at, zone) if campaign.starts_at else ""
    return start, last_moment_of(campaign.ends_at, zone) if campaign.ends_at else ""


def calendar_of(program: Program, month: date, at: datetime) -> Calendar:
    """MONTHS months from the one that `month` is in, in the program's zone, with every campaign that touches them."""
    first = month.replace(day=1)
    starts = [start_of_day(add_months(first, count), program.time_zone) for count in range(MONTHS + 1)]
    begin, end = starts[0], starts[-1]
    length = (end - begin).total_seconds()

    def place(instant: datetime) -> float:
        return round(100 * (min(max(instant, begin), end) - begin).total_seconds() / length, 2)

    bars = []
    campaigns = Campaign.objects.filter(program=program, is_archived=False).select_related("program")
    for campaign in campaigns.order_by("starts_at", "pk"):
        opens, closes = campaign.starts_at or begin, campaign.ends_at or end
        if opens < end and closes > begin:
            left = place(opens)
            bars.append(
                Bar(
                    campaign, state_of_campaign(campaign, at), left, max(place(closes) - left, 1),
                    campaign.starts_at is None or opens < begin, campaign.ends_at is None or closes > end,
                )
            )  # fmt: skip
    months = [
        (add_months(first, count), round(100 * (starts[count + 1] - starts[count]).total_seconds() / length, 2))
        for count in range(MONTHS)
    ]
    now = place(at) if begin <= at < end else None
    return Calendar(months, bars, add_months(first, -1), add_months(first, 1), now)
