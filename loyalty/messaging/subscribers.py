from loyalty.messaging import services
from loyalty.programs.events import MemberTierChanged, PointsExpiring, PointsSent, ReviewSettled, TierEnding


def warn_of_expiry(event: PointsExpiring) -> None:
    services.warn_of_expiry(
        member_id=event.member_id,
        wallet_id=event.wallet_id,
        points=event.points,
        expires_at=event.expires_at,
        until=event.until,
        days=event.days,
    )


def tell_of_tier(event: MemberTierChanged) -> None:
    services.tell_of_tier(
        member_id=event.member_id,
        tier_set=event.tier_set,
        before=event.before,
        after=event.after,
        why=event.why,
        at=event.at,
        is_quiet=event.is_quiet,
    )


def warn_of_tier(event: TierEnding) -> None:
    services.warn_of_tier(
        member_id=event.member_id,
        tier_set=event.tier_set,
        tier=event.tier,
        then=event.then,
        ends_at=event.ends_at,
        days=event.days,
        missing=event.missing,
    )


def tell_of_transfer(event: PointsSent) -> None:
    services.tell_of_transfer(event.transfer_id)


def tell_of_review(event: ReviewSettled) -> None:
    services.tell_of_review(
        member_id=event.member_id,
        key=f"review:{event.review_id}:{event.version}:{event.is_approved}",
        item=event.item,
        refusal="" if event.is_approved else event.reason,
        may_write_anew=event.may_write_anew,
        earned={award.wallet_id: award.points for award in event.awards},
    )
