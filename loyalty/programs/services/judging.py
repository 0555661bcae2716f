"""Judging a draft by the live rules: what it earns in which wallet, from when until when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from loyalty.ledger.rules import LARGEST
from loyalty.lib import clock
from loyalty.programs.errors.activities import TooManyPoints
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.configuration import Configuration, WalletTerms
from loyalty.programs.rules.activation import lot_dates
from loyalty.programs.rules.benefits import extra_months
from loyalty.programs.rules.capping import Setting, Use, Whom, cap_awards, places_of
from loyalty.programs.rules.conditions import Condition
from loyalty.programs.rules.days import Zone
from loyalty.programs.rules.exact import PointsOutOfRange
from loyalty.programs.rules.expiry import expires_at
from loyalty.programs.rules.explanation import Evaluation, Step
from loyalty.programs.rules.extensions import NOT_LONGER, Extension, Longer, chosen
from loyalty.programs.rules.occurrence import PURCHASE, Line, Occurrence
from loyalty.programs.rules.returns import share_texts
from loyalty.programs.rules.standing import NOBODY, Standing
from loyalty.programs.rules.velocity import Suspicion
from loyalty.programs.services.drafts import Draft
from loyalty.programs.services.facts import NOTHING, AwardMade
from loyalty.programs.services.storing import Situation
from loyalty.programs.services.uses import Counters


@dataclass(frozen=True, slots=True)
class Grant:
    """Points for one wallet, with their dates as the ledger takes them."""

    points: int
    expires_at: datetime | None
    is_pending: bool
    activates_at: datetime | None
    cancel_at: datetime | None

    def award(self, wallet_code: str, shares: Sequence[Fraction] = (), uses: tuple[Use, ...] = ()) -> AwardMade:
        state = "pending" if self.is_pending else "active"
        brought = share_texts(shares) if shares else NOTHING
        return AwardMade(wallet_code, self.points, state, self.activates_at, self.expires_at, brought, uses)


@dataclass(frozen=True, slots=True)
class Plan:
    """What an activity brings: grants by wallet id, wallets whose older points live longer, and the explanation.

    Where something about it is suspicious its points wait; `unheld` are the grants as they would be otherwise.
    `once` is what it pays for where its type pays once; empty where it pays nothing.
    """

    granted: Mapping[int, Grant]
    awards: tuple[AwardMade, ...]
    steps: tuple[Step, ...]
    extended: Mapping[int, datetime]
    suspicions: tuple[Suspicion, ...] = ()
    unheld: Mapping[int, Grant] = field(default_factory=dict)
    once: str | None = None

    @property
    def uses(self) -> tuple[Use, ...]:
        """What caps count of it."""
        return tuple(use for award in self.awards for use in award.uses)

    @property
    def touched(self) -> list[int]:
        """The wallets that the ledger will be asked about."""
        return sorted({*self.granted, *self.extended})


def plan_of(
    configuration: Configuration,
    situation: Situation,
    draft: Draft,
    counters: Counters,
    evaluation: Evaluation | None = None,
) -> Plan:
    """What `draft` earns by the rules and caps in force, which its counters then know. Raises TooManyPoints.

    `evaluation` is what `evaluation_of` said of it before, if anybody has asked.
    """
    found = evaluation_of(configuration, situation, draft) if evaluation is None else evaluation
    longer = longer_for(configuration, situation.standing, situation.attributes, draft.at)
    if not configuration.is_capped or not found.awards:
        return plan_from(configuration, found, draft.type, draft.at, longer=longer)
    setting = setting_of(configuration, situation, draft)
    used = counters.look(places_of(configuration.caps, found, setting))
    capped = cap_awards(configuration.caps, found, setting, used)
    counters.count(capped.uses, draft.at)
    return plan_from(configuration, capped.evaluation, draft.type, draft.at, capped.uses, longer=longer)


def evaluation_of(configuration: Configuration, situation: Situation, draft: Draft) -> Evaluation:
    """What `draft` earns by the rules in force, before caps. Raises TooManyPoints."""
    return evaluate(
        configuration, draft.type, draft.at, lines=draft.lines, channel=draft.channel, store=draft.store,
        attributes=draft.attributes, is_first=draft.type == PURCHASE and not situation.has_bought,
        member=situation.attributes, standing=situation.standing,
    )  # fmt: skip


def setting_of(configuration: Configuration, situation: Situation, draft: Draft) -> Setting:
    """What caps look at beside the points."""
    card = draft.attributes.get("card")
    whom = Whom(situation.member_id, situation.standing.household, card if isinstance(card, str) else "", draft.store)
    wallets = {pk: terms.wallet for pk, terms in configuration.wallets.items()}
    rooms = {
        pk: wallet.balance_cap - situation.standing.balances.get(pk, 0)
        for pk, wallet in wallets.items()
        if wallet.balance_cap is not None
    }
    values = {pk: wallet.point_value for pk, wallet in wallets.items()}
    return Setting(draft.type, whom, draft.at, configuration.program.time_zone, values, rooms)


def plan_from(
    configuration: Configuration,
    evaluation: Evaluation,
    activity_type: str,
    at: datetime,
    uses: Sequence[Use] = (),
    *,
    longer: Longer = NOT_LONGER,
) -> Plan:
    """The evaluation with the dates of its points, and what they use up; `longer` by a tier or an extension."""
    now = clock.now()
    granted = {
        int(award.wallet): grant_of(
            configuration, configuration.wallets[int(award.wallet)], award.points, at, now, longer
        )
        for award in evaluation.awards
    }
    awards = tuple(
        grant.award(
            configuration.wallets[wallet].wallet.code,
            evaluated.shares,
            tuple(use for use in uses if use.wallet == evaluated.wallet),
        )
        for (wallet, grant), evaluated in zip(granted.items(), evaluation.awards, strict=True)
    )
    steps = (*evaluation.explanation, *_told_of_extensions(configuration, granted, at, longer))
    return Plan(granted, awards, steps, _extended(configuration, activity_type, at, longer))


def evaluate(
    configuration: Configuration,
    activity_type: str,
    at: datetime,
    *,
    lines: tuple[Line, ...] = (),
    channel: str = "",
    store: str = "",
    attributes: Mapping[str, Any],
    is_first: bool = False,
    member: Mapping[str, Any],
    standing: Standing = NOBODY,
) -> Evaluation:
    """The pure algebra on one activity. Raises TooManyPoints."""
    occurrence = Occurrence(
        type=activity_type,
        at=at,
        local=at.astimezone(ZoneInfo(configuration.program.time_zone)),
        lines=lines,
        channel=channel,
        store=store,
        attributes=attributes,
        is_first=is_first,
        member=member,
        standing=standing,
    )
    try:
        evaluation = configuration.book.evaluate(occurrence)
    except PointsOutOfRange as error:
        raise TooManyPoints from error
    if any(award.points > LARGEST for award in evaluation.awards):
        raise TooManyPoints
    return evaluation


def grant_of(
    configuration: Configuration,
    terms: WalletTerms,
    points: int,
    at: datetime,
    now: datetime,
    longer: Longer = NOT_LONGER,
) -> Grant:
    """Points earned at `at` with their dates; those whose waiting time is over when we learn of them are active.

    Spendable ones may live `longer`.
    """
    zone = configuration.program.time_zone
    dates = lot_dates(terms.activation, terms.expiry, at, zone)
    ends = _longer(terms, dates.expires_at, zone, longer)[0]
    waits = dates.is_pending and (dates.activates_at is None or dates.activates_at > now)
    if not waits:
        return Grant(points, ends, False, None, None)
    return Grant(points, ends, True, dates.activates_at, dates.cancels_at)


def longer_for(configuration: Configuration, standing: Standing, attributes: Mapping[str, Any], at: datetime) -> Longer:
    """What prolongs the member's points: their tier, and the extensions that they belong to."""
    months = extra_months(configuration.ladders, standing.tiers)

    def holds(condition: Condition) -> bool:
        is_own = condition.subject == "member_attribute"
        return condition.holds(attributes.get(condition.name) if is_own else standing.fact(condition, at))

    return Longer(months, chosen(configuration.extensions, holds))


