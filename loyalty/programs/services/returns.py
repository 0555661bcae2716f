"""Goods brought back: what they earned goes with them, and points spent on them come back, in one transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import cached_property, partial
from operator import attrgetter
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from loyalty.ledger import services as ledger
from loyalty.ledger.errors import NothingToReverse
from loyalty.ledger.queries.credits import not_undone
from loyalty.ledger.queries.lots import spent_of
from loyalty.ledger.queries.statement import Entry, debits_from
from loyalty.lib import clock
from loyalty.lib.attempts import insist
from loyalty.lib.money import exponent_of, round_money
from loyalty.members.models import Member
from loyalty.outbox.services import publish
from loyalty.programs.errors.returns import MoreThanBought, NothingToReturn, ReturnReused, UnknownLine, WrongReturn
from loyalty.programs.events import PurchaseReturned, TakenBack
from loyalty.programs.models.activity import Activity
from loyalty.programs.models.program import Program
from loyalty.programs.models.returns import Return
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.activities import activity_of
from loyalty.programs.queries.balances import WalletBalance, balances_of
from loyalty.programs.queries.configuration import configuration_of
from loyalty.programs.queries.in_force import as_published
from loyalty.programs.queries.returns import returns_of, sold_lines
from loyalty.programs.queries.tiers import moved_by
from loyalty.programs.rules.returns import Sold, brought_by, money_of, paid_for, step_of
from loyalty.programs.rules.tiers import Moved
from loyalty.programs.rules.velocity import Seen
from loyalty.programs.services.checks import ensure_return
from loyalty.programs.services.drafts import digest_of, plain, utc_text
from loyalty.programs.services.facts import ReturnFacts
from loyalty.programs.services.shares import pot_of
from loyalty.programs.services.tiers import follow, moved
from loyalty.programs.services.transactions import in_transaction
from loyalty.programs.services.uses import give_back_uses
from loyalty.programs.services.watching import counts_returns, notice_return


@dataclass(frozen=True, slots=True)
class Clawback:
    """Points that a return took in one wallet; `waived` were gone already and are not asked for again."""

    wallet_code: str
    points: int
    waived: int


@dataclass(frozen=True, slots=True)
class GivenBack:
    """Points spent on the order that came back into their lots."""

    wallet_code: str
    points: int


@dataclass(frozen=True, slots=True)
class LineReturned:
    """So many of a line, and what they cost."""

    position: int
    quantity: Decimal
    amount: Decimal


@dataclass(frozen=True)
class Returned:
    """The answer to a return, as at the first time; `balances` alone are those of now. `return_id` None: a dry run."""

    return_id: int | None
    id: str
    ref: str
    at: datetime
    lines: tuple[LineReturned, ...]
    amount: Decimal
    currency: str
    is_last: bool
    clawbacks: tuple[Clawback, ...]
    given_back: tuple[GivenBack, ...]
    replayed: bool = False
    tier_changes: tuple[Moved, ...] = ()
    read_balances: Callable[[], Sequence[WalletBalance]] = field(default=tuple, repr=False, compare=False)

    @cached_property
    def balances(self) -> tuple[WalletBalance, ...]:
        """What the member holds, wallet by wallet."""
        return tuple(self.read_balances())


def record_return(
    program: Program, source: str, receipt: str, facts: ReturnFacts, *, actor: str, dry_run: bool = False
) -> Returned:
    """Goods of the purchase `source:receipt` came back: take what they earned, by the award as it was recorded.

    What is taken when the points are gone is up to the program's debt policy. Points spent on the order go back into
    their lots first. The same return again answers as the first time, for ever, also in a program that has closed or
    for a member who has left. A dry run goes all the way and leaves nothing behind.
    Raises UnknownActivity, UnknownLine, MoreThanBought, NothingToReturn, ReturnReused, WrongReturn, HappensInFuture,
    WrongFacts; Busy when the database cannot follow.
    """
    ensure_return(facts)
    change = partial(_record, program, source, receipt, facts, actor)
    return insist(partial(_rehearsed, change)) if dry_run else in_transaction(change)


class _Undone(Exception):
    """Carries the answer of a dry run out of its transaction."""

    def __init__(self, returned: Returned) -> None:
        self.returned = returned


def _rehearsed(change: Callable[[], Returned]) -> Returned:
    try:
        with transaction.atomic():
            returned = change()
            balances = returned.balances  # as they would be
            raise _Undone(replace(returned, return_id=None, read_balances=lambda: balances))
    except _Undone as undone:
        return undone.returned


def _record(program: Program, source: str, receipt: str, facts: ReturnFacts, actor: str) -> Returned:
    activity = activity_of(program, source=source, external_id=receipt)
    _lock(activity)
    earlier = returns_of(activity)
    if known := next((each for each in earlier if each.external_id == facts.id), None):
        return _replayed(activity, known, facts)
    at = _instant_of(activity, facts)
    lines = sold_lines(activity, earlier)
    step = _step(facts, lines)
    configuration = configuration_of(program)
    is_late = counts_returns(configuration) and spent_of(activity.member.subject, activity.key) > 0
    done = _Reckoning(program, activity, facts, at, actor, earlier, lines, step, is_after_spending=is_late).post()
    if is_late:
        notice_return(configuration, activity.pk, Seen(activity.member_id, at))
    turn = {activity.member_id: None}
    moves = follow(configuration, turn, actor=actor, returned=True, activity_id=activity.pk, call=_call(done))
    publish(_event(done, activity))
    return replace(told_of(done, activity), tier_changes=moved(moves))


def _lock(activity: Activity) -> None:
    """The member before the purchase, as everywhere; whoever comes second sees what the first one did."""
    Member.objects.select_for_update(no_key=True, of=("self",)).only("pk").get(pk=activity.member_id)
    fresh = Activity.objects.select_for_update(no_key=True).only("cancelled_at").get(pk=activity.pk)
    activity.cancelled_at = fresh.cancelled_at


def _replayed(activity: Activity, known: Return, facts: ReturnFacts) -> Returned:
    if known.digest != _digest(facts):
        raise ReturnReused
    changes = moved_by(configuration_of(activity.program), activity.member_id, activity.pk, _call(known))
    return replace(told_of(known, activity), replayed=True, tier_changes=changes)


def _call(done: Return) -> str:
    return f"return:{done.pk}"


def _instant_of(activity: Activity, facts: ReturnFacts) -> datetime:
    """Clocks differ by minutes: what came back without saying when, came back after it was bought."""
    if facts.at is None:
        return max(clock.now(), activity.event_at)
    if facts.at < activity.event_at:
        raise WrongReturn(_("This lies before the purchase."), field="at")
    return facts.at


def _digest(facts: ReturnFacts) -> str:
    lines = [f"{each.position}:{plain(each.quantity)}" for each in sorted(facts.lines, key=attrgetter("position"))]
    return digest_of(utc_text(facts.at) if facts.at else "", *lines)


def _step(facts: ReturnFacts, lines: Sequence[Sold]) -> dict[int, Decimal]:
    """How many of which line come back now. Raises UnknownLine, MoreThanBought, NothingToReturn."""
    if not facts.lines:
        step = {line.position: line.left for line in lines if line.left}
        if not step:
            raise NothingToReturn
        return step
    sold = {line.position: line for line in lines}
    for place, back in enumerate(facts.lines):
        line = sold.get(back.position)
        if line is None:
            raise UnknownLine(back.position, field=f"lines/{place}/line")
        if back.quantity > line.left:
            raise MoreThanBought(back.position, plain(line.left), field=f"lines/{place}/quantity")
    return {back.position: back.quantity for back in facts.lines}


class _Reckoning:
    """One return on its way into the books."""

    def __init__(
        self, program: Program, activity: Activity, facts: ReturnFacts, at: datetime, actor: str,
        earlier: Sequence[Return], lines: Sequence[Sold], step: dict[int, Decimal], *, is_after_spending: bool = False,
    ) -> None:  # fmt: skip
        self._program, self._activity, self._facts = program, activity, facts
        self._at, self._actor, self._earlier = at, actor, earlier
        self._before, self._step, self._is_after_spending = lines, step, is_after_spending
        self._after = [replace(line, back=line.back + step.get(line.position, 0)) for line in lines]

    def post(self) -> Return:
        """Points through the ledger's door, accounts in the order of their ids, then the row that says so."""
        wallets = dict(Wallet.objects.filter(program_id=self._program.pk).values_list("code", "pk"))
        codes = {pk: code for code, pk in wallets.items()}
        subject = self._activity.member.subject
        spent = debits_from(subject, self._activity.key)
        self._free_caps()
        awards = [(_account(wallets[each["wallet"]], subject), each) for each in self._activity.awards]
        self._take_from_household(awards, {entry.account_id for entry in spent})
        claws: dict[str, dict[str, Any]] = {}
        backs: list[dict[str, Any]] = []
        for account_id in sorted({entry.account_id for entry in spent} | {account_id for account_id, _award in awards}):
            backs += [self._give_back(each, codes) for each in spent if each.account_id == account_id]
            claws |= {award["wallet"]: self._claw(account, award) for account, award in awards if account == account_id}
        return self._store([claws[award["wallet"]] for _account, award in awards], backs)

    def _free_caps(self) -> None:
        """What is taken back does not use up caps and budgets any more; their counters are locked before accounts."""
        for award in self._activity.awards:
            before, asked = self._asked(award)
            if asked and not self._came_to_nothing(award):
                give_back_uses(award, points=asked, is_all=before + asked == award["points"])

    def _came_to_nothing(self, award: dict[str, Any]) -> bool:
        """Whether all of it was taken when the order was cancelled, was never confirmed, or was refused."""
        if self._activity.cancelled_at is None:
            return False
        wallet = Wallet.objects.get(program_id=self._program.pk, code=award["wallet"])
        posting = _account(wallet.pk, self._activity.member.subject), f"{self._activity.key}:{award['wallet']}"
        return not not_undone([posting])

    def _take_from_household(self, awards: list[tuple[int, dict[str, Any]]], others: set[int]) -> None:
        """What went on into a household comes back from there, so that it can be taken."""
        pot = (
            None
            if as_published(self._program).debt_policy == "only_pending" or not awards
            else pot_of(self._activity.member)
        )
        if pot is None:
            return
        pot.settle({account_id for account_id, _award in awards} | others)
        for account_id, award in awards:
            before, asked = self._asked(award)
            if asked and account_id == pot.account_id:
                key, keeps = f"{self._activity.key}:{award['wallet']}", award["points"] - before - asked
                pot.give_back(key, keeps=keeps, step=len(self._earlier) + 1, actor=self._actor)

    def _asked(self, award: dict[str, Any]) -> tuple[int, int]:
        """How many points of an award earlier returns asked for, and how many this one does."""
        rows = [row for each in self._earlier for row in each.clawbacks if row["wallet"] == award["wallet"]]
        before = sum(row["asked"] for row in rows)
        return before, step_of(award["points"], before, brought_by(award.get("lines"), self._before), self._after)

    def _claw(self, account_id: int, award: dict[str, Any]) -> dict[str, Any]:
        code, (_before, asked) = award["wallet"], self._asked(award)
        taken = -self._reverse(account_id, f"{self._activity.key}:{code}", code, asked)
        return {"wallet": code, "asked": asked, "taken": taken, "waived": asked - taken}

    def _give_back(self, spent: Entry, codes: dict[int, str]) -> dict[str, Any]:
        code = codes[spent.wallet_id]
        before = sum(row["asked"] for each in self._earlier for row in each.given_back if row["posting"] == spent.id)
        asked = step_of(-spent.points, before, paid_for(self._before), self._after)
        given = self._reverse(spent.account_id, spent.key, str(spent.id), asked)
        return {"wallet": code, "posting": spent.id, "asked": asked, "points": given}

    def _reverse(self, account_id: int, posting_key: str, part: str, points: int) -> int:
        """The signed points that moved; none where there are none to move, or somebody reversed the posting before."""
        if not points:
            return 0
        try:
            return ledger.reverse(
                account_id, posting_key=posting_key, key=f"return:{self._activity.pk}:{part}:{self._facts.id}",
                points=points, at=self._at, actor=self._actor, reason=self._facts.reason,
                debt_policy=as_published(self._program).debt_policy, source=self._activity.key,
            ).points  # fmt: skip
        except NothingToReverse:
            return 0

    def _store(self, claws: list[dict[str, Any]], backs: list[dict[str, Any]]) -> Return:
        decimals = exponent_of(self._activity.currency)
        costs = {
            line.position: money_of(line, self._step[line.position], decimals)
            for line in self._before
            if line.position in self._step
        }
        return Return.objects.create(
            program=self._program,
            purchase=self._activity,
            external_id=self._facts.id,
            digest=_digest(self._facts),
            lines=[
                {"line": position, "quantity": plain(self._step[position]), "amount": plain(cost)}
                for position, cost in costs.items()
            ],
            amount=sum(costs.values(), Decimal(0)),
            clawbacks=claws,
            given_back=backs,
            is_last=all(line.back >= line.quantity for line in self._after),
            is_after_spending=self._is_after_spending,
            event_at=self._at,
            actor=self._actor[:80],
        )


