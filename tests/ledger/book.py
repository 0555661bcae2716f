"""The ledger once more, in plain Python: no SQL, no locks, only what the rules say. The machine compares the two."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


class Refused(Exception):
    """By the code of the DomainError."""


@dataclass
class Lot:
    order: int
    left: int
    ends: datetime | None
    pending: bool = False
    activates: datetime | None = None
    cancels: datetime | None = None
    expired: int = 0

    def is_past(self, at: datetime) -> bool:
        return self.ends is not None and self.ends <= at


@dataclass
class Entry:
    verb: str
    points: int
    facts: tuple[Any, ...]
    taken: list[tuple[Lot, int]] = field(default_factory=list)
    lot: Lot | None = None
    settled: int = 0
    waived: int = 0
    until: datetime | None = None
    held: int = 0


@dataclass
class Account:
    lots: list[Lot] = field(default_factory=list)
    entries: dict[str, Entry] = field(default_factory=dict)
    debt: int = 0
    earned: int = 0

    def active(self) -> int:
        return sum(lot.left for lot in self.lots if not lot.pending)

    def pending(self) -> int:
        return sum(lot.left for lot in self.lots if lot.pending)

    def held(self) -> int:
        return sum(entry.held for entry in self.entries.values() if entry.verb == "hold")

    def spendable(self, at: datetime) -> list[Lot]:
        """In the order in which they go."""
        lots = [lot for lot in self.lots if lot.left and not lot.pending and not lot.is_past(at)]
        return sorted(lots, key=lambda lot: (lot.ends is None, lot.ends or at, lot.order))

    def repay(self, points: int) -> int:
        """What is left of the points after the debt."""
        repaid = min(self.debt, points)
        self.debt -= repaid
        return points - repaid

    def take(self, points: int, at: datetime) -> list[tuple[Lot, int]]:
        if sum(lot.left for lot in self.spendable(at)) < points:
            raise Refused("insufficient-points")
        taken = []
        for lot in self.spendable(at):
            part = min(lot.left, points)
            if part:
                lot.left -= part
                points -= part
                taken.append((lot, part))
        return taken

    def put_back(self, entry: Entry, points: int) -> None:
        """Into the very lots, last taken first; the debt is repaid from those taken first."""
        back = self.repay(points)
        for index in reversed(range(len(entry.taken))):
            lot, taken = entry.taken[index]
            part = min(taken, back)
            lot.left += part
            back -= part
            entry.taken[index] = (lot, taken - part)

    def sweep(self, at: datetime) -> tuple[int, int]:
        due = [lot for lot in self.lots if lot.left and not lot.pending and lot.is_past(at)]
        for lot in due:
            lot.expired += lot.left
        points = sum(lot.left for lot in due)
        for lot in due:
            lot.left = 0
        return len(due), points


class Book:
    """Accounts by number, and the verbs on them; each answers with its signed points."""

    def __init__(self, size: int) -> None:
        self.accounts = [Account() for _ in range(size)]
        self.clock = 0

    def _replayed(self, account: Account, key: str, verb: str, facts: tuple[Any, ...]) -> Entry | None:
        entry = account.entries.get(key)
        if entry and (entry.verb, entry.facts) != (verb, facts):
            raise Refused("key-reused")
        return entry

    def _lot(self, account: Account, points: int, ends: datetime | None, **facts: Any) -> Lot:
        self.clock += 1
        lot = Lot(self.clock, points, ends, **facts)
        account.lots.append(lot)
        return lot

    def award(self, number: int, points: int, key: str, ends: datetime | None) -> int:
        account = self.accounts[number]
        if entry := self._replayed(account, key, "award", (points,)):
            return entry.points
        lot = self._lot(account, account.repay(points), ends)
        account.earned += points
        account.entries[key] = Entry("award", points, (points,), lot=lot)
        return points

    def award_pending(
        self,
        number: int,
        points: int,
        key: str,
        ends: datetime | None,
        activates: datetime | None,
        cancels: datetime | None,
    ) -> int:
        account = self.accounts[number]
        if entry := self._replayed(account, key, "pending", (points,)):
            return entry.points
        lot = self._lot(account, points, ends, pending=True, activates=activates, cancels=cancels)
        account.earned += points
        account.entries[key] = Entry("pending", points, (points,), lot=lot)
        return points

    def _activate(self, account: Account, lot: Lot) -> int:
        points, lot.pending = lot.left, False
        lot.left = account.repay(points)
        return points

    def activate(self, number: int, award_key: str, key: str) -> int:
        account = self.accounts[number]
        award = account.entries.get(award_key)
        lot = award.lot if award else None
        if entry := self._replayed(account, key, "activate", (award_key,)):
            return entry.points
        if lot is None:
            raise Refused("unknown-posting")
        if not (lot.pending and lot.left):
            raise Refused("not-pending")
        points = self._activate(account, lot)
        account.entries[key] = Entry("activate", points, (award_key,))
        return points

    def activate_due(self, at: datetime) -> tuple[int, int]:
        swept = [0, 0]
        for account in self.accounts:
            due = [lot for lot in account.lots if lot.pending and lot.left and lot.activates and lot.activates <= at]
            due = [lot for lot in due if lot.cancels is None or lot.activates <= lot.cancels]
            for lot in sorted(due, key=lambda lot: (lot.activates, lot.order)):
                swept = [swept[0] + 1, swept[1] + self._activate(account, lot)]
        return swept[0], swept[1]

    def cancel_due(self, at: datetime) -> tuple[int, int]:
        swept = [0, 0]
        for account in self.accounts:
            waiting = [entry for entry in account.entries.values() if entry.verb == "pending" and entry.lot.pending]
            due = [entry for entry in waiting if entry.lot.left and entry.lot.cancels and entry.lot.cancels <= at]
            for entry in due:
                if entry.lot.activates is None or entry.lot.cancels < entry.lot.activates:
                    swept = [swept[0] + 1, swept[1] + entry.lot.left]
                    account.earned -= entry.lot.left
                    entry.settled += entry.lot.left
                    entry.lot.left = 0
        return swept[0], swept[1]

    def spend(self, number: int, points: int, key: str, at: datetime) -> int:
        account = self.accounts[number]
        if entry := self._replayed(account, key, "spend", (points,)):
            return entry.points
        taken = account.take(points, at)
        account.entries[key] = Entry("spend", -points, (points,), taken)
        return -points

    def hold(self, number: int, points: int, key: str, at: datetime, until: datetime) -> int:
        account = self.accounts[number]
        if entry := self._replayed(account, key, "hold", (points,)):
            return entry.points
        taken = account.take(points, at)
        account.entries[key] = Entry("hold", -points, (points,), taken, until=until, held=points)
        return -points

    def _open_hold(self, account: Account, hold_key: str, points: int | None) -> Entry:
        hold = account.entries.get(hold_key)
        if hold is None or hold.verb != "hold":
            raise Refused("unknown-posting")
        if hold.held == 0:
            raise Refused("hold-closed")
        if points is not None and points > hold.held:
            raise Refused("more-than-held")
        return hold

    def capture(self, number: int, hold_key: str, points: int | None, key: str, at: datetime) -> int:
        account = self.accounts[number]
        hold = self._open_hold(account, hold_key, points)
        if hold.until <= at:
            raise Refused("hold-closed")
        taken = points or hold.held
        account.put_back(hold, hold.held - taken)
        hold.held = 0
        account.entries[key] = Entry("capture", -taken, (hold_key, points), hold.taken)
        return -taken

    def release(self, number: int, hold_key: str, points: int | None, key: str) -> int:
        account = self.accounts[number]
        hold = self._open_hold(account, hold_key, points)
        given = points or hold.held
        account.put_back(hold, given)
        hold.held -= given
        account.entries[key] = Entry("release", given, (hold_key, points))
        return given

    def release_due(self, at: datetime) -> tuple[int, int]:
        swept = [0, 0]
        for account in self.accounts:
            for hold in account.entries.values():
                if hold.verb == "hold" and hold.held and hold.until <= at:
                    swept = [swept[0] + 1, swept[1] + hold.held]
                    account.put_back(hold, hold.held)
                    hold.held = 0
        return swept[0], swept[1]

    def transfer(self, giver: int, taker: int, points: int, key: str, at: datetime) -> int:
        account, other = self.accounts[giver], self.accounts[taker]
        if entry := self._replayed(account, key, "transfer", (points, taker)):
            return entry.points
        if key in other.entries:
            raise Refused("key-reused")
        for lot, part in account.take(points, at):
            self._lot(other, other.repay(part), lot.ends)
        account.entries[key] = Entry("transfer", -points, (points, taker))
        other.entries[key] = Entry("transfer", points, (points, giver))
        return -points

    def expire(self, at: datetime) -> tuple[int, int]:
        swept = [account.sweep(at) for account in self.accounts]
        return sum(lots for lots, _points in swept), sum(points for _lots, points in swept)

    def reinstate(self, number: int, award_key: str, key: str, at: datetime, ends: datetime | None) -> int:
        account = self.accounts[number]
        award = account.entries[award_key]
        lot = award.lot
        past = lot.left if not lot.pending and lot.is_past(at) else 0
        points = max(lot.expired + past - award.waived, 0)  # what was waived for returned goods stays away
        if not points:
            raise Refused("nothing-expired")
        account.sweep(at)
        lot.expired, lot.ends = lot.expired - points, ends
        lot.left += account.repay(points)
        account.entries[key] = Entry("reinstate", points, (award_key,))
        return points

    def extend(self, number: int, until: datetime, at: datetime) -> tuple[int, int]:
        account = self.accounts[number]
        kept = [lot for lot in account.lots if lot.left and lot.ends and not lot.is_past(at) and lot.ends < until]
        for lot in kept:
            lot.ends = until
        return len(kept), sum(lot.left for lot in kept)

    def reverse(self, number: int, posting_key: str, points: int | None, policy: str, key: str, at: datetime) -> int:
        account = self.accounts[number]
        target = account.entries.get(posting_key)
        if target is None:
            raise Refused("unknown-posting")
        if target.verb not in ("award", "pending", "spend", "capture"):
            raise Refused("not-reversible")
        left = abs(target.points) - target.settled - target.waived
        if left == 0:
            raise Refused("nothing-to-reverse")
        asked = min(points or left, left)
        if target.points < 0:
            target.settled += asked
            account.put_back(target, asked)
            moved = asked
        else:
            moved = -self._claw_back(account, target, asked, policy, at)
        account.entries[key] = Entry("reversal", moved, (posting_key, points))
        return moved

    def _claw_back(self, account: Account, award: Entry, asked: int, policy: str, at: datetime) -> int:
        account.sweep(at)
        own, left = award.lot, asked
        if own.pending or policy != "only_pending":
            left -= self._reduce(own, left)
        gone = min(left, max(own.expired - award.waived, 0))
        left -= gone
        for lot in sorted(account.lots, key=lambda lot: -lot.order):
            if lot.pending:
                left -= self._reduce(lot, left)
        if policy != "only_pending":
            for lot in account.spendable(at):
                left -= self._reduce(lot, left)
        if policy == "unlimited":
            account.debt += left
            left = 0
        taken = asked - gone - left
        award.settled += taken
        award.waived += gone + left
        account.earned -= taken
        return taken

    def _reduce(self, lot: Lot, points: int) -> int:
        part = min(lot.left, points)
        lot.left -= part
        return part