def _longer(
    terms: WalletTerms, ends: datetime | None, zone: Zone, longer: Longer
) -> tuple[datetime | None, Extension | None]:
    return longer.ends(terms.wallet.pk, ends, zone) if terms.wallet.is_spendable else (ends, None)


def _told_of_extensions(
    configuration: Configuration, granted: Mapping[int, Grant], at: datetime, longer: Longer
) -> list[Step]:
    """A line of the explanation for points that an extension prolonged."""
    steps = []
    for wallet_id in granted if longer.extensions else ():
        terms, zone = configuration.wallets[wallet_id], configuration.program.time_zone
        ends, by = _longer(terms, lot_dates(terms.activation, terms.expiry, at, zone).expires_at, zone, longer)
        if by is not None and ends is not None:
            told = {"until": ends.isoformat()}
            steps.append(Step(f"extension:{by.id}", by.name, wallet_id, True, 0, "extended", told))
    return steps


def keeps_alive(wallet: Wallet, activity_type: str) -> bool:
    """Whether an activity of this type prolongs the points of a sliding wallet."""
    if wallet.expiry != Wallet.Expiry.SLIDING:
        return False
    return not wallet.sliding_activities or activity_type in wallet.sliding_activities


def _extended(configuration: Configuration, activity_type: str, at: datetime, longer: Longer) -> dict[int, datetime]:
    """Until when the older points of sliding wallets now live."""
    zone = configuration.program.time_zone
    return {
        wallet_id: until
        for wallet_id, terms in configuration.wallets.items()
        if keeps_alive(terms.wallet, activity_type)
        and (until := _longer(terms, expires_at(terms.expiry, at, zone), zone, longer)[0])
    }
