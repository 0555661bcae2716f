"""What a changed ladder would do to today's members, before it is saved."""

from collections import Counter
from dataclasses import dataclass
from itertools import batched

from loyalty.lib import clock
from loyalty.members.models import Member
from loyalty.programs.models.program import Program
from loyalty.programs.queries.tiers import Look, look_at
from loyalty.programs.rules.tiers import BELOW, Ladder, Rung, judge

SAMPLE = 20_000
SLICE = 2_000


@dataclass(frozen=True, slots=True)
class RungPreview:
    """A rung (None: below the lowest) with the members on it now and afterwards; `share` is of all, in per cent."""

    rung: Rung | None
    before: int
    after: int
    share: int


@dataclass(frozen=True, slots=True)
class LadderPreview:
    """Who rises, who falls at once, and who is kept by a promise alone and falls when it ends.

    Of a large program it is reckoned from `looked_at` members drawn by chance, and `is_estimate` says so.
    """

    rungs: list[RungPreview]
    members: int
    risen: int
    fallen: int
    falling_later: int
    looked_at: int

    @property
    def is_estimate(self) -> bool:
        return self.looked_at < self.members

    @property
    def moves_anyone(self) -> bool:
        return bool(self.risen or self.fallen or self.falling_later)


def preview_ladder(program: Program, stored: Ladder | None, changed: Ladder) -> LadderPreview:
    """What `changed` would do instead of `stored` (None: there is no such ladder yet); stores nothing."""
    members = Member.objects.of(program).active()
    drawn = dict(members.order_by("subject").values_list("pk", "joined_at")[:SAMPLE])
    total = len(drawn) if len(drawn) < SAMPLE else members.count()
    before: Counter[int] = Counter()
    after: Counter[int] = Counter()
    moves: Counter[str] = Counter()
    at = clock.now()
    for some in batched(drawn.items(), SLICE):
        for look in look_at([changed], dict(some), at=at, zone=program.time_zone):
            judged = judge(changed, look.held, look.counts, look.moment)
            old = _old_place(look, stored, changed)
            before[old] += 1
            after[judged.place] += 1
            moves["risen"] += judged.place > old
            moves["fallen"] += judged.place < old
            deserved = max(changed.place_for(look.counts.now), changed.place_for(look.counts.before))
            moves["later"] += judged.place == old and not judged.is_locked and judged.floor == BELOW and deserved < old
    scale = total / len(drawn) if drawn else 1
    places = range(len(changed.rungs) - 1, BELOW - 1, -1)
    rungs = [_rung(changed, place, before, after, scale, total) for place in places]
    if not rungs[-1].before and not rungs[-1].after:
        rungs.pop()
    risen, fallen, later = (round(moves[name] * scale) for name in ("risen", "fallen", "later"))
    return LadderPreview(rungs, total, risen, fallen, 0 if changed.downgrade == "never" else later, len(drawn))


def _old_place(look: Look, stored: Ladder | None, changed: Ladder) -> int:
    """Where the member stands now, in the places of the changed ladder."""
    if look.is_stored:
        return look.held.place
    rung = stored.rung_at(stored.base) if stored else None
    return changed.place_of(rung.id) if rung else BELOW


def _rung(
    ladder: Ladder, place: int, before: Counter[int], after: Counter[int], scale: float, total: int
) -> RungPreview:
    now, then = round(before[place] * scale), round(after[place] * scale)
    return RungPreview(ladder.rung_at(place), now, then, round(100 * then / total) if total else 0)
