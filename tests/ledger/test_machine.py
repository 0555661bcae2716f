"""All verbs in any order against a plain-Python ledger: 10,000 steps, no divergence, and each run proven clean."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from loyalty.ledger import services as ledger
from loyalty.ledger.rules import AwardRow, Posted, Swept
from loyalty.lib.errors import DomainError
from tests.factories import WalletFactory
from tests.ledger.book import Book, Refused
from tests.ledger.purse import NOON, Purse, new_key, rows, violations
from tests.races.crowd import wipe_ledger

SIZE, EXAMPLES, STEPS = 3, 260, 50

accounts = st.integers(0, SIZE - 1)
amounts = st.integers(1, 60)
parts = st.none() | st.integers(1, 40)
spans = st.none() | st.integers(-2, 12)
policies = st.sampled_from(["only_pending", "within_balance", "unlimited"])

STATE = """
    SELECT a.balance, a.pending, a.held, a.earned_total,
           ARRAY(SELECT remaining FROM ledger_lot l WHERE l.account_id = a.id ORDER BY l.id)
    FROM ledger_account a ORDER BY a.id
"""


class LedgerMachine(RuleBasedStateMachine):
    steps = 0
    awards: Bundle = Bundle("awards")
    waiting: Bundle = Bundle("waiting")
    debits: Bundle = Bundle("debits")
    holds: Bundle = Bundle("holds")

    @initialize()
    def open_accounts(self) -> None:
        wipe_ledger()
        self.now = NOON
        self.book = Book(SIZE)
        self.wallet = WalletFactory()
        self.purses = [Purse(wallet=self.wallet) for _ in range(SIZE)]
        self.last: tuple[str, int, dict[str, Any], int] | None = None

    def same(self, verb: str, number: int, facts: dict[str, Any], *model: Any) -> bool:
        """Do it in both ledgers; they agree on the points or on the refusal. True if it was done."""
        facts = {"at": self.now, "actor": "machine"} | facts
        wanted = self._answer_of_book(*model)
        found = self._answer_of_ledger(verb, number, facts)
        assert found == wanted, f"{verb} {facts}: {found}, not {wanted}"
        if isinstance(wanted, int):
            self.last = verb, number, facts, wanted
        return isinstance(wanted, int)

    def _answer_of_book(self, verb: str, *arguments: Any) -> int | str:
        try:
            return getattr(self.book, verb)(*arguments)
        except Refused as refusal:
            return str(refusal)

    def _answer_of_ledger(self, verb: str, number: int, facts: dict[str, Any]) -> int | str:
        try:
            return getattr(ledger, verb)(self.purses[number].id, **facts).points
        except DomainError as error:
            return error.code

    def swept(self, found: Swept, wanted: tuple[int, int]) -> None:
        assert (found.lots, found.points) == wanted

    def later(self, days: int | None) -> datetime | None:
        return None if days is None else self.now + timedelta(days=days)

    @property
    def scope(self) -> dict[str, Any]:
        return {"wallet_ids": [self.wallet.pk], "at": self.now, "actor": "machine"}

    @rule(days=st.integers(1, 5))
    def time_goes_by(self, days: int) -> None:
        self.now += timedelta(days=days)

    @rule(target=awards, number=accounts, points=amounts, span=spans)
    def award(self, number: int, points: int, span: int | None) -> Any:
        key, ends = new_key(), self.later(span)
        facts = {"points": points, "key": key, "expires_at": ends}
        return (number, key) if self.same("award", number, facts, "award", number, points, key, ends) else multiple()

    @rule(target=awards, number=accounts, grants=st.lists(st.tuples(accounts, amounts, spans), min_size=1, max_size=4))
    def award_many(self, number: int, grants: list[tuple[int, int, int | None]]) -> Any:
        batch = [(each, points, new_key(), self.later(span)) for each, points, span in grants]
        done = ledger.award_many(
            [
                AwardRow(self.purses[each].id, points, key, self.now, expires_at=ends)
                for each, points, key, ends in batch
            ],
            actor="machine",
        )
        assert (done.awarded, done.points) == (len(batch), sum(self.book.award(*row) for row in batch))
        return multiple(*((each, key) for each, _points, key, _ends in batch))

    @rule(target=waiting, number=accounts, points=amounts, span=spans, activates=spans, cancels=spans)
    def award_pending(
        self, number: int, points: int, span: int | None, activates: int | None, cancels: int | None
    ) -> Any:
        key, dates = new_key(), [self.later(days) for days in (span, activates, cancels)]
        facts = {"points": points, "key": key, "pending": True}
        facts |= dict(zip(("expires_at", "activates_at", "cancel_at"), dates, strict=True))
        done = self.same("award", number, facts, "award_pending", number, points, key, *dates)
        return (number, key) if done else multiple()

    @rule(award=waiting | awards)
    def activate(self, award: tuple[int, str]) -> None:
        number, award_key = award
        key = new_key()
        self.same("activate", number, {"award_key": award_key, "key": key}, "activate", number, award_key, key)

    @rule(target=debits, number=accounts, points=amounts)
    def spend(self, number: int, points: int) -> Any:
        key = new_key()
        done = self.same("spend", number, {"points": points, "key": key}, "spend", number, points, key, self.now)
        return (number, key) if done else multiple()

    @rule(target=holds, number=accounts, points=amounts, days=st.integers(1, 6))
    def hold(self, number: int, points: int, days: int) -> Any:
        key, until = new_key(), self.later(days)
        facts = {"points": points, "key": key, "until": until}
        done = self.same("hold", number, facts, "hold", number, points, key, self.now, until)
        return (number, key) if done else multiple()

    @rule(target=debits, hold=holds, points=parts)
    def capture(self, hold: tuple[int, str], points: int | None) -> Any:
        (number, hold_key), key = hold, new_key()
        facts = {"hold_key": hold_key, "points": points, "key": key}
        done = self.same("capture", number, facts, "capture", number, hold_key, points, key, self.now)
        return (number, key) if done else multiple()

    @rule(hold=holds, points=parts)
    def release(self, hold: tuple[int, str], points: int | None) -> None:
        (number, hold_key), key = hold, new_key()
        facts = {"hold_key": hold_key, "points": points, "key": key}
        self.same("release", number, facts, "release", number, hold_key, points, key)

    @rule(giver=accounts, taker=accounts, points=amounts)
    def transfer(self, giver: int, taker: int, points: int) -> None:
        key = new_key()
        if giver != taker:
            facts = {"to_id": self.purses[taker].id, "points": points, "key": key}
            self.same("transfer", giver, facts, "transfer", giver, taker, points, key, self.now)

    @rule(posting=awards | waiting | debits | holds, points=parts, policy=policies)
    def reverse(self, posting: tuple[int, str], points: int | None, policy: str) -> None:
        (number, posting_key), key = posting, new_key()
        facts = {"posting_key": posting_key, "points": points, "debt_policy": policy, "key": key, "reason": "returned"}
        self.same("reverse", number, facts, "reverse", number, posting_key, points, policy, key, self.now)

    @rule(award=awards | waiting, days=st.none() | st.integers(1, 9))
    def reinstate(self, award: tuple[int, str], days: int | None) -> None:
        (number, award_key), key, ends = award, new_key(), self.later(days)
        ((lot,),) = rows(
            "SELECT id FROM ledger_posting WHERE account_id = %s AND key = %s", self.purses[number].id, award_key
        )
        facts = {"lot_id": lot, "expires_at": ends, "key": key}
        self.same("reinstate", number, facts, "reinstate", number, award_key, key, self.now, ends)

    @rule(number=accounts, days=st.integers(1, 20))
    def extend(self, number: int, days: int) -> None:
        until = self.now + timedelta(days=days)
        found = ledger.extend(self.purses[number].id, until=until, key=new_key(), at=self.now, actor="machine")
        self.swept(found, self.book.extend(number, until, self.now))

    @rule()
    def expire_due(self) -> None:
        self.swept(ledger.expire_due(**self.scope), self.book.expire(self.now))

    @rule()
    def release_due(self) -> None:
        self.swept(ledger.release_due(**self.scope), self.book.release_due(self.now))

    @rule(activation_first=st.booleans())
    def activate_and_cancel_due(self, activation_first: bool) -> None:
        sweeps = [(ledger.activate_due, self.book.activate_due), (ledger.cancel_due, self.book.cancel_due)]
        for mine, theirs in sweeps if activation_first else reversed(sweeps):
            self.swept(mine(**self.scope), theirs(self.now))

    @rule()
    def send_the_last_one_again(self) -> None:
        if self.last:
            verb, number, facts, points = self.last
            again: Posted = getattr(ledger, verb)(self.purses[number].id, **facts)
            assert (again.points, again.replayed) == (points, True)

    @rule(verb=st.sampled_from(["award", "spend", "hold"]))
    def use_its_key_for_something_else(self, verb: str) -> None:
        if self.last:
            _verb, number, facts, _points = self.last
            other = {"points": 61, "key": facts["key"]} | ({"until": self.later(1)} if verb == "hold" else {})
            assert self._answer_of_ledger(verb, number, {"at": self.now, "actor": "machine"} | other) == "key-reused"

    @invariant()
    def both_say_the_same(self) -> None:
        type(self).steps += 1
        wanted = [
            (each.active() - each.debt, each.pending(), each.held(), each.earned, [lot.left for lot in each.lots])
            for each in self.book.accounts
        ]
        assert rows(STATE) == wanted

    def teardown(self) -> None:
        assert violations() == {}


def test_the_machine_never_diverges(db):
    run_state_machine_as_test(
        LedgerMachine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert LedgerMachine.steps >= 10_000
