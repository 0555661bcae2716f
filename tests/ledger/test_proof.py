"""check_ledger: silent on a sound ledger, and for each invariant a violation planted behind the guards is reported."""

import json
from io import StringIO

import pytest
from django.core.management import call_command

from loyalty.ledger.queries.proof import INVARIANTS, findings
from tests.ledger.purse import Purse, day, rows, violations


@pytest.fixture
def busy_ledger(db) -> Purse:
    """Two accounts with something of everything: a debt, a hold of each fate, a transfer, an expiry and its return."""
    purse = Purse()
    friend = Purse(wallet=purse.wallet)
    purse.award(100, key="early", expires_at=day(10))
    purse.award(100, key="late", expires_at=day(20))
    purse.award(100, key="purchase:till:1")
    purse.spend(30, key="spend")
    purse.reverse("spend", key="unspend", points=10)
    purse.award(50, key="pending", pending=True, activates_at=day(1))
    purse.award(60, key="waiting", pending=True, cancel_at=day(1))
    purse.award(70, key="confirmed", pending=True)
    purse.activate("confirmed", key="confirmation")
    purse.hold(20, key="captured")
    purse.capture("captured", key="capture", points=15)
    purse.hold(20, key="held")
    purse.give(friend, 40, key="gift")
    friend.spend(40)
    friend.award(10, key="clawed")
    friend.spend(10)
    friend.reverse("clawed", key="clawback", debt_policy="unlimited")
    purse.extend(day(30), key="extension")
    purse.award(5, key="short", expires_at=day(2))
    purse.expire(day(2))
    rows("SET session_replication_role = replica")
    return purse


RETURNED = """
    INSERT INTO loyalty_return (program_id, purchase_id, external_id, digest, lines, amount, clawbacks, given_back,
                                is_last, is_after_spending, event_at, created_at, actor)
    VALUES (1, 1, 'r1', '', 'LINES', 0, 'CLAWBACKS', '[]', false, false, now(), now(), '')"""
SENT = """
    INSERT INTO loyalty_transfer (program_id, wallet_id, giver_id, receiver_id, source, external_id, addressed, points,
                                  fee, note, state, made_on, answer_by, actor, reason, created_at)
    VALUES (1, 1, 1, 2, 'portal', 't1', '', 10, 1, '', 'STATE', now(), now(), '', '', now())"""
SHARED = """
    WITH made AS (
        INSERT INTO loyalty_household (program_id, wallet_id, name, code, subject, created_at)
        VALUES (1, 1, 'Home', 'HOME', gen_random_uuid(), now()) RETURNING id
    )
    INSERT INTO loyalty_householdmove (household_id, member_id, points, key, actor, at)
    SELECT id, 1, 10, 'in', '', now() FROM made"""
CHANGED = """
    WITH rate AS (
        INSERT INTO loyalty_conversionrate (program_id, from_wallet_id, to_wallet_id, is_on, give, "get", minimum,
                                            fee_points, fee_percent, keeps_expiry, tiers, code)
        VALUES (1, 1, 2, true, 1, 1, 1, 0, 0, false, '{}', '') RETURNING id
    )
    INSERT INTO loyalty_conversion (program_id, rate_id, member_id, source, external_id, from_wallet_id, to_wallet_id,
                                    given, fee, received, made_on, actor, created_at)
    SELECT 1, id, 1, 'portal', 'c1', 1, 2, 10, 0, 10, now(), '', now() FROM rate"""
BROUGHT_BACK = """
    INSERT INTO loyalty_reinstatement (program_id, wallet_id, member_id, source, external_id, expired_at, points,
                                       came_back, fee, amount, currency, lasts_days, state, reference, reason, actor,
                                       created_at, settled_by)
    VALUES (1, 1, 1, 'portal', 'b1', now(), 10, 10, 0, 0, 'EUR', 9, 'done', '', '', '', now(), '')"""
