"""What happened to a member's points, row by row, each saying what it was and why, in the language in force."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from loyalty.ledger.queries import lots, statement
from loyalty.ledger.queries.statement import Entry
from loyalty.lib import clock
from loyalty.lib.errors import Malformed
from loyalty.members.models import Member
from loyalty.programs.models.activity import Activity
from loyalty.programs.models.conversions import Conversion
from loyalty.programs.models.households import Household
from loyalty.programs.models.moving import Transfer
from loyalty.programs.models.program import Program
from loyalty.programs.models.returns import Return
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.activities import Told, activities_by_key, title_of, told, units_of
from loyalty.programs.queries.conversions import conversions_by_key
from loyalty.programs.queries.households import households_by_key
from loyalty.programs.queries.in_force import as_published, wallets_by_id
from loyalty.programs.queries.moving import transfers_by_key
from loyalty.programs.queries.returns import returned_by_key, words_of
from loyalty.programs.rules.days import local_day
from loyalty.programs.rules.explanation import steps_from_json
from loyalty.programs.rules.wording.amounts import day_of, points_of
from loyalty.programs.rules.wording.conversions import words_for_conversion

BUCKETS = {"active": 0, "pending": 1, "held": 2}
FLOWS = frozenset(statement.FLOWS)
LONGEST_WHY = 300
type Behind = Transfer | Household | Conversion


@dataclass(frozen=True, slots=True)
class StatementRow:
    """One movement. `at` is when it was written, `event_at` when it happened; `bucket` 0 active, 1 pending, 2 held.

    `balance_after` is that of the bucket. `source` names what it came from (purchase:<source>:<receipt>,
    activity:<source>:<id>, adjustment …). `title` says what it was, `why` explains it; both are for the member.
    """

    id: int
    at: datetime
    event_at: datetime
    kind: str
    wallet: Wallet
    bucket: int
    points: int
    balance_after: int
    source: str
    why: str
    title: str


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, newest first; `next` is the cursor of the page after, None on the last one."""

    rows: list[StatementRow]
    next: str | None


@dataclass(frozen=True, slots=True)
class Movement:
    """One row with all that is known about it: the activity behind it, what each rule gave, the lots it touched.

    `reason` and `actor` are for the staff alone.
    """

    row: StatementRow
    activity: Activity | None
    steps: tuple[Told, ...]
    uses: tuple[statement.Use, ...]
    expires_at: datetime | None
    reason: str
    actor: str


