"""What points of one wallet become in another. Pure."""

from collections.abc import Sequence
from datetime import datetime

type Part = tuple[int, datetime | None]  # points, and their end (None: never)


def received_of(points: int, give: int, get: int) -> int:
    """What `points` become where each `give` become `get`: whole steps only."""
    return points // give * get


def parts_of(received: int, given: Sequence[Part]) -> list[Part]:
    """What is received, divided by the ends of what was given, in that order: cumulative, so that the sum is exact."""
    total, so_far, told = sum(points for points, _end in given), 0, 0
    parts: list[Part] = []
    for points, end in given:
        so_far += points
        part = received * so_far // total - told
        told += part
        if part and parts and parts[-1][1] == end:
            parts[-1] = (parts[-1][0] + part, end)
        elif part:
            parts.append((part, end))
    return parts