PLANTED = {
    "reinstatements_are_posted": [
        BROUGHT_BACK,
        "UPDATE ledger_posting SET kind = 'fee', source = 'reinstatement:9' WHERE kind = 'spend'",
    ],
    "reinstated_had_expired": [
        """INSERT INTO ledger_posting (account_id, points, balance_after, event_at, created_at, refers_to, bucket, kind,
                                       contra, key, source, actor, note, reason)
           SELECT account_id, 1 - points, balance_after, event_at, created_at, refers_to, bucket, 'reinstate', contra,
                  key || ':back', '', '', '', '' FROM ledger_posting WHERE kind = 'expire'""",
        """INSERT INTO ledger_posting (account_id, points, balance_after, event_at, created_at, refers_to, bucket, kind,
                                       contra, key, source, actor, note, reason, waived)
           SELECT account_id, 0, balance_after, event_at, created_at, refers_to, bucket, 'reversal', contra,
                  key || ':waived', '', '', '', '', 1 FROM ledger_posting WHERE kind = 'expire';
           INSERT INTO ledger_posting (account_id, points, balance_after, event_at, created_at, refers_to, bucket, kind,
                                       contra, key, source, actor, note, reason)
           SELECT account_id, -points, balance_after, event_at, created_at, refers_to, bucket, 'reinstate', contra,
                  key || ':back', '', '', '', '' FROM ledger_posting WHERE kind = 'expire'""",
    ],
    "conversions_are_posted": [
        CHANGED,
        "UPDATE ledger_posting SET kind = 'fee', source = 'conversion:9' WHERE kind = 'spend'",
    ],
    "transfers_are_posted": [SENT.replace("STATE", "done")],
    "waiting_transfers_are_held": [SENT.replace("STATE", "waiting")],
    "households_hold_what_was_put_in": [SHARED],
    "households_give_back_what_they_got": [SHARED.replace("1, 10, 'in'", "1, -10, '1:returned:7:1'")],
    "balance_is_sum_of_postings": ["UPDATE ledger_account SET balance = balance + 1 WHERE balance > 0"],
    "balance_after_has_no_gap": ["UPDATE ledger_posting SET balance_after = balance_after + 1 WHERE key = 'early'"],
    "balance_is_last_balance_after": ["UPDATE ledger_account SET pending = pending + 1"],
    "open_lots_are_balance": [
        "UPDATE ledger_lot SET remaining = remaining - 1 WHERE is_open AND NOT is_pending",
        "UPDATE ledger_lot SET remaining = remaining - 1 WHERE is_open AND is_pending",
    ],
    "remaining_is_granted_less_used": [
        "UPDATE ledger_lot_use SET points = points + 1 WHERE points > 1",
        "DELETE FROM ledger_lot_use WHERE points > 0",
    ],
    "lots_come_from_credits": [
        "UPDATE ledger_lot SET granted = granted + 1",
        "DELETE FROM ledger_lot",
        "UPDATE ledger_lot SET posting_id = (SELECT id FROM ledger_posting WHERE kind = 'spend' LIMIT 1)",
    ],
    "postings_move_their_lots": [
        "UPDATE ledger_lot_use SET points = points + 1 WHERE undoes IS NULL",
        "UPDATE ledger_posting SET points = points + 1 WHERE kind = 'reversal' AND points > 1",
    ],
    "lots_expire_once": [
        "UPDATE ledger_posting SET event_at = event_at - interval '1 hour' WHERE kind = 'expire'",
        """UPDATE ledger_lot_use SET points = points + 1
           WHERE posting_id = (SELECT id FROM ledger_posting WHERE kind = 'expire')""",
        """INSERT INTO ledger_posting (account_id, points, balance_after, event_at, created_at, refers_to, bucket, kind,
                                       contra, key, source, actor, note, reason)
           SELECT account_id, points, balance_after, event_at, created_at, refers_to, bucket, kind, contra, key || ':2',
                  '', '', '', '' FROM ledger_posting WHERE kind = 'expire'""",
        "UPDATE ledger_posting SET refers_to = 1 WHERE kind = 'expire'",
    ],
    "earlier_lots_first": [
        """UPDATE ledger_lot_use SET lot_id = (SELECT id FROM ledger_posting WHERE key = 'purchase:till:1')
           WHERE posting_id = (SELECT id FROM ledger_posting WHERE key = 'spend')""",
        "UPDATE ledger_redating SET was = ARRAY[was[2], was[1]] || was[3:]",
    ],
    "holds_are_settled_once": [
        "UPDATE ledger_hold SET released = 4, captured = 16 WHERE captured = 15",
        "UPDATE ledger_account SET held = held + 1",
        "DELETE FROM ledger_hold WHERE captured = 0",
        "DELETE FROM ledger_posting WHERE kind = 'capture'",
    ],
    "receipts_are_credited_once": ["UPDATE ledger_posting SET key = 'purchase:till:1' WHERE key = 'clawed'"],
    "transfers_sum_to_zero": [
        "UPDATE ledger_posting SET points = points - 1 WHERE kind = 'transfer' AND points < 0",
        "DELETE FROM ledger_posting WHERE kind = 'activate' AND bucket = 1",
        "UPDATE ledger_posting SET contra_account_id = account_id WHERE kind = 'transfer'",
        "UPDATE ledger_posting SET transfer = NULL WHERE kind = 'hold'",
    ],
    "liability_is_what_members_hold": ["UPDATE ledger_account SET held = held + 1"],
    "earned_is_what_was_issued": ["UPDATE ledger_account SET earned_total = earned_total + 1"],
    "debts_come_from_reversals": [
        "UPDATE ledger_posting SET balance_after = -1 WHERE kind = 'spend'",
        "UPDATE ledger_account SET may_owe = true",
    ],
    "reversals_stay_within_original": [
        "UPDATE ledger_posting SET points = 31 WHERE key = 'unspend'",
        "UPDATE ledger_posting SET points = -1 WHERE key = 'unspend'",
        "UPDATE ledger_posting SET waived = 21 WHERE key = 'unspend'",
        "UPDATE ledger_posting SET contra = 'issued' WHERE key = 'unspend'",
        "UPDATE ledger_posting SET refers_to = 987654321 WHERE key = 'clawback'",
    ],
    "put_back_is_what_was_taken": ["UPDATE ledger_lot_use SET points = -1000 WHERE points < 0"],
    "pending_become_active_once": [
        "UPDATE ledger_lot SET is_pending = false WHERE is_pending",
        "UPDATE ledger_lot SET is_pending = true WHERE NOT is_pending",
        "DELETE FROM ledger_posting WHERE kind = 'activate'",
    ],
    "nothing_is_orphaned": [
        "DELETE FROM ledger_account",
        "DELETE FROM ledger_posting WHERE kind = 'award'",
        "DELETE FROM ledger_posting WHERE kind = 'spend'",
        "DELETE FROM ledger_posting WHERE kind = 'hold'",
        "UPDATE ledger_lot_use SET lot_id = 987654321",
        "UPDATE ledger_redating SET lots[1] = 987654321",
        "UPDATE ledger_posting SET refers_to = 987654321 WHERE kind = 'release'",
    ],
    "returns_take_what_was_earned_once": [
        "UPDATE ledger_posting SET key = 'return:1:points:r1' WHERE key = 'clawback'",
        RETURNED.replace("LINES", '[{"line": 1, "quantity": "1"}]').replace("CLAWBACKS", "[]"),
        RETURNED.replace("LINES", "[]").replace("CLAWBACKS", '[{"wallet": "points", "asked": 1, "taken": 1}]'),
        RETURNED.replace("LINES", "[]").replace("CLAWBACKS", '[{"wallet": "points", "asked": 0, "taken": 1}]'),
    ],
    "values_are_exact": [
        "ALTER TABLE outbox_message ADD COLUMN worth double precision",
        "ALTER TABLE ledger_lot ADD COLUMN seen_at timestamp without time zone",
    ],
    "guards_are_in_place": [
        "ALTER TABLE ledger_posting DISABLE TRIGGER ledger_keeps",
        "ALTER TABLE ledger_lot DROP CONSTRAINT ledger_lot_remaining",
        "DROP TRIGGER ledger_door ON ledger_account",
    ],
}


