"""What a household gets of an award, and what those get who leave it. Pure."""

from collections.abc import Mapping


def part_of(points: int, percent: int) -> int:
    """The household's part of an award, rounded down; the rest stays with the member."""
    return points * percent // 100


def share_of(balance: int, own: int, all_put_in: int) -> int:
    """A member's part of what is left, by what they put in (net of what they took; never below nothing)."""
    return balance * max(own, 0) // all_put_in if all_put_in > 0 else 0


def shares_of(balance: int, put_in: Mapping[int, int], owner: int) -> dict[int, int]:
    """What each gets when the household ends: by what they put in; what cannot be divided goes to the owner."""
    total = sum(max(net, 0) for net in put_in.values())
    shares = {member: share_of(balance, net, total) for member, net in put_in.items()}
    shares[owner] = shares.get(owner, 0) + balance - sum(shares.values())
    return shares


def owed_back(got: int, given: int, kept: int, credited: int) -> int:
    """What the household owes of an award after a return: it `got` so much of `credited` points, gave back `given`
    before, and `kept` points of the award are still earned. All parts sum exactly to what it got."""
    may_keep = got * min(kept, credited) // credited
    return max(got - given - may_keep, 0)
