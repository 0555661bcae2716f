"""What the database itself refuses, attacked with SQL, beside and behind the functions."""

import pytest
from django.db import DatabaseError, transaction

from loyalty.ledger import services as ledger
from tests.ledger.purse import Purse, day, rows

TABLES = ["account", "posting", "lot", "lot_use", "hold", "redating"]


@pytest.fixture
def busy(purse) -> Purse:
    purse.award(100, key="award", expires_at=day(9))
    purse.award(50, key="pending", pending=True)
    purse.spend(10, key="spend")
    purse.hold(20, key="hold")
    purse.extend(day(20))
    return purse


def refused(statement: str, *parameters: object) -> str:
    """The database's words of refusal; the test's transaction goes on."""
    with pytest.raises(DatabaseError) as error, transaction.atomic():
        rows(statement, *parameters)
    return str(error.value)


def update(table: str) -> str:
    column = "holder" if table == "account" else "account_id"
    return f"UPDATE ledger_{table} SET {column} = {column}"  # noqa: S608


def open_the_door() -> None:
    rows("SET LOCAL laurel.door = 'open'")


@pytest.fixture
def door_open(busy):
    open_the_door()
    yield busy
    rows("SET LOCAL laurel.door = DEFAULT")


@pytest.mark.parametrize("table", TABLES)
def test_nobody_inserts_but_the_functions(busy, table):
    assert f"refuses INSERT on ledger_{table}" in refused(f"INSERT INTO ledger_{table} DEFAULT VALUES")


@pytest.mark.parametrize("table", TABLES)
def test_nobody_updates_but_the_functions(busy, table):
    assert f"refuses UPDATE on ledger_{table}" in refused(update(table))


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("verb", ["DELETE FROM", "TRUNCATE"])
def test_nothing_is_ever_deleted_not_even_through_the_door(door_open, table, verb):
    assert f"refuses {verb.split()[0]} on ledger_{table}" in refused(
        f"{verb} ledger_{table} {'CASCADE' if verb == 'TRUNCATE' else ''}"
    )


@pytest.mark.parametrize("table", ["posting", "lot_use", "redating"])
def test_what_was_written_stays_not_even_through_the_door(door_open, table):
    assert f"refuses UPDATE on ledger_{table}" in refused(update(table))


@pytest.mark.parametrize(
    "change",
    [
        "ledger_account SET subject = gen_random_uuid()",
        "ledger_account SET wallet_id = 1",
        "ledger_lot SET granted = granted + 1",
        "ledger_lot SET earned_at = now()",
        "ledger_hold SET points = points + 1",
    ],
)
def test_what_a_row_is_never_changes_not_even_through_the_door(door_open, change):
    assert "refuses UPDATE" in refused(f"UPDATE {change}")


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("ledger_account SET balance = -1", "owes_only_where_allowed"),
        ("ledger_account SET pending = -1", "pending_not_negative"),
        ("ledger_account SET held = -1", "held_not_negative"),
        ("ledger_lot SET remaining = -1, is_open = false", "ledger_lot_remaining"),
        ("ledger_lot SET remaining = granted + 1", "ledger_lot_remaining"),
        ("ledger_lot SET is_open = NOT is_open", "open_while_it_lasts"),
        ("ledger_hold SET captured = points + 1", "ledger_hold_points"),
        ("ledger_hold SET released = -1", "ledger_hold_points"),
        ("ledger_hold SET captured = points", "ledger_hold_resolved"),
        ("ledger_hold SET resolved_at = now()", "ledger_hold_resolved"),
    ],
)
def test_checks_hold_behind_the_door(door_open, change, constraint):
    assert constraint in refused(f"UPDATE {change}")


POST = """
    INSERT INTO ledger_posting (account_id, bucket, points, balance_after, kind, key, contra, source, actor, note,
                                reason, event_at, created_at, waived, contra_account_id)
    SELECT account_id, %s, %s, 1, %s, %s, 'issued', '', '', '', '', now(), now(), %s, %s FROM ledger_posting LIMIT 1
"""


