"""What a member can do to earn, with what each way pays them today: by dry runs, so that nothing is written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from loyalty.lib import clock
from loyalty.lib.errors import DomainError
from loyalty.members.models import Member
from loyalty.programs.models.kinds import ActivityKind
from loyalty.programs.models.program import Program
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.activities import units_of
from loyalty.programs.queries.checkins import has_checked_in, is_open, is_over, places_of
from loyalty.programs.queries.configuration import Configuration, configuration_of
from loyalty.programs.queries.kinds import done_by, kinds_of, paid_at, paid_values, schema_of
from loyalty.programs.queries.occasions import missing_from_profile, recorded_at
from loyalty.programs.queries.referrals import policy_of
from loyalty.programs.queries.reviews import policy_of as review_policy_of
from loyalty.programs.queries.reviews import reviews_of, subjects_of
from loyalty.programs.queries.sharing import is_open as is_shared_now
from loyalty.programs.queries.sharing import items_of, shares_now
from loyalty.programs.queries.surveys import answered_by, state_of, surveys_for
from loyalty.programs.rules.campaigns import Campaign
from loyalty.programs.rules.days import local_day
from loyalty.programs.rules.earning import Rule
from loyalty.programs.rules.kinds import BUILT_IN
from loyalty.programs.rules.matching import is_for
from loyalty.programs.rules.occurrence import PURCHASE, Occurrence
from loyalty.programs.rules.wording.earning import sentence_for_rule
from loyalty.programs.rules.wording.ways import (
    looked_at_by_staff,
    note_of,
    share_note,
    still_missing,
    things_to_review,
    time_of_event,
    times_done,
    title_of,
    to_be_done,
)
from loyalty.programs.services.activities import record_activity
from loyalty.programs.services.drafts import draft_of_activity
from loyalty.programs.services.facts import NOTHING, ActivityFacts
from loyalty.programs.services.storing import situation_of

OPEN, WAITING, DONE = "open", "waiting", "done"


@dataclass(frozen=True, slots=True)
class Pay:
    """Points in one wallet; pending ones can be spent later."""

    points: int
    wallet: Wallet
    is_pending: bool


@dataclass(frozen=True, slots=True)
class Way:
    """One thing to do. `kind` is a type of activity, `ref` which of them; `at` when it was done (aware)."""

    kind: str
    title: str
    note: str
    state: str = OPEN
    pays: tuple[Pay, ...] = ()
    ref: str = ""
    url: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """A campaign that runs for the member: what it is about, and its rules in sentences."""

    name: str
    description: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ways:
    """Everything by which a member earns: campaigns, what shopping always pays, and what there is to do."""

    offers: tuple[Offer, ...]
    shopping: tuple[str, ...]
    ways: tuple[Way, ...]

    def in_state(self, *states: str) -> list[Way]:
        return [way for way in self.ways if way.state in states]


@dataclass
class Desk:
    """What every way asks: who, when, the configuration, and what a type of activity pays."""

    member: Member
    now: datetime = field(default_factory=clock.now)

    @cached_property
    def program(self) -> Program:
        return self.member.program

    @cached_property
    def configuration(self) -> Configuration:
        return configuration_of(self.program)

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """What is in force now and pays."""
        return tuple(rule for rule in self.configuration.rules if not rule.is_shadow and _is_on(rule, self.now))

    @cached_property
    def kinds(self) -> dict[str, ActivityKind]:
        """The types that the program named itself."""
        return kinds_of(self.program)

    @cached_property
    def done(self) -> dict[str, tuple[int, datetime]]:
        """Type → how often the member did it, and when last."""
        return done_by(self.member)

    def has_rules(self, type: str) -> bool:
        return any(rule.trigger == type for rule in self.rules)

    def pays(self, type: str, attributes: Mapping[str, Any] = NOTHING) -> tuple[Pay, ...]:
        """What an activity of this type would pay the member now; nothing where it would be refused."""
        if not self.has_rules(type):
            return ()
        facts = ActivityFacts(
            source="laurel", id="preview", type=type, member=self.member, at=self.now, attributes=attributes
        )
        try:
            recorded = record_activity(self.program, facts, actor="preview", dry_run=True)
        except DomainError:
            return ()
        wallets = {terms.wallet.code: terms.wallet for terms in self.configuration.wallets.values()}
        return tuple(Pay(each.points, wallets[each.wallet_code], each.state == "pending") for each in recorded.awards)

    def sentences(self, type: str) -> list[str]:
        """The rules for a type, without those of campaigns, in the member's words."""
        return [self._sentence(rule) for rule in self.rules if rule.trigger == type and rule.campaign is None]

    def offers(self) -> list[Offer]:
        """The campaigns in whose audience the member is now."""
        running = dict.fromkeys(rule.campaign for rule in self.rules if rule.campaign)
        if not running:
            return []
        moment = self._moment()
        return [self._offer(campaign) for campaign in running if is_for(campaign, moment)]

    def _offer(self, campaign: Campaign) -> Offer:
        sentences = [self._sentence(rule) for rule in self.rules if rule.campaign == campaign]
        return Offer(campaign.name, campaign.description, tuple(sentences))

    def _moment(self) -> Occurrence:
        """The member, as a purchase of this moment would find them."""
        zone = self.program.time_zone
        facts = ActivityFacts(source="laurel", id="preview", type=PURCHASE, member=self.member, at=self.now)
        draft = draft_of_activity(facts)
        situation = situation_of(self.program.pk, draft, lock=False, needs=self.configuration.needs, zone=zone)
        return Occurrence(
            type=PURCHASE, at=self.now, local=self.now.astimezone(ZoneInfo(zone)), is_first=not situation.has_bought,
            member=situation.attributes, standing=situation.standing,
        )  # fmt: skip

    def _sentence(self, rule: Rule) -> str:
        units = units_of(self.configuration.wallets[int(rule.wallet)].wallet)
        return sentence_for_rule(rule, units, self.program.currency, "member", zone=self.program.time_zone)