def _account(wallet_id: int, subject: Any) -> int:
    return ledger.open_account(wallet_id=wallet_id, subject=subject)


def _event(done: Return, activity: Activity) -> PurchaseReturned:
    """What happened, for whoever listens."""
    wallets = dict(Wallet.objects.filter(program_id=done.program_id).values_list("code", "pk"))
    answer = told_of(done, activity)
    given = {each.wallet_code: each.points for each in answer.given_back}
    taken = {each.wallet_code: each for each in answer.clawbacks}
    return PurchaseReturned(
        program_id=done.program_id,
        member_id=activity.member_id,
        activity_id=activity.pk,
        return_id=done.pk,
        source=activity.source,
        receipt=activity.external_id,
        external_id=done.external_id,
        event_at=done.event_at,
        amount=done.amount,
        currency=activity.currency,
        is_last=done.is_last,
        wallets=[
            TakenBack(
                wallets[code],
                code,
                taken[code].points if code in taken else 0,
                taken[code].waived if code in taken else 0,
                given.get(code, 0),
            )
            for code in {**taken, **given}
        ],
    )


def told_of(done: Return, activity: Activity) -> Returned:
    """A return as it was answered."""
    given: dict[str, int] = {}
    for row in done.given_back:
        given[row["wallet"]] = given.get(row["wallet"], 0) + row["points"]
    return Returned(
        return_id=done.pk,
        id=done.external_id,
        ref=str(activity),
        at=done.event_at,
        lines=tuple(_line_of(row, activity.currency) for row in done.lines),
        amount=round_money(done.amount, activity.currency),
        currency=activity.currency,
        is_last=done.is_last,
        clawbacks=tuple(Clawback(row["wallet"], row["taken"], row["waived"]) for row in done.clawbacks),
        given_back=tuple(GivenBack(code, points) for code, points in given.items()),
        read_balances=lambda: balances_of(activity.member),
    )


def _line_of(row: dict[str, Any], currency: str) -> LineReturned:
    return LineReturned(row["line"], Decimal(row["quantity"]), round_money(Decimal(row["amount"]), currency))
