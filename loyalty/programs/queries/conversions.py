"""Changing points of one wallet into another's: what a member may change, what they get, what they changed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Sum

from loyalty.lib import clock
from loyalty.members.models import Member
from loyalty.programs.models.conversions import Conversion, ConversionRate
from loyalty.programs.models.program import Program
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.activities import units_of
from loyalty.programs.queries.balances import WalletBalance, balances_of, room_of
from loyalty.programs.queries.configuration import expiry_of
from loyalty.programs.queries.in_force import as_published, in_force_of, seen_in
from loyalty.programs.queries.moving import stands_on
from loyalty.programs.rules.conversions import received_of
from loyalty.programs.rules.expiry import expires_at
from loyalty.programs.rules.moving import fee_of, first_amount, left_of
from loyalty.programs.rules.wording.conversions import RateTold, sentences_for_rate


@dataclass(frozen=True, slots=True)
class ConvertingTerms:
    """What one member may change at one rate now. `left_today` is None without a limit, `room` without a cap."""

    rate: ConversionRate
    active: int
    has: int
    smallest: int
    left_today: int | None
    room: int | None

    @property
    def sentences(self) -> list[str]:
        return words_of_rate(self.rate)


@dataclass(frozen=True, slots=True)
class Quote:
    """What changing `given` would do: `fee` comes on top, `received` is had, `remains` is left of the one wallet and
    `then` in the other. `ends` is when what is received expires; None: never, or as what was given (`keeps_expiry`)."""

    rate: ConversionRate
    given: int
    fee: int
    received: int
    remains: int
    then: int
    ends: datetime | None

    @property
    def total(self) -> int:
        return self.given + self.fee


def rates_of(program_id: int) -> list[ConversionRate]:
    """The rates in force, between wallets in use whose points are spent."""
    rates = in_force_of(program_id, "conversions")
    open_to = [rate for rate in rates if rate.from_wallet.is_spendable and rate.to_wallet.is_spendable]
    return sorted(open_to, key=lambda rate: (rate.from_wallet.position, rate.pk))


def rate_between(from_wallet: Wallet, to_wallet: Wallet) -> ConversionRate | None:
    """At which rate the one becomes the other now; None where it does not."""
    pair = (from_wallet.pk, to_wallet.pk)
    rates = rates_of(from_wallet.program_id)
    return next((each for each in rates if (each.from_wallet_id, each.to_wallet_id) == pair), None)


def has_conversions(member: Member) -> bool:
    """Whether members of the program change points, or this one ever did."""
    return bool(rates_of(member.program_id)) or Conversion.objects.filter(member=member).exists()


def changed_on(member: Member, rate: ConversionRate, day: date) -> int:
    """Points (without fees) that the member changed from the one wallet into the other on that day."""
    made = Conversion.objects.filter(
        member=member, from_wallet=rate.from_wallet_id, to_wallet=rate.to_wallet_id, made_on=day
    )
    return made.aggregate(points=Sum("given"))["points"] or 0


def terms_of_converting(member: Member, *, at: datetime | None = None) -> list[ConvertingTerms]:
    """The rates at which the member may change points, with what they have and what is left of the limits."""
    at = at or clock.now()
    rates = rates_of(member.program_id)
    balances = {each.wallet.pk: each for each in balances_of(member, at)} if rates else {}
    today = clock.business_day(at, as_published(member.program).time_zone)
    return [terms_at(member, rate, balances, today) for rate in rates if stands_on(member, rate.tiers)]


def terms_at(member: Member, rate: ConversionRate, balances: dict[int, WalletBalance], today: date) -> ConvertingTerms:
    """What the member may change at one rate."""
    source, target = balances.get(rate.from_wallet_id), balances.get(rate.to_wallet_id)
    changed = changed_on(member, rate, today) if rate.per_day is not None else 0
    return ConvertingTerms(
        rate=rate,
        active=source.active if source else 0,
        has=target.active if target else 0,
        smallest=first_amount(rate.give, rate.minimum),
        left_today=left_of(rate.per_day, changed),
        room=room_of(target or WalletBalance(rate.to_wallet)),
    )


def fee_at(rate: ConversionRate, points: int) -> int:
    """What changing `points` costs on top."""
    return fee_of(points, fixed=rate.fee_points, percent=rate.fee_percent)


def quote_of(terms: ConvertingTerms, points: int, *, at: datetime | None = None) -> Quote:
    """What changing `points` would do, for the page before it is done."""
    rate, fee = terms.rate, fee_at(terms.rate, points)
    received = received_of(points, rate.give, rate.get)
    ends = None if rate.keeps_expiry else end_of_received(rate, at or clock.now())
    return Quote(rate, points, fee, received, terms.active - points - fee, terms.has + received, ends)


def end_of_received(rate: ConversionRate, at: datetime) -> datetime | None:
    """By the policy of the receiving wallet."""
    return expires_at(expiry_of(rate.to_wallet), at, rate.program.time_zone)


def words_of_rate(rate: ConversionRate) -> list[str]:
    """The rate in plain words."""
    return sentences_for_rate(
        RateTold(
            units_of(rate.from_wallet), units_of(rate.to_wallet), rate.give, rate.get, rate.minimum,
            rate.per_day, rate.fee_points, rate.fee_percent, rate.keeps_expiry, rate.tiers,
        )
    )  # fmt: skip


def conversions_of(member: Member, *, limit: int = 20) -> list[Conversion]:
    """What the member changed, newest first."""
    made = Conversion.objects.filter(member=member).select_related("from_wallet", "to_wallet")
    return seen_in(member.program, made.order_by("-id")[:limit], "from_wallet", "to_wallet")


def conversion_named(program: Program, source: str, external_id: str) -> Conversion | None:
    """The change of this id, as its source named it."""
    known = Conversion.objects.filter(program=program, source=source, external_id=external_id)
    return known.select_related("member", "from_wallet", "to_wallet", "program").first()


def conversions_by_key(keys: Iterable[str]) -> dict[str, Conversion]:
    """Changes by the source of their postings (conversion:<id>); no statement when there is none among `keys`."""
    numbers = [key[11:] for key in keys if key.startswith("conversion:") and key[11:].isdigit()]
    found = Conversion.objects.filter(pk__in=numbers).select_related("from_wallet", "to_wallet") if numbers else ()
    return {each.key: each for each in found}