def ways_for(member: Member) -> Ways:
    """What `member` can do now. In the language in force."""
    desk = Desk(member)
    ways = [
        way
        for of_kind in (_profile, _invitation, _reviews, _surveys, _shares, _places, _by_itself, _of_the_brand)
        for way in of_kind(desk)
    ]
    return Ways(tuple(desk.offers()), tuple(desk.sentences(PURCHASE)), tuple(ways))


def _is_on(rule: Rule, now: datetime) -> bool:
    if rule.campaign is not None and rule.campaign.state_at(now) != "running":
        return False
    return (rule.starts_at is None or rule.starts_at <= now) and (rule.ends_at is None or now < rule.ends_at)


def _profile(desk: Desk) -> Iterator[Way]:
    at = recorded_at(desk.program, f"profile:{desk.member.number}")
    if at:
        yield Way("profile", title_of("profile"), "", DONE, at=at)
    elif desk.has_rules("profile"):
        missing = missing_from_profile(desk.member)
        note = still_missing(missing) if missing else note_of("profile")
        yield Way("profile", title_of("profile"), note, OPEN if missing else WAITING, desk.pays("profile"))


def pays_of_inviting(member: Member) -> dict[str, tuple[Pay, ...]]:
    """What an invitation pays to both sides now."""
    desk = Desk(member)
    return {"own": desk.pays("referral"), "friends": desk.pays("referred")}


def _invitation(desk: Desk) -> Iterator[Way]:
    if policy_of(desk.program):
        yield Way("referral", title_of("referral"), note_of("referral"), OPEN, desk.pays("referral"))


def pays_of_review(member: Member, sku: str = "") -> tuple[Pay, ...]:
    """What a good review pays now."""
    return Desk(member).pays("review", {"stars": 5} | ({"product": sku} if sku else {}))


def _reviews(desk: Desk) -> Iterator[Way]:
    policy = review_policy_of(desk.program) if desk.has_rules("review") else None
    if policy is None:
        return
    subjects, own = subjects_of(desk.member, policy), reviews_of(desk.member)
    if subjects:
        pays = desk.pays("review", {"stars": 5} | ({"product": subjects[-1].sku} if subjects[-1].sku else {}))
        yield Way("review", title_of("review"), things_to_review(len(subjects)), OPEN, pays)
    elif any(review.state == review.State.WAITING for review in own):
        yield Way("review", title_of("review"), looked_at_by_staff(), OPEN)
    elif approved := [review for review in own if review.state == review.State.APPROVED]:
        yield Way("review", title_of("review"), "", DONE, at=approved[0].written_at)
    else:
        yield Way("review", title_of("review"), note_of("review"), WAITING, desk.pays("review", {"stars": 5}))


def _surveys(desk: Desk) -> Iterator[Way]:
    found = surveys_for(desk.member)
    answered = answered_by(desk.member) if found else {}
    for survey in found:
        if at := answered.get(survey.pk):
            yield Way("survey", survey.title, "", DONE, ref=survey.code, at=at)
        elif state_of(survey, desk.now) == "open":
            pays = desk.pays("survey", {"survey": survey.code})
            yield Way("survey", survey.title, survey.intro or note_of("survey"), OPEN, pays, ref=survey.code)


