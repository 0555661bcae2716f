from loyalty.messaging import services
from loyalty.programs.events import PointsExpiring, PointsSent


def warn_of_expiry(event: PointsExpiring) -> None:
    services.warn_of_expiry(
        member_id=event.member_id,
        wallet_id=event.wallet_id,
        points=event.points,
        expires_at=event.expires_at,
        until=event.until,
        days=event.days,
    )


def tell_of_transfer(event: PointsSent) -> None:
    services.tell_of_transfer(event.transfer_id)