@pytest.mark.parametrize(
    ("facts", "constraint"),
    [
        ({"points": 0}, "ledger_posting_moves"),
        ({"waived": 5}, "ledger_posting_waives"),
        ({"kind": "reversal", "waived": 0}, "ledger_posting_waives"),
        ({"bucket": 3}, "ledger_posting_bucket"),
        ({"kind": ""}, "ledger_posting_says_what"),
        ({"key": ""}, "ledger_posting_says_what"),
        ({"kind": "transfer"}, "ledger_posting_names_other"),
        ({"other": 5}, "ledger_posting_names_other"),
        ({"key": "award"}, "ledger_posting_once"),
    ],
)
def test_postings_are_checked_behind_the_door(door_open, facts, constraint):
    whole = {"bucket": 0, "points": 1, "kind": "award", "key": "new", "waived": None, "other": None} | facts
    assert constraint in refused(POST, *whole.values())


@pytest.mark.parametrize(
    ("copy", "constraint"),
    [
        (
            "INSERT INTO ledger_lot_use SELECT account_id, posting_id, lot_id, points, undoes, seq FROM ledger_lot_use",
            "ledger_lot_use_pkey",
        ),
        (
            "INSERT INTO ledger_lot_use SELECT account_id, posting_id, lot_id, 0, undoes, 99 FROM ledger_lot_use",
            "ledger_lot_use_moves",
        ),
        (
            "INSERT INTO ledger_lot_use SELECT account_id, posting_id, lot_id, -1, undoes, 99 FROM ledger_lot_use",
            "ledger_lot_use_puts_back",
        ),
        ("INSERT INTO ledger_hold SELECT * FROM ledger_hold", "ledger_hold_pkey"),
        ("INSERT INTO ledger_lot SELECT * FROM ledger_lot", "ledger_lot_pkey"),
        (
            "INSERT INTO ledger_account (wallet_id, subject, created_at, holder)"
            " SELECT wallet_id, subject, created_at, holder FROM ledger_account",
            "ledger_account_once",
        ),
        (
            "INSERT INTO ledger_account (wallet_id, subject, created_at, holder)"
            " SELECT 987654321, gen_random_uuid(), created_at, holder FROM ledger_account",
            "ledger_account_wallet_id_fkey",
        ),
    ],
)
def test_rows_are_unique_and_belong_somewhere(door_open, copy, constraint):
    assert constraint in refused(copy)


def test_the_door_is_shut_again_after_a_verb(busy):
    busy.award(1)
    assert rows("SELECT coalesce(nullif(current_setting('laurel.door', true), ''), 'shut')") == [("shut",)]
    assert "refuses UPDATE" in refused("UPDATE ledger_account SET balance = balance + 1")


def test_a_wallet_with_accounts_cannot_be_deleted(busy):
    assert "ledger_account" in refused(
        "DELETE FROM loyalty_wallet WHERE id = %s; SET CONSTRAINTS ALL IMMEDIATE", busy.wallet.pk
    )


def test_lots_that_fall_short_of_the_balance_stop_everything(busy):
    """Should a balance ever be wrong, the verb ends in an error that rolls back, and pays nothing out."""
    rows("SET session_replication_role = replica")
    rows("UPDATE ledger_account SET balance = balance + 500 WHERE id = %s", busy.id)
    with pytest.raises(DatabaseError, match="short of its balance"), transaction.atomic():
        busy.spend(300)
    rows("UPDATE ledger_account SET balance = balance - 500, pending = pending + 500 WHERE id = %s", busy.id)
    busy.award(1000, key="big")
    with pytest.raises(DatabaseError, match="pending lots"), transaction.atomic():
        busy.reverse("big", debt_policy="only_pending")
    rows("UPDATE ledger_account SET pending = pending - 500 WHERE id = %s", busy.id)
    rows("SET session_replication_role = DEFAULT")


