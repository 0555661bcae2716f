"""From the temporary table into the books: members, purchases, lines and points, set by set, within one transaction.

Accounts are taken in the order of their ids, as everywhere; slices keep memory flat on both sides.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection

from loyalty.ledger import services as ledger
from loyalty.lib import clock
from loyalty.members.services.crowds import enrol_many
from loyalty.programs.errors.imports import ImportOvertaken
from loyalty.programs.models.program import Program
from loyalty.programs.queries.configuration import Configuration
from loyalty.programs.rules.expiry import expires_at
from loyalty.programs.rules.occurrence import PURCHASE
from loyalty.programs.services.judging import keeps_alive
from loyalty.programs.services.recording import version_of

SLICE = 5_000
UNKNOWN = """
SELECT r.member, least(min(r.at), %s) FROM import_row r
WHERE NOT EXISTS (SELECT FROM loyalty_member m WHERE m.program_id = %s AND m.external_id = r.member)
GROUP BY r.member ORDER BY r.member"""
COUNT_UNKNOWN = """
SELECT count(DISTINCT r.member) FROM import_row r
WHERE NOT EXISTS (SELECT FROM loyalty_member m WHERE m.program_id = %s AND m.external_id = r.member)"""
LOCK_MEMBERS = """
SELECT count(*) FROM (
    SELECT FROM loyalty_member m WHERE m.program_id = %s AND m.external_id IN (SELECT member FROM import_row)
    ORDER BY m.number FOR NO KEY UPDATE) locked"""
TAKE_FIRST = """
UPDATE import_row r SET points = first_points, explanation = first_explanation, awards = first_awards,
                        grants = first_grants
FROM (SELECT DISTINCT ON (member) line, member FROM import_row ORDER BY member, at, line) f
WHERE r.line = f.line AND NOT EXISTS (
    SELECT FROM loyalty_activity a JOIN loyalty_member m ON m.id = a.member_id
    WHERE m.program_id = %s AND m.external_id = f.member AND a.kind = 'purchase' AND a.cancelled_at IS NULL
      AND NOT EXISTS (SELECT FROM loyalty_return b WHERE b.purchase_id = a.id AND b.is_last))"""
FIGURES = "SELECT count(*), coalesce(sum(points), 0)::bigint FROM import_row"
INSERT = """
WITH made AS (
    INSERT INTO loyalty_activity (program_id, member_id, kind, type, source, external_id, digest, event_at, created_at,
        currency, total, channel, store, attributes, payments, explanation, awards, actor, version_id)
    SELECT %(program)s, m.id, 'purchase', 'purchase', %(source)s, r.receipt, r.digest, r.at, %(now)s, %(currency)s,
           r.amount, r.channel, r.store, '{}', '[]', e.steps, r.awards::jsonb, %(actor)s, %(version)s
    FROM import_row r JOIN loyalty_member m ON m.program_id = %(program)s AND m.external_id = r.member
    JOIN import_explanation e ON e.id = r.explanation
    WHERE r.line > %(after)s AND r.line <= %(upto)s
    RETURNING id, external_id
)
INSERT INTO loyalty_activityline (activity_id, position, kind, sku, category, attributes, quantity, amount, tax,
    discount)
SELECT made.id, 1, 'item', r.sku, r.category, '{}', r.quantity, r.amount, 0, 0
FROM made JOIN import_row r ON r.receipt = made.external_id AND r.line > %(after)s AND r.line <= %(upto)s"""
PLACES = """
SELECT (g.value ->> 0)::bigint, m.subject
FROM import_row r JOIN loyalty_member m ON m.program_id = %(program)s AND m.external_id = r.member
CROSS JOIN LATERAL jsonb_array_elements(r.grants::jsonb) g
UNION
SELECT w.id, m.subject
FROM import_row r JOIN loyalty_member m ON m.program_id = %(program)s AND m.external_id = r.member
CROSS JOIN unnest(%(sliding)s::bigint[]) w (id)
ORDER BY 1, 2"""
GRANTS = """
CREATE TEMPORARY TABLE import_award ON COMMIT DROP AS
SELECT row_number() OVER (ORDER BY a.account_id, r.at, r.line) AS place, a.account_id,
       'purchase:' || %(source)s || ':' || r.receipt AS source, w.code, r.at, (g.value ->> 1)::bigint AS points,
       (g.value ->> 2)::timestamptz AS expires_at, (g.value ->> 3)::boolean AS is_pending,
       (g.value ->> 4)::timestamptz AS activates_at, (g.value ->> 5)::timestamptz AS cancel_at
FROM import_row r
JOIN loyalty_member m ON m.program_id = %(program)s AND m.external_id = r.member
CROSS JOIN LATERAL jsonb_array_elements(r.grants::jsonb) g
JOIN loyalty_wallet w ON w.id = (g.value ->> 0)::bigint
JOIN import_account a ON a.subject = m.subject AND a.wallet_id = w.id"""
AWARDS = """
SELECT account_id, points, source || ':' || code, 'award', 'issued', source, '', at, expires_at, is_pending,
       activates_at, cancel_at
