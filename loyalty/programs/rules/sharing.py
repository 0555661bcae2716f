"""Links of members: their periods, who a visitor is, and the networks' addresses for sharing."""

import hashlib
import hmac
from datetime import date
from urllib.parse import quote, urlencode

PERIODS = ("ever", "month", "week", "day")
MOST_VISITS = 10_000  # that are remembered of one link


def period_of(period: str, day: date) -> str:
    """The period that a local day is in: `ever`, `2026-11`, `2026-W48` (ISO 8601) or `2026-11-30`."""
    if period == "month":
        return f"{day:%Y-%m}"
    if period == "week":
        year, week, _weekday = day.isocalendar()
        return f"{year}-W{week:02d}"
    return f"{day:%Y-%m-%d}" if period == "day" else "ever"


def visitor_of(secret: str, address: str, browser: str) -> str:
    """What tells one browser at one address from others, and cannot be turned back into either (128 bits of HMAC)."""
    told = f"{address}\n{browser}".encode()
    return hmac.new(secret.encode(), told, hashlib.sha256).hexdigest()[:32]


def networks_for(link: str, title: str, text: str) -> list[tuple[str, str]]:
    """Name → the address with which the network lets people share; mail and messages open on the device itself."""
    words = text or title
    both = f"{words} {link}"
    return [
        ("WhatsApp", f"https://wa.me/?{urlencode({'text': both})}"),
        ("Facebook", f"https://www.facebook.com/sharer/sharer.php?{urlencode({'u': link})}"),
        ("X", f"https://x.com/intent/post?{urlencode({'text': words, 'url': link})}"),
        ("Telegram", f"https://t.me/share/url?{urlencode({'url': link, 'text': words})}"),
        ("LinkedIn", f"https://www.linkedin.com/sharing/share-offsite/?{urlencode({'url': link})}"),
        ("E-mail", f"mailto:?subject={quote(title)}&body={quote(both)}"),
        ("SMS", f"sms:?&body={quote(both)}"),
    ]
