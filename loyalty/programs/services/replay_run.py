"""A configuration on what members really did: judged activity by activity as it was learned of, nothing is written.

By the same algebra as at the till. Counters of caps, tiers and what was bought before are remembered on the way, so
the replay begins as much earlier as they reach back (`begins_at`) and counts from `since` on. What came back takes back
what it earned, in the order of time; what was spent, expired or sent went as it did. A draft is tried with the lists
and attributes that members have now, which may be new with it; what is in force is replayed with those of the time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from dateutil.relativedelta import relativedelta

from loyalty.programs.errors.activities import TooManyPoints
from loyalty.programs.queries.configuration import Configuration
from loyalty.programs.queries.histories import ByHand, CameBack, Cancelled, Gone, Happened, Moved, Places
from loyalty.programs.rules.capping import EVER, Use, cap_awards, period_start, places_of
from loyalty.programs.rules.explanation import Evaluation
from loyalty.programs.rules.occurrence import NIL, PURCHASE, Line
from loyalty.programs.rules.returns import Sold, brought_by, share_texts, step_of
from loyalty.programs.rules.standing import NOBODY, Standing
from loyalty.programs.rules.tiers import BELOW, Held, Moment, at_first
from loyalty.programs.services.drafts import Draft
from loyalty.programs.services.facts import NOTHING
from loyalty.programs.services.judging import evaluate, setting_of
from loyalty.programs.services.replay_people import Bought, Done, Memory, Person
from loyalty.programs.services.storing import Situation

NOBODYS = UUID(int=0)
ONE = Decimal(1)
NOUGHT = "0.0000"
NO_POINTS = Evaluation()
REMEMBERED = 50_000
# What rules may look at for baskets that are alike to earn alike.
PLAIN = frozenset("first_purchase category sku basket_total channel store".split())
EARLY = relativedelta(days=2)  # wider than any zone


@dataclass(slots=True)
class _Given:
    """What a purchase earned in one wallet; `taken` of it was asked back so far."""

    code: str
    wallet: int
    points: int
    shares: Mapping[str, str] | None
    uses: Sequence[Use]
    entry: list[Any]
    taken: int = 0


@dataclass(slots=True)
class _Sale:
    """A purchase of which something comes back later, or any activity whose points come to nothing."""

    deed: Bought | Done
    lines: list[Sold]
    given: list[_Given]
    paid: tuple[int, str, str] | None = None  # what it was paid for, where its type pays once
    is_back: bool = False  # nothing is left of it


def begins_at(configuration: Configuration, since: datetime) -> datetime:
    """How early the replay must begin for everything to be known that can decide at `since`."""
    zone = configuration.program.time_zone
    starts = [since]
    starts += [period_start(cap.period, since, zone) for cap in configuration.caps if cap.period not in LENGTHS]
    starts += [since - relativedelta(minutes=cap.minutes) for cap in configuration.caps if cap.period == "cooldown"]
    days_back = [*configuration.needs.windows, *(days for _type, days in configuration.needs.done)]
    starts += [since - relativedelta(days=days) - EARLY for days in days_back]
    for ladder in configuration.ladders:
        is_endless = ladder.counts_in == "lifetime" or ladder.downgrade == "never"
        months = 2 * ladder.months if ladder.counts_in == "rolling" else 24
        starts.append(EVER if is_endless else since - relativedelta(months=months) - EARLY)
    if configuration.needs.balances or any(once.how != "daily" for once in configuration.once.values()):
        starts.append(EVER)
    if configuration.once:
        starts.append(since - EARLY)
    return min(starts)


LENGTHS = ("transaction", "cooldown")


class Run:
    """A configuration at work on a history, with every amount `scale` times as large.

    `returned` are the activities of which something comes back, or that come to nothing; `cancelled` are the keys of
    those whose points come to nothing; `lists` and `attributes` are what is known of members, the latter of those of
    whom it changed.
    """

    def __init__(
        self,
        configuration: Configuration,
        *,
        scale: Decimal = ONE,
        returned: frozenset[int] = frozenset(),
        cancelled: frozenset[str] = frozenset(),
        bought: frozenset[int] = frozenset(),
        lists: Mapping[int, Places] = NOTHING,  # type: ignore[assignment]
        attributes: Mapping[int, Sequence[tuple[datetime, Any]]] = NOTHING,  # type: ignore[assignment]
    ) -> None:
        self.people: dict[int, Person] = {}
        self.refused = 0  # activities that would earn more than a wallet can hold
        self.trimmed = 0  # activities of which caps took something
        self._configuration, self._scale, self._returned = configuration, scale, returned
        self._bought, self._lists, self._attributes, self._cancelled = bought, lists, attributes, cancelled
        self._counters = Memory(lock=False)
        self._paid: set[tuple[int, str, str]] = set()  # by types that pay once: member, type, what for
        self._sales: dict[int, _Sale] = {}
        self._ending: dict[str, _Sale] = {}  # by the key of the activity
        self._codes = {pk: terms.wallet.code for pk, terms in configuration.wallets.items()}
        needs = configuration.needs
        self._asks, self._is_plain = needs.has_standing, _is_plain(configuration)
        self._known: dict[tuple, Evaluation] = {}
        reaches_back = needs.windows or needs.done or needs.last_purchase
        self._remembers = bool(reaches_back or needs.balances or configuration.ladders)

    def earn(self, row: Happened) -> dict[str, int]:
        """Points by wallet code."""
        configuration = self._configuration
        person, row = self._person(row), self._as_known(row)
        if configuration.ladders:
            person.pass_time(configuration, row.created_at)
        paid = self._paid_for(row)
        evaluation, uses = self._judged(row, person) if paid not in self._paid else (NO_POINTS, ())
        if paid and evaluation.awards:
            self._paid.add(paid)
        self._remember(row, person, evaluation, uses)
        if configuration.ladders:
            person.follow(configuration, row.created_at)
        return {self._codes[int(award.wallet)]: award.points for award in evaluation.awards}

    def take_back(self, row: CameBack) -> dict[str, int]:
        """Points by wallet code that go with what came back."""
        sale = self._sales.get(row.purchase_id)
        if sale is None:
            return {}
        person = self.people[row.member_id]
        back = {each["line"]: Decimal(each["quantity"]) for each in row.lines}
        if isinstance(sale.deed, Bought):
            sale.deed.back.append((row.at, row.amount * self._scale))
        sold = sale.lines
        sale.lines = [replace(line, back=line.back + back.get(line.position, 0)) for line in sold]
        person.kept -= row.is_last and sale.deed.gone is None
        sale.is_back = sale.is_back or row.is_last
        told = {each["wallet"]: each for each in row.clawbacks}
        taken = {each.code: self._taken(each, sale.lines, person, told.get(each.code)) for each in sale.given}
        if self._configuration.ladders:
            person.follow(self._configuration, row.created_at, returned=True)
        return taken

    def cancel(self, row: Cancelled) -> dict[str, int] | None:
        """Points by wallet code that come to nothing; None for an activity from before the replay."""
        sale = self._ending.get(row.key)
        if sale is None:
            return None
        person = self.people[row.member_id]
        taken = {each.code: self._end(each, person, row) for each in sale.given if each.code == row.wallet}
        if sale.paid and all(each.taken == each.points for each in sale.given):
            self._paid.discard(sale.paid)
        if self._configuration.ladders:
            person.follow(self._configuration, row.created_at, returned=True)
        return taken

    def end(self, row: Gone) -> None:
        """It counts for nothing from now on."""
        sale = self._sales.get(row.id)
        if sale is None:
            return
        person = self.people[row.member_id]
        person.kept -= isinstance(sale.deed, Bought) and not sale.is_back
        sale.deed.gone = row.created_at
        if self._configuration.ladders:
            person.follow(self._configuration, row.created_at, returned=True)

    def _end(self, given: _Given, person: Person, row: Cancelled) -> int:
        left = given.points - given.taken
        given.taken = given.points
        given.entry[2] -= left
        if left:
            self._counters.give_back(given.uses, points=left, whole=given.points, is_all=True)
        gone = left - min(left, row.waived)
        person.balances[given.wallet] = person.balances.get(given.wallet, 0) - gone
        return gone

    def move(self, row: Moved) -> None:
        """What came or went otherwise, as it did; nobody rises or falls by it until something is counted."""
        person = self._person(row)
        if row.is_earned:
            person.credit(row.at, row.wallet_id, row.points)
        else:
            person.balances[row.wallet_id] = person.balances.get(row.wallet_id, 0) + row.points

    def put(self, row: ByHand) -> None:
        """What the staff did by hand counts as it did."""
        person = self._person(row)
        if row.ladder_id is None:
            person.credit(row.at, row.wallet_id or 0, row.points)
            person.follow(self._configuration, row.created_at)
            return
        ladder = next((each for each in self._configuration.ladders if each.id == row.ladder_id), None)
        if ladder is None:
            return
        moment = Moment(row.created_at, self._configuration.program.time_zone, person.joined_at)
        person.pass_time(self._configuration, row.created_at)
        if row.tier_id is not None and row.floor_id is None and not row.is_locked:
            free = replace(
                person.held.get(ladder.id) or at_first(ladder), floor=BELOW, floor_until=None, is_locked=False
            )
            person.put(ladder, free, moment, counts=True)
            return
        place = ladder.place_of(row.tier_id)
        held = Held(place, row.created_at, None, place, row.floor_until, row.is_locked)
        person.put(ladder, held, moment, counts=False)

    def _person(self, row: Happened | ByHand | Moved) -> Person:
        person = self.people.get(row.member_id)
        if person is None:
            pk = row.member_id
            person = self.people[pk] = Person(
                row.joined_at, row.birth_date, self._lists.get(pk, ()),
                kept=int(pk in self._bought),
            )  # fmt: skip
        return person

    def _as_known(self, row: Happened) -> Happened:
        """With what was known of the member when it was learned of; what was known before the first note is not."""
        known = None
        for since, attributes in self._attributes.get(row.member_id, ()):
            if since > row.created_at:
                break
            known = attributes
        return row if known is None else row._replace(member=known)

    def _paid_for(self, row: Happened) -> tuple[int, str, str] | None:
        """What it would be paid for, where its type pays once."""
        once = self._configuration.once.get(row.type)
        zone = self._configuration.program.time_zone
        slot = once.slot(row.attributes, row.at, zone) if once else None
        return (row.member_id, row.type, slot.key) if slot else None

    def _judged(self, row: Happened, person: Person) -> tuple[Evaluation, Sequence[Use]]:
        standing = person.standing(self._configuration, row.at, row.household, row.created_at) if self._asks else NOBODY
        try:
            found = self._evaluated(row, person, standing)
        except TooManyPoints:
            self.refused += 1
            return NO_POINTS, ()
        if not self._configuration.is_capped or not found.awards:
            return found, ()
        return self._capped(row, person, standing, found)

    def _evaluated(self, row: Happened, person: Person, standing: Standing) -> Evaluation:
        """Remembered for baskets that are alike in everything that the rules look at, where they look at little."""
        is_first = row.type == PURCHASE and not person.kept
        if not self._is_plain or any(line[6] for line in row.lines):
            return self._evaluate(row, is_first, standing)
        basket = tuple([(*line[:6], line[7]) for line in row.lines])
        alike = (row.type, basket, is_first, row.store, row.channel)
        found = self._known.get(alike)
        if found is None:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            found = self._known[alike] = self._evaluate(row, is_first, standing)
        return found

    def _evaluate(self, row: Happened, is_first: bool, standing: Standing) -> Evaluation:
        return evaluate(
            self._configuration, row.type, row.at, lines=_lines(row, self._scale), channel=row.channel, store=row.store,
            attributes=row.attributes, is_first=is_first, member=row.member, standing=standing,
        )  # fmt: skip

    def _capped(
        self, row: Happened, person: Person, standing: Standing, found: Evaluation
    ) -> tuple[Evaluation, Sequence[Use]]:
        configuration = self._configuration
        situation = Situation(
            config_version=configuration.version, member_id=row.member_id, subject=NOBODYS, status="active",
            attributes=row.member, has_bought=bool(person.kept), accounts={}, standing=standing, known=None,
        )  # fmt: skip
        setting = setting_of(configuration, situation, _draft(row, self._scale))
        used = self._counters.look(places_of(configuration.caps, found, setting))
        capped = cap_awards(configuration.caps, found, setting, used)
        self._counters.count(capped.uses, row.at)
        self.trimmed += capped.evaluation is not found
        return capped.evaluation, capped.uses

    def _remember(self, row: Happened, person: Person, evaluation: Evaluation, uses: Sequence[Use]) -> None:
        is_purchase, key = row.type == PURCHASE, f"{row.kind}:{row.source}:{row.external_id}"
        comes_back = row.id in self._returned or key in self._cancelled
        person.kept += is_purchase
        if not (self._remembers or comes_back):
            return
        entries = [person.credit(row.at, int(award.wallet), award.points) for award in evaluation.awards]
        deed = Bought(row.at, row.total * self._scale) if is_purchase else Done(row.at, row.type)
        if isinstance(deed, Bought):
            person.bought.append(deed)
        else:
            person.done.append(deed)
        if comes_back:
            given = [
                _Given(
                    self._codes[int(award.wallet)], int(award.wallet), award.points, share_texts(award.shares) or None,
                    [use for use in uses if use.wallet == award.wallet], entry,
                )
                for award, entry in zip(evaluation.awards, entries, strict=True)
            ]  # fmt: skip
            sale = _Sale(deed, _sold(_lines(row, self._scale)), given, self._paid_for(row))
            self._sales[row.id] = self._ending[key] = sale

    def _taken(self, given: _Given, lines: list[Sold], person: Person, told: Mapping[str, Any] | None) -> int:
        """What this step takes; what could not be taken then, because it was spent, could not be taken now either."""
        if given.taken == given.points:
            return 0
        asked = step_of(given.points, given.taken, brought_by(given.shares, lines), lines)
        given.taken += asked
        given.entry[2] -= asked
        if asked:
            is_all = given.taken == given.points
            self._counters.give_back(given.uses, points=asked, whole=given.points, is_all=is_all)
        waived = int(told["waived"]) if told else 0
        taken = asked - min(asked, waived)
        person.balances[given.wallet] = person.balances.get(given.wallet, 0) - taken
        return taken


def _draft(row: Happened, scale: Decimal) -> Draft:
    return Draft(
        kind=row.kind, type=row.type, source=row.source, external_id=row.external_id, number="", at=row.at, digest="",
        attributes=row.attributes, attributes_json="", currency=row.currency, total=row.total * scale,
        channel=row.channel, store=row.store, lines=_lines(row, scale),
    )  # fmt: skip


def _lines(row: Happened, scale: Decimal) -> tuple[Line, ...]:
    return tuple([_line(each, scale) for each in row.lines])


def _line(told: list[Any], scale: Decimal) -> Line:
    amount, quantity, tax, discount, sku, category, attributes, kind = told
    money = [NIL if text == NOUGHT else Decimal(text) * scale for text in (amount, tax, discount)]
    return Line(
        money[0], Decimal(quantity), money[1], money[2], sku=sku, category=category, attributes=attributes, kind=kind
    )


def _sold(lines: Sequence[Line]) -> list[Sold]:
    return [
        Sold(position, line.quantity, line.amount, line.kind == "item") for position, line in enumerate(lines, start=1)
    ]


def _is_plain(configuration: Configuration) -> bool:
    """Whether what an activity earns, before caps, hangs on its lines, its place and whether it is the first alone."""
    dated = any(rule.starts_at or rule.ends_at or rule.campaign for rule in configuration.rules)
    return not dated and not configuration.needs.has_standing and configuration.subjects <= PLAIN