def _shares(desk: Desk) -> Iterator[Way]:
    items = items_of(desk.program) if desk.has_rules("share") else []
    own = shares_now(desk.member, items, desk.now) if items else {}
    for item in items:
        share = own.get(item.pk)
        if share and share.activity:
            yield Way("share", item.title, "", DONE, ref=item.code, at=share.activity.event_at)
        elif is_shared_now(item, desk.now):
            pays = desk.pays("share", {"item": item.code})
            yield Way("share", item.title, share_note(item.pays_on, item.period), OPEN, pays, ref=item.code)


def _places(desk: Desk) -> Iterator[Way]:
    for place in places_of(desk.program):
        is_coming = place.kind == place.Kind.EVENT and bool(place.starts_at) and not is_over(place, desk.now)
        if not (desk.has_rules(place.kind) and (is_coming or is_open(place, desk.now))):
            continue
        is_done = has_checked_in(place, desk.member, desk.now)
        when = time_of_event(place.starts_at, place.ends_at, desk.program.time_zone, desk.now)
        note = f"{when} · {note_of(place.kind)}" if when and place.kind == place.Kind.EVENT else note_of(place.kind)
        pays = () if is_done else desk.pays(place.kind, {"place": place.code})
        yield Way(
            place.kind, place.name, note, DONE if is_done else WAITING, pays, ref=place.code,
            at=desk.now if is_done else None,
        )  # fmt: skip


def _by_itself(desk: Desk) -> Iterator[Way]:
    """What comes without doing anything, and what only the brand's app can tell."""
    for code in ("birthday", "anniversary", "app_open", "video"):
        kind = desk.kinds.get(code)
        is_hidden = (kind and not kind.is_shown) or (code == "birthday" and not desk.member.birth_date)
        if desk.has_rules(code) and not is_hidden:
            yield _usual_way(desk, code, kind)


def _usual_way(desk: Desk, code: str, kind: ActivityKind | None) -> Way:
    """In the program's words where it has some; done today, or how often so far, where that says something."""
    title, note = (kind.name, kind.description or note_of(code)) if kind else (title_of(code), note_of(code))
    times, last = desk.done.get(code, (0, desk.now))
    zone = desk.program.time_zone
    if code == "app_open" and times and local_day(last, zone) == local_day(desk.now, zone):
        return Way(code, title, "", DONE, at=last)
    if at := _earned_at(desk, code):
        return Way(code, title, "", DONE, at=at)
    if code == "video":
        note = f"{note} {times_done(times)}".strip()
    url = kind.url if kind else ""
    return Way(code, title, note, OPEN if url else WAITING, desk.pays(code, _told(code)), url=url)


def _told(kind: str) -> Mapping[str, Any]:
    told: dict[str, Mapping[str, Any]] = {"anniversary": {"years": 1}, "video": {"video": "preview"}}
    return told.get(kind, NOTHING)


def _of_the_brand(desk: Desk) -> Iterator[Way]:
    """The types that the program named itself."""
    for code, kind in desk.kinds.items():
        if kind.is_shown and code not in BUILT_IN and desk.has_rules(code):
            yield _own_way(desk, kind)


def _own_way(desk: Desk, kind: ActivityKind) -> Way:
    still, told = _still_open(desk, kind)
    if at := _earned_at(desk, kind.code) or (still == () and desk.done.get(kind.code, (0, desk.now))[1]):
        return Way(kind.code, kind.name, "", DONE, at=at)
    pays = desk.pays(kind.code, told)
    note = kind.description if pays else " ".join([kind.description, *desk.sentences(kind.code)]).strip()
    open_now = to_be_done(still) if still else ""
    note = f"{note} {times_done(desk.done.get(kind.code, (0, desk.now))[0])} {open_now}"
    return Way(kind.code, kind.name, " ".join(note.split()), OPEN if kind.url else WAITING, pays, url=kind.url)


def _earned_at(desk: Desk, type: str) -> datetime | None:
    """When the member earned what the type pays once, or once a day, so that it pays nothing now."""
    once = desk.configuration.once.get(type)
    slot = once.slot(NOTHING, desk.now, desk.program.time_zone) if once and once.how != "value" else None
    return paid_at(desk.member.pk, type, slot) if slot else None


def _still_open(desk: Desk, kind: ActivityKind) -> tuple[tuple[str, ...] | None, Mapping[str, Any]]:
    """Where each value of an attribute pays once: those still to be earned if they are known, and one to ask about."""
    once = desk.configuration.once.get(kind.code)
    if once is None or once.how != "value":
        return None, NOTHING
    choices = next((each.choices for each in schema_of(kind).attributes if each.name == once.attribute), ())
    if not choices:
        return None, {once.attribute: "preview"}
    paid = paid_values(desk.member.pk, kind.code, once.attribute)
    still = tuple(choice for choice in choices if choice not in paid)
    return still, {once.attribute: (still or choices)[0]}