def statement_of(
    member: Member,
    *,
    wallet: Wallet | None = None,
    kind: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page:
    """The member's movements, newest first; four statements, however many rows.

    `kind` is earned, spent, expired, pending or held, or a kind of posting such as award or adjustment. `since` and
    `until` bound the instant at which it happened, half-open. Raises Malformed for a cursor that is none.
    """
    entries = statement.statement_of(
        member.subject,
        wallet_ids=None if wallet is None else [wallet.pk],
        flow=kind if kind in FLOWS else "",
        kinds=[kind] if kind and kind not in FLOWS else None,
        since=since,
        until=until,
        before=_place(cursor),
        limit=limit + 1,
    )
    shown = entries[:limit]
    rows = rows_of(member, shown)
    return Page(rows, str(shown[-1].id) if len(entries) > limit else None)


def movement_of(member: Member, posting_id: int) -> Movement | None:
    """One movement of this member's with everything behind it, or None."""
    entry = statement.entry_of(member.subject, posting_id)
    if entry is None:
        return None
    (row,), teller = _told(member, [entry])
    activity = teller.activity_behind(entry)
    lot = next(
        (each for each in lots.lots_of(member.subject, clock.now(), with_used=True) if each.id == entry.id), None
    )
    steps = teller.steps_of(activity, entry) if activity else []
    return Movement(
        row,
        activity,
        tuple(steps),
        tuple(statement.uses_of(entry.account_id, entry.id)),
        lot.expires_at if lot else None,
        entry.reason,
        entry.actor,
    )


def rows_of(member: Member, entries: list[Entry]) -> list[StatementRow]:
    """Postings as rows of a statement: three statements however many."""
    return _told(member, entries)[0]


def _told(member: Member, entries: list[Entry]) -> tuple[list[StatementRow], "_Teller"]:
    program, wallets = as_published(member.program), wallets_by_id(member.program_id)
    about = {entry.refers_to for entry in entries if entry.refers_to}
    originals = {each.id: each for each in statement.entries_of(member.subject, about)} if about else {}
    sources = {entry.source for entry in [*entries, *originals.values()]}
    partners: dict[str, Behind] = {
        **transfers_by_key(sources), **households_by_key(sources), **conversions_by_key(sources),
    }  # fmt: skip
    teller = _Teller(program, wallets, originals, activities_by_key(program.pk, sources), partners)
    teller.returns = returned_by_key(entry.key for entry in entries if entry.kind == "reversal")
    return [teller.row(entry) for entry in entries], teller


def _place(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 18:
        raise Malformed(_("This is not a cursor of this list."), field="cursor")
    return int(cursor)


class _Teller:
    """Finds the words for postings. `originals` are the postings that others refer to, by id."""

    def __init__(
        self,
        program: Program,
        wallets: Mapping[int, Wallet],
        originals: Mapping[int, Entry],
        activities: Mapping[str, Activity],
        partners: Mapping[str, Behind],
    ) -> None:
        self._program = program
        self._wallets = dict(wallets)
        self._originals = originals
        self._activities = activities
        self._partners = partners
        self.returns: Mapping[str, Return] = {}  # by the keys of their postings
        self._told: dict[int, list[Told]] = {}

    def row(self, entry: Entry) -> StatementRow:
        title, why = self._words(entry)
        return StatementRow(
            id=entry.id,
            at=entry.at,
            event_at=entry.event_at,
            kind=entry.kind,
            wallet=self._wallets[entry.wallet_id],
            bucket=BUCKETS[entry.bucket],
            points=entry.points,
            balance_after=entry.balance_after,
            source=entry.source,
            why=why[:LONGEST_WHY],
            title=title,
        )

    def activity_behind(self, entry: Entry) -> Activity | None:
        """The activity that earned the points, also of points that later expired or were taken back."""
        found = self._activities.get(entry.source)
        original = self._originals.get(entry.refers_to or 0)
        return found or (self._activities.get(original.source) if original else None)

    def steps_of(self, activity: Activity, entry: Entry) -> list[Told]:
        """What each rule had to say about the activity in the entry's wallet."""
        if activity.pk not in self._told:
            steps = [step for step in steps_from_json(activity.explanation) if int(step.wallet) in self._wallets]
            self._told[activity.pk] = told(steps, self._wallets, self._program)
        code = self._wallets[entry.wallet_id].code
        return [each for each in self._told[activity.pk] if each.wallet == code]

    def _words(self, entry: Entry) -> tuple[str, str]:
        words = WORDS.get(entry.kind)
        if words is None:  # a spend or award of another floor, which says itself what the member reads
            return (entry.note or (_("Spent") if entry.points < 0 else _("Received"))), ""
        return words(self, entry)

    def _award(self, entry: Entry) -> tuple[str, str]:
        activity = self._activities.get(entry.source)
        if activity is None:
            return entry.note or _("Points received"), ""
        given = [each for each in self.steps_of(activity, entry) if each.matched and each.points]
        whys = [each.why if len(given) == 1 else f"{each.rule}: {each.why}" for each in given]
        if entry.bucket == "pending":
            whys.append(self._when_active(activity, entry))
        return self._name_of(activity), " · ".join(filter(None, whys))

    def _when_active(self, activity: Activity, entry: Entry) -> str:
        code = self._wallets[entry.wallet_id].code
        award = next((each for each in activity.awards if each["wallet"] == code), None)
        if award is None or award["state"] != "pending":
            return ""
        if award["activates_at"] is None:
            return _("yours once it is confirmed")
        return _("yours from %(day)s") % {"day": self._day(datetime.fromisoformat(award["activates_at"]))}

    def _adjustment(self, entry: Entry) -> tuple[str, str]:
        return (_("Points added") if entry.points > 0 else _("Points taken")), entry.note

    def _expire(self, entry: Entry) -> tuple[str, str]:
        return _("Expired"), self._origin(entry)

    def _activate(self, entry: Entry) -> tuple[str, str]:
        return _("Can be spent now"), self._origin(entry)

    def _cancel(self, entry: Entry) -> tuple[str, str]:
        return _("Not confirmed in time"), self._origin(entry)

    def _reversal(self, entry: Entry) -> tuple[str, str]:
        if entry.key.startswith("review:"):
            why = _("%(origin)s. We could not confirm these points; please ask us about it.")
            return _("Not confirmed"), why % {"origin": self._origin(entry)}
        if done := self.returns.get(entry.key):
            return words_of(done), self._origin(entry) if entry.points <= 0 else _("Points that you had paid with")
        title = _("Taken back") if entry.points < 0 else _("Given back")
        return title, entry.note or self._origin(entry)

    def _reinstate(self, entry: Entry) -> tuple[str, str]:
        return _("Brought back after they had expired"), entry.note or self._origin(entry)

    def _hold(self, entry: Entry) -> tuple[str, str]:
        transfer = self._partners.get(entry.source)
        if isinstance(transfer, Transfer):
            return _("Set aside for %(to)s, until it is accepted") % {"to": transfer.addressed}, entry.note
        return _("Set aside"), entry.note

    def _release(self, entry: Entry) -> tuple[str, str]:
        return _("No longer set aside"), entry.note or self._note_of_original(entry)

    def _capture(self, entry: Entry) -> tuple[str, str]:
        return (entry.note or self._note_of_original(entry) or _("Spent")), _("These points had been set aside.")

    def _transfer(self, entry: Entry) -> tuple[str, str]:
        given, transfer = entry.points < 0, self._partners.get(entry.source)
        if isinstance(transfer, Household):
            if ":returned:" in entry.key:
                return _("Back from %(name)s, for what you returned") % {"name": transfer.name}, ""
            return (_("Shared with %(name)s") if given else _("From %(name)s")) % {"name": transfer.name}, ""
        if isinstance(transfer, Transfer):
            who = {"to": transfer.addressed, "from": transfer.giver.name or transfer.giver.number}
            return (_("Sent to %(to)s") if given else _("Received from %(from)s")) % who, entry.note
        return (_("Given to another member") if given else _("Received from another member")), entry.note

    def _conversion(self, entry: Entry) -> tuple[str, str]:
        made = self._partners.get(entry.source)
        if not isinstance(made, Conversion):
            return entry.note, ""
        given = points_of(made.given, units_of(self._wallets[made.from_wallet_id]))
        return words_for_conversion(given, points_of(made.received, units_of(self._wallets[made.to_wallet_id]))), ""

    def _fee(self, entry: Entry) -> tuple[str, str]:
        if entry.source.startswith("conversion:"):
            return _("Fee for changing points"), entry.note
        if entry.source.startswith("reinstatement:"):
            return _("Fee for bringing points back"), entry.note
        return _("Fee for sending points"), entry.note

    def _origin(self, entry: Entry) -> str:
        """When and for what the points were earned that this is about."""
        original = self._originals.get(entry.refers_to or 0)
        if original is None:
            return ""
        activity = self._activities.get(original.source)
        words = {"day": self._day(original.event_at), "what": self._name_of(activity) if activity else ""}
        if activity:
            return _("%(what)s on %(day)s") % words
        return _("Received on %(day)s") % words

    def _note_of_original(self, entry: Entry) -> str:
        original = self._originals.get(entry.refers_to or 0)
        return original.note if original else ""

    def _name_of(self, activity: Activity) -> str:
        return title_of(activity)

    def _day(self, at: datetime) -> str:
        return day_of(local_day(at, self._program.time_zone))


WORDS: dict[str, Callable[[_Teller, Entry], tuple[str, str]]] = {
    "award": _Teller._award,
    "adjustment": _Teller._adjustment,
    "expire": _Teller._expire,
    "activate": _Teller._activate,
    "cancel": _Teller._cancel,
    "reversal": _Teller._reversal,
    "reinstate": _Teller._reinstate,
    "hold": _Teller._hold,
    "release": _Teller._release,
    "capture": _Teller._capture,
    "transfer": _Teller._transfer,
    "conversion": _Teller._conversion,
    "fee": _Teller._fee,
}