def test_every_invariant_has_a_positive_control():
    assert set(PLANTED) == {path.stem for path in INVARIANTS.glob("*.sql")}


def test_a_sound_ledger_is_silent(busy_ledger):
    assert violations() == {}


@pytest.mark.parametrize(("invariant", "plant"), [(name, sql) for name, plants in PLANTED.items() for sql in plants])
def test_what_is_planted_is_reported(busy_ledger, invariant, plant):
    rows(plant)
    found = violations()
    assert invariant in found
    assert found[invariant][0]  # with rows to look at


def test_rows_are_counted_beyond_those_shown(busy_ledger):
    rows("UPDATE ledger_account SET earned_total = earned_total + 1")
    (found,) = [finding for finding in findings(shown=1) if finding.invariant == "earned_is_what_was_issued"]
    assert (found.violations, len(found.rows)) == (2, 1)
    assert found.meaning == "An account's earned_total is what was issued to it, less what was taken back."


def run(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("check_ledger", *arguments, stdout=out, no_color=True)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue()
    return 0, out.getvalue()


def test_the_command_ends_with_0_where_all_is_well(busy_ledger):
    assert run("--json")[0] == 0
    assert json.loads(run("--json")[1])["violations"] == 0
    code, text = run()
    assert code == 0
    assert text.endswith(f"{len(PLANTED)} invariants, 0 violations\n")


def test_the_command_ends_with_1_and_the_rows_otherwise(busy_ledger):
    rows("UPDATE ledger_account SET earned_total = earned_total + 1 WHERE id = %s", busy_ledger.id)
    code, text = run("--json")
    answer = json.loads(text)
    assert (code, answer["violations"]) == (1, 1)
    (row,) = answer["invariants"]["earned_is_what_was_issued"]["rows"]
    assert row["account"] == busy_ledger.id
    code, text = run()
    assert code == 1
    assert f"    account {busy_ledger.id}, earned_total {row['earned_total']}, issued {row['issued']}\n" in text


def test_it_only_reads(busy_ledger):
    before = rows("SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_xact_user_tables")
    violations()
    assert rows("SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_xact_user_tables") == before


def test_history_with_many_turns_is_still_in_order(db):
    """Lots that were reopened, redated, reinstated and activated late do not confuse the order of spending."""
    purse = Purse()
    lots = [purse.award(10, key=f"a{number}", expires_at=day(10 + number)).lot_id for number in range(5)]
    purse.award(10, key="p", pending=True, expires_at=day(1))
    purse.spend(25, key="s1")
    purse.reverse("s1", points=15)
    purse.extend(day(12), key="x1")
    purse.spend(12, key="s2")
    purse.activate("p", expires_at=day(11))
    purse.spend(12, key="s3")
    purse.hold(10, key="h")
    purse.expire(day(12))
    purse.release("h", at=day(12))
    purse.expire(day(12))
    purse.reverse("s3", at=day(13))
    purse.expire(day(13))
    purse.reinstate(lots[2], at=day(13), expires_at=day(50))
    purse.award(10, at=day(13), expires_at=day(40))
    purse.spend(15, at=day(14))
    assert purse.state(day(14))[0] > 0
    assert violations() == {}