FROM import_award WHERE place > %s AND place <= %s ORDER BY place"""
VISITS = """
SELECT a.account_id, r.receipt, r.at FROM import_row r
JOIN loyalty_member m ON m.program_id = %s AND m.external_id = r.member
JOIN import_account a ON a.subject = m.subject AND a.wallet_id = %s
ORDER BY a.account_id, r.at, r.line"""


@dataclass(frozen=True, slots=True)
class Posted:
    """What came into the books, or would."""

    rows: int
    members_enrolled: int
    points: int


def preview(configuration: Configuration) -> Posted:
    """What posting would do now; locks and changes nothing but the temporary table."""
    (unknown,) = _one(COUNT_UNKNOWN, configuration.program.pk)
    _take_first(configuration)
    rows, points = _one(FIGURES)
    return Posted(rows, unknown, points)


def post(configuration: Configuration, *, source: str, actor: str, progress: Callable[[int], None]) -> Posted:
    """Everything in the table, within the caller's transaction. Raises ImportOvertaken, ProgramClosed."""
    program = configuration.program
    enrolled = enrol_unknown(program, actor)
    if "first_purchase" in configuration.subjects:
        lock_members(program)
    _take_first(configuration)
    rows, points = _one(FIGURES)
    _insert(configuration, source, actor, progress)
    _open_accounts(configuration)
    _award(program, source, actor)
    _extend(configuration, source, actor)
    return Posted(rows, enrolled, points)


def enrol_unknown(program: Program, actor: str) -> int:
    """The unknown members, each from their first purchase on."""
    enrolled = 0
    for people in _slices(UNKNOWN, [clock.now(), program.pk]):
        joined_at = dict(people)
        enrolled += enrol_many(program, joined_at, actor=actor, joined_at=joined_at).enrolled
    return enrolled


def lock_members(program: Program) -> None:
    """Everybody who stands in the table takes turns with the tills until the transaction ends."""
    _one(LOCK_MEMBERS, program.pk)


def _take_first(configuration: Configuration) -> None:
    """Where rules ask for it, give every new customer's first row what a first purchase earns."""
    if "first_purchase" in configuration.subjects:
        with connection.cursor() as cursor:
            cursor.execute(TAKE_FIRST, [configuration.program.pk])


def _insert(configuration: Configuration, source: str, actor: str, progress: Callable[[int], None]) -> None:
    """Purchases and their lines, in the order of the file."""
    program = configuration.program
    facts: dict[str, Any] = {
        "program": program.pk,
        "version": version_of(configuration),
        "source": source,
        "now": clock.now(),
        "currency": program.currency,
        "actor": actor[:80],
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(min(line) - 1, 0), coalesce(max(line), 0) FROM import_row")
        after, last = cursor.fetchone()
        done = 0
        try:
            while after < last:
                facts |= {"after": after, "upto": after + SLICE}
                cursor.execute(INSERT, facts)
                after, done = after + SLICE, done + cursor.rowcount
                progress(done)
        except IntegrityError as error:
            raise ImportOvertaken from error


def _open_accounts(configuration: Configuration) -> None:
    """The accounts that the rows touch, by wallet and subject, in a second temporary table."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.import_account")
        cursor.execute(
            "CREATE TEMPORARY TABLE import_account (wallet_id bigint, subject uuid, account_id bigint) ON COMMIT DROP"
        )
    sliding = [key for key, terms in configuration.wallets.items() if keeps_alive(terms.wallet, PURCHASE)]
    for rows in _slices(PLACES, {"program": configuration.program.pk, "sliding": sliding}):
        for wallet_id, some in groupby(rows, key=itemgetter(0)):
            subjects = [subject for _wallet, subject in some]
            _note_accounts(wallet_id, ledger.open_accounts(wallet_id=wallet_id, subjects=subjects))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE import_account")


def _note_accounts(wallet_id: int, accounts: dict[UUID, int]) -> None:
    with connection.cursor() as cursor, cursor.copy("COPY import_account FROM STDIN") as copy:
        for subject, account_id in accounts.items():
            copy.write_row((wallet_id, subject, account_id))


def _award(program: Program, source: str, actor: str) -> None:
    """Everything that the rows earn, the accounts in the order of their ids and each in the order of time."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.import_award")
        cursor.execute(GRANTS, {"program": program.pk, "source": source})
        awards = cursor.rowcount
        cursor.execute("CREATE INDEX ON import_award (place)")
    for after in range(0, awards, SLICE):
        ledger.award_selected(AWARDS, [after, after + SLICE], actor=actor)


def _extend(configuration: Configuration, source: str, actor: str) -> None:
    """Sliding wallets: every purchase keeps older points alive, in the order in which they happened."""
    for wallet_id, terms in configuration.wallets.items():
        if not keeps_alive(terms.wallet, PURCHASE):
            continue
        for rows in _slices(VISITS, [configuration.program.pk, wallet_id]):
            for account_id, receipt, at in rows:
                until = expires_at(terms.expiry, at, configuration.program.time_zone)
                key = f"extend:purchase:{source}:{receipt}:{terms.wallet.code}"
                if until:
                    ledger.extend(account_id, until=until, key=key, at=at, actor=actor)


def _slices(statement: str, parameters: Any) -> Iterator[list[tuple]]:
    """The rows of a long answer, some at a time: the server keeps the rest."""
    with closing(connection.chunked_cursor()) as cursor:
        cursor.execute(statement, parameters)
        while rows := cursor.fetchmany(SLICE):
            yield rows


def _one(statement: str, *parameters: Any) -> tuple:
    return _all(statement, *parameters)[0]


def _all(statement: str, *parameters: Any) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()
