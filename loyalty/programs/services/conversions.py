"""Members change points of one wallet into those of another of their program."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from loyalty.ledger import services as ledger
from loyalty.ledger.errors import NotEnoughPoints
from loyalty.ledger.queries.locks import lock_accounts
from loyalty.ledger.queries.statement import uses_of
from loyalty.lib import clock
from loyalty.members.errors import MemberNotActive
from loyalty.members.models import Member
from loyalty.members.services.rows import locked
from loyalty.outbox.services import publish
from loyalty.programs.errors.conversions import ConversionReused, ConversionsOff
from loyalty.programs.errors.moving import OverLimit, WrongAmount
from loyalty.programs.errors.programs import UnknownWallet
from loyalty.programs.events import PointsConverted
from loyalty.programs.models.conversions import Conversion
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries import conversions as queries
from loyalty.programs.queries.activities import units_of
from loyalty.programs.queries.balances import balances_of
from loyalty.programs.queries.in_force import as_published
from loyalty.programs.queries.moving import stands_on
from loyalty.programs.rules.conversions import Part, parts_of, received_of
from loyalty.programs.rules.moving import is_whole_steps
from loyalty.programs.rules.wording.amounts import points_of
from loyalty.programs.rules.wording.conversions import words_for_conversion
from loyalty.programs.services.holdings import ensure_within, holdings_of
from loyalty.programs.services.transactions import in_transaction

CONTRA = "converted"
CONTENT = ("member_id", "from_wallet_id", "to_wallet_id", "given")


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who wants to change how many of what into what, and under which name."""

    member: Member
    from_wallet: Wallet
    to_wallet: Wallet
    points: int
    source: str
    id: str
    actor: str


def convert_points(
    member: Member,
    from_wallet: Wallet,
    to_wallet: Wallet,
    *,
    points: int,
    id: str,
    source: str,
    at: datetime | None = None,
    actor: str,
) -> Conversion:
    """`points` of one wallet become points of the other at the program's rate; a fee is paid on top.

    The same `id` of a `source` with the same content is the same change, for ever. Raises ConversionsOff, WrongAmount,
    OverLimit, OverCap, ConversionReused, MemberNotActive, UnknownWallet, NotEnoughPoints.
    """
    for field, wallet in (("from", from_wallet), ("to", to_wallet)):
        if wallet.program_id != member.program_id:
            raise UnknownWallet(field=field)
    asked = _Asked(member, from_wallet, to_wallet, points, source, id, actor)
    return in_transaction(lambda: _convert(asked, at or clock.now()))


def _convert(asked: _Asked, at: datetime) -> Conversion:
    """The member's row is locked first: what is left of their day and of their room is one number at a time."""
    member = locked(asked.member)
    known = queries.conversion_named(member.program, asked.source, asked.id)
    if known is None:
        facts = _judged(member, asked, at)
        known, is_new = Conversion.objects.get_or_create(
            program=member.program, source=asked.source, external_id=asked.id, defaults=facts
        )
        if is_new:
            with holdings_of(member.program_id, [member.pk], actor=asked.actor, at=at):
                _move(known, at)
            return known
    content = (member.pk, asked.from_wallet.pk, asked.to_wallet.pk, asked.points)
    if content != tuple(getattr(known, name) for name in CONTENT):
        raise ConversionReused(field="id")
    return known


def _judged(member: Member, asked: _Asked, at: datetime) -> dict[str, Any]:
    """What the rate says of it; raises, or answers with the facts to be kept."""
    if member.status != Member.Status.ACTIVE:
        raise MemberNotActive(field="member")
    rate = queries.rate_between(asked.from_wallet, asked.to_wallet)
    if rate is None or not stands_on(member, rate.tiers):
        raise ConversionsOff(field="from")
    today = clock.business_day(at, as_published(member.program).time_zone)
    balances = {each.wallet.pk: each for each in balances_of(member, at)}
    ensure_convertible(queries.terms_at(member, rate, balances, today), asked.points)
    return {
        "rate": rate, "member": member, "from_wallet": rate.from_wallet, "to_wallet": rate.to_wallet,
        "given": asked.points, "fee": queries.fee_at(rate, asked.points),
        "received": received_of(asked.points, rate.give, rate.get), "made_on": today, "actor": asked.actor,
        "created_at": at,
    }  # fmt: skip


def ensure_convertible(terms: queries.ConvertingTerms, points: int) -> None:
    """Raises WrongAmount, OverLimit, OverCap, NotEnoughPoints."""
    rate = terms.rate
    units = units_of(rate.from_wallet)
    if not is_whole_steps(points, rate.give):
        words = _("These points are changed in steps of %(step)s.") % {"step": points_of(rate.give, units)}
        raise WrongAmount(words, field="points", step=rate.give)
    if points < rate.minimum:
        words = _("Change at least %(minimum)s.") % {"minimum": points_of(terms.smallest, units)}
        raise WrongAmount(words, field="points", minimum=terms.smallest)
    if terms.left_today is not None and points > terms.left_today:
        words = _("You can change %(left)s more today.") % {"left": points_of(terms.left_today, units)}
        raise OverLimit(words, field="points", left=terms.left_today)
    if points + queries.fee_at(rate, points) > terms.active:
        raise NotEnoughPoints(field="points")
    ensure_within(terms.room, received_of(points, rate.give, rate.get), rate.to_wallet)


def _move(made: Conversion, at: datetime) -> None:
    """Out of the one account, into the other; both locked in the order of their ids."""
    subject = made.member.subject
    from_id = ledger.open_account(wallet_id=made.from_wallet_id, subject=subject)
    to_id = ledger.open_account(wallet_id=made.to_wallet_id, subject=subject)
    lock_accounts([from_id, to_id])
    told = words_for_conversion(
        points_of(made.given, units_of(made.from_wallet)), points_of(made.received, units_of(made.to_wallet))
    )
    facts: dict[str, Any] = {"at": at, "actor": made.actor, "source": made.key, "kind": "conversion", "contra": CONTRA}
    spent = ledger.spend(from_id, points=made.given, key=made.key, note=told, **facts)
    used: list[Part] = [(use.points, use.expires_at) for use in uses_of(from_id, spent.posting_id)]
    if not made.rate.keeps_expiry:
        used = [(made.given, queries.end_of_received(made.rate, at))]
    for number, (points, end) in enumerate(parts_of(made.received, used), 1):
        ledger.award(to_id, points=points, key=f"{made.key}:{number}", expires_at=end, note=told, **facts)
    if made.fee:
        ledger.spend(
            from_id, points=made.fee, key=f"{made.key}:fee", **facts | {"kind": "fee", "contra": "fees"}
        )  # fmt: skip
    publish(
        PointsConverted(
            made.program_id, made.pk, made.member_id, made.from_wallet_id, made.to_wallet_id, made.given, made.fee,
            made.received, at,
        )
    )  # fmt: skip