def test_more_cannot_go_back_than_was_taken(door_open):
    ((spend,),) = rows("SELECT id FROM ledger_posting WHERE key = 'spend'")
    assert "less than are given back" in refused("SELECT ledger_put_back(%s, %s, 1, 11)", door_open.id, spend)


# --- A role of its own for the application ------------------------------------------------------------------------


@pytest.fixture
def application(busy) -> Purse:
    """From here on the connection works as a role that was granted what roles.sql says."""
    rows("CREATE ROLE laurel_test_app")
    rows("SELECT laurel_grant_to('laurel_test_app')")
    rows("SET LOCAL ROLE laurel_test_app")
    yield busy
    rows("RESET ROLE")


def test_the_application_moves_points_and_reads(application):
    application.award(40, key="mine")
    application.spend(30, key="out")
    application.reverse("out", debt_policy="unlimited")
    application.release("hold")
    assert application.state()[0] == 130
    assert ledger.open_account(wallet_id=application.wallet.pk, subject=application.subject) == application.id
    assert application.expire(day(30)).lots == 1
    many = ledger.award_many([ledger.AwardRow(application.id, 5, "bulk", day(0))], actor="job:import")
    assert many.points == 5
    assert rows("SELECT is_called FROM ledger_id") == [(True,)]
    assert rows("SELECT ledger_accounts_of(%s)", application.subject)[0][0] is not None


def test_every_verb_is_the_applications_to_call(application):
    called = {
        name.removeprefix("ledger_")
        for (name,) in rows(
            "SELECT proname FROM pg_proc WHERE proname LIKE 'ledger\\_%%' AND has_function_privilege(oid, 'EXECUTE')"
        )
    }
    verbs = "open_account open_accounts award award_many award_rows activate activate_due cancel_due spend hold capture"
    verbs += " release release_due transfer expire reinstate reverse extend redate balances accounts_of"
    assert set(verbs.split()) <= called


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    "verb", ["INSERT INTO {} DEFAULT VALUES", "UPDATE {} SET {} = NULL", "DELETE FROM {}", "TRUNCATE {}"]
)
def test_the_application_cannot_write_a_ledger_row_door_or_no_door(application, table, verb):
    open_the_door()
    column = "holder" if table == "account" else "account_id"
    assert "permission denied" in refused(verb.format(f"ledger_{table}", column))


@pytest.mark.parametrize(
    "attack",
    [
        "SET session_replication_role = replica",
        "ALTER TABLE ledger_posting DISABLE TRIGGER ALL",
        "DROP TRIGGER ledger_keeps ON ledger_posting",
        "SELECT ledger_put_back(1, 1, 1, 1)",
        "SELECT ledger_take(1, 1, 1, now())",
        "SELECT ledger_expire_lots('{1}', now(), now(), 'me')",
        "SELECT laurel_grant_to('laurel_test_app')",
        "SELECT setval('ledger_id', 1)",
        "SELECT nextval('ledger_id')",
        "CREATE OR REPLACE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    ],
)
def test_the_application_cannot_go_round_the_guards(application, attack):
    words = refused(attack)
    assert "permission denied" in words or "must be owner" in words


def test_a_table_of_the_same_name_does_not_deceive_the_functions(application):
    rows(
        "RESET ROLE; GRANT TEMPORARY ON DATABASE "
        + rows("SELECT quote_ident(current_database())")[0][0]
        + " TO laurel_test_app"
    )
    rows("SET LOCAL ROLE laurel_test_app")
    rows("CREATE TEMP TABLE ledger_account AS SELECT * FROM public.ledger_account")
    rows("UPDATE pg_temp.ledger_account SET balance = 1000000")
    with pytest.raises(ledger.REFUSALS["not-enough"]):
        application.spend(1000)
    rows("DROP TABLE pg_temp.ledger_account")
