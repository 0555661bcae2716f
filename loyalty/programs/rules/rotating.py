"""Codes that change every 30 seconds: HMAC-SHA-256 of the time's step, so that a picture of one soon means nothing."""

import hmac
from base64 import b32encode
from datetime import datetime

SECONDS = 30
LENGTH = 16  # letters, 80 bits


def step_of(at: datetime) -> int:
    """Which code is shown at `at` (aware)."""
    return int(at.timestamp()) // SECONDS


def code_for(secret: str, step: int) -> str:
    """The code of one step."""
    digest = hmac.digest(bytes.fromhex(secret), step.to_bytes(8), "sha256")
    return b32encode(digest)[:LENGTH].decode().lower()


def is_current(secret: str, code: str, at: datetime) -> bool:
    """Whether `code` is shown at `at`, or was the one before: a phone takes a moment to open the page."""
    now = step_of(at)
    codes = [code_for(secret, step) for step in (now, now - 1)]
    return any(hmac.compare_digest(each.encode(), code.encode()) for each in codes)


def seconds_left(at: datetime) -> int:
    """How long the code of `at` is still shown, 1 to 30."""
    return SECONDS - int(at.timestamp()) % SECONDS
