"""Reviews: written by members, looked at by staff, paid once on approval. Every step is harmless twice."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from loyalty.lib import clock
from loyalty.lib.errors import Busy, DomainError
from loyalty.lib.text import is_legible
from loyalty.members.errors import MemberNotActive
from loyalty.members.models import Member
from loyalty.members.services.rows import sign
from loyalty.outbox.services import publish
from loyalty.programs.errors.reviews import NothingToReview, ReviewChanged, ReviewDecided, ReviewsOff, WrongReview
from loyalty.programs.events import Awarded, ReviewSettled
from loyalty.programs.models.reviews import Review, ReviewPolicy
from loyalty.programs.queries.occasions import of_laurel
from loyalty.programs.queries.reviews import Subject, may_write_anew, policy_of, subject_of
from loyalty.programs.services.checks import ensure_text
from loyalty.programs.services.occasions import record_once
from loyalty.programs.services.storing import awards_from_json
from loyalty.programs.services.transactions import in_transaction

State = Review.State
STARS = range(1, 6)


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of many at once: how many were approved, and for each other one why not."""

    approved: int
    refusals: tuple[str, ...]


def write_review(member: Member, sku: str, *, stars: int, text: str, actor: str, at: datetime | None = None) -> Review:
    """Write about an item (or the shop, with an empty `sku`), or write anew while that is possible; it then waits.

    The same words again change nothing. Raises ReviewsOff, NothingToReview, WrongReview, ReviewDecided,
    MemberNotActive.
    """
    policy = policy_of(member.program)
    if policy is None:
        raise ReviewsOff
    if member.status != Member.Status.ACTIVE:
        raise MemberNotActive
    subject = subject_of(member, policy, sku)
    if subject is None:
        raise NothingToReview
    said = {"stars": stars, "text": _sound(policy, stars, text)}
    return in_transaction(lambda: _write(member, subject, said, at or clock.now()))


def approve_review(review: Review, *, seen: int, actor: str, at: datetime | None = None) -> Review:
    """Approve the writing that staff saw (`seen` is its version): the member earns, as of when it was written.

    Once for ever; harmless twice. One that was refused may still be approved. Raises ReviewChanged, and whatever
    recording an activity raises: then nothing is decided.
    """
    return in_transaction(lambda: _approve(review.pk, seen, actor, at or clock.now()))


def approve_reviews(seen: Iterable[tuple[Review, int]], *, actor: str) -> Decided:
    """Approve many, each in a transaction of its own; one that cannot be approved stops no other."""
    approved, refusals = 0, []
    for review, version in seen:
        try:
            approve_review(review, seen=version, actor=actor)
        except Busy:
            raise
        except DomainError as error:
            refusals.append(f"{review}: {error}")
        else:
            approved += 1
    return Decided(approved, tuple(refusals))


def refuse_review(
    review: Review, *, seen: int, reason: str, is_final: bool = False, actor: str, at: datetime | None = None
) -> Review:
    """Refuse with a reason that the member reads; unless `is_final` they may write it anew.

    Raises ReviewChanged, WrongFacts (no reason), ReviewDecided (it was approved and has paid).
    """
    ensure_text("reason", reason, 300, needed=True)
    return in_transaction(lambda: _refuse(review.pk, seen, reason.strip(), is_final, actor, at or clock.now()))


def save_review_policy(policy: ReviewPolicy, *, actor: str) -> ReviewPolicy:
    """The policy as it is now."""
    sign(policy, actor).save()
    return policy


def key_of(review: Review) -> str:
    """What an approved review is known by among the activities, for ever."""
    return f"review:{review.pk}"


def told_of(review: Review) -> dict[str, Any]:
    """What earning rules may ask of it."""
    return {"stars": review.stars} | ({"product": review.sku} if review.sku else {})


def _sound(policy: ReviewPolicy, stars: int, text: str) -> str:
    if stars not in STARS:
        raise WrongReview(_("Give one to five stars."), field="stars")
    text = "\n".join(line.rstrip() for line in text.strip().splitlines())
    if len(text) < policy.shortest:
        words = _("Please write at least %(count)d characters.") % {"count": policy.shortest}
        raise WrongReview(words, field="text")
    if len(text) > policy.longest:
        raise WrongReview(_("Please write at most %(count)d characters.") % {"count": policy.longest}, field="text")
    if not all(is_legible(line) for line in text.split("\n")):
        raise WrongReview(_("This holds characters that cannot be seen."), field="text")
    return text


def _write(member: Member, subject: Subject, said: dict[str, Any], at: datetime) -> Review:
    review = _locked(member=member, sku=subject.sku)
    if review is None:
        try:
            with transaction.atomic():
                return Review.objects.create(
                    program=member.program, member=member, sku=subject.sku, item=subject.item, written_at=at, **said
                )
        except IntegrityError:  # by another click, this very moment
            return _write(member, subject, said, at)
    if said == {name: getattr(review, name) for name in said} and review.state != State.REFUSED:
        return review
    if not may_write_anew(review):
        raise ReviewDecided
    review.state, review.reason, review.decided_at, review.decided_by = State.WAITING, "", None, ""
    review.stars, review.text, review.written_at, review.version = said["stars"], said["text"], at, review.version + 1
    review.save()
    return review


def _approve(review_id: int, seen: int, actor: str, at: datetime) -> Review:
    review = _to_decide(review_id, seen)
    if review.state == State.APPROVED:
        return review
    key = key_of(review)
    record_once(review.member, "review", key, at=review.written_at, attributes=told_of(review), actor=actor)
    review.activity = of_laurel(review.program).get(external_id=key)
    return _decide(review, State.APPROVED, "", is_final=False, actor=actor, at=at)


def _refuse(review_id: int, seen: int, reason: str, is_final: bool, actor: str, at: datetime) -> Review:
    review = _to_decide(review_id, seen)
    if review.state == State.APPROVED:
        raise ReviewDecided(_("This review was approved and has paid. It cannot be refused any more."))
    return _decide(review, State.REFUSED, reason, is_final=is_final, actor=actor, at=at)


def _to_decide(review_id: int, seen: int) -> Review:
    review = _locked(pk=review_id)
    if review is None or review.version != seen:
        raise ReviewChanged
    return review


def _decide(review: Review, state: str, reason: str, *, is_final: bool, actor: str, at: datetime) -> Review:
    review.state, review.reason, review.is_final = state, reason, is_final
    review.decided_at, review.decided_by = at, actor[:80]
    review.save()
    publish(_decided_event(review))
    return review


def _decided_event(review: Review) -> ReviewSettled:
    wallets = dict(review.program.wallets.values_list("code", "pk"))
    awards = awards_from_json(review.activity.awards) if review.activity else ()
    return ReviewSettled(
        program_id=review.program_id,
        member_id=review.member_id,
        review_id=review.pk,
        version=review.version,
        item=review.item,
        is_approved=review.state == State.APPROVED,
        reason=review.reason,
        may_write_anew=may_write_anew(review),
        awards=[Awarded(wallets[each.wallet_code], each.wallet_code, each.points, each.state) for each in awards],
    )


def _locked(**which: Any) -> Review | None:
    rows = Review.objects.select_for_update(of=("self",), no_key=True).select_related("program", "member__program")
    return rows.filter(**which).first()
