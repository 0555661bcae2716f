-- Many awards in one statement: for imports. The effect is that of the rows awarded one by one in the order given.

CREATE TYPE ledger_award_row AS (
    account_id bigint, points bigint, key text, kind text, contra text, source text, note text, at timestamptz,
    expires_at timestamptz, is_pending boolean, activates_at timestamptz, cancel_at timestamptz
);

-- All or nothing: where a row is refused, `status` names the refusal, `key` the first such row, and nothing was posted.
CREATE FUNCTION ledger_award_rows(
    v_rows ledger_award_row[], p_actor text, p_now timestamptz,
    OUT status text, OUT key text, OUT awarded bigint, OUT replayed bigint, OUT points bigint
) LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp SET laurel.door = 'open' AS $$
BEGIN
    -- what follows is single statements, each with a snapshot that is newer than these locks
    PERFORM 1 FROM ledger_account WHERE id IN (SELECT DISTINCT r.account_id FROM unnest(v_rows) r) ORDER BY id FOR NO KEY UPDATE;

    SELECT 'unknown-account', r.key INTO status, key FROM unnest(v_rows) r
    WHERE NOT EXISTS (SELECT FROM ledger_account a WHERE a.id = r.account_id) LIMIT 1;
    IF FOUND THEN RETURN; END IF;

    SELECT 'key-reused', r.key INTO status, key FROM unnest(v_rows) r
    JOIN ledger_posting p ON p.account_id = r.account_id AND p.key = r.key
    WHERE (p.points, p.kind, p.contra, p.source, p.bucket) <> (r.points, r.kind, r.contra, r.source, r.is_pending::int) LIMIT 1;
    IF FOUND THEN RETURN; END IF;
    SELECT 'key-reused', r.key INTO status, key FROM unnest(v_rows) r
    GROUP BY r.account_id, r.key HAVING count(DISTINCT (r.points, r.kind, r.contra, r.source, r.is_pending)) > 1 LIMIT 1;
    IF FOUND THEN RETURN; END IF;

    SELECT 'out-of-range', min(r.key) INTO status, key FROM unnest(v_rows) r JOIN ledger_account a ON a.id = r.account_id
    GROUP BY a.id HAVING greatest(a.balance + a.pending + a.held, a.earned_total) + sum(r.points) > 9000000000000000000 LIMIT 1;
    IF FOUND THEN RETURN; END IF;

    WITH wanted AS MATERIALIZED (
        SELECT DISTINCT ON (r.account_id, r.key) r.*
        FROM unnest(v_rows) WITH ORDINALITY AS r (account_id, points, key, kind, contra, source, note, at, expires_at,
                                                  is_pending, activates_at, cancel_at, n)
        ORDER BY r.account_id, r.key, r.n
    ), fresh AS MATERIALIZED (
        SELECT w.*, a.balance AS balance_before, a.pending AS pending_before
        FROM wanted w JOIN ledger_account a ON a.id = w.account_id
        WHERE NOT EXISTS (SELECT FROM ledger_posting p WHERE p.account_id = w.account_id AND p.key = w.key)
    ), running AS (
        SELECT f.*,
               f.balance_before + coalesce(sum(f.points) FILTER (WHERE NOT f.is_pending) OVER up_to, 0)::bigint AS balance_after,
               f.pending_before + coalesce(sum(f.points) FILTER (WHERE f.is_pending) OVER up_to, 0)::bigint AS pending_after
        FROM fresh f WINDOW up_to AS (PARTITION BY f.account_id ORDER BY f.n) ORDER BY f.n
    ), numbered AS MATERIALIZED (
        SELECT nextval('ledger_id') AS id, r.*,
               CASE WHEN r.is_pending THEN 0 ELSE greatest(0, least(r.points, r.points - r.balance_after)) END AS repaid
        FROM running r
    ), posted AS (
        INSERT INTO ledger_posting (account_id, id, bucket, points, balance_after, kind, key, contra, source, actor, note,
                                    reason, event_at, created_at)
        SELECT n.account_id, n.id, n.is_pending::int, n.points,
               CASE WHEN n.is_pending THEN n.pending_after ELSE n.balance_after END,
               n.kind, n.key, n.contra, n.source, p_actor, n.note, '', n.at, p_now
        FROM numbered n
    ), lots AS (
        INSERT INTO ledger_lot (account_id, id, posting_id, granted, remaining, earned_at, expires_at, activates_at, cancel_at,
                                is_pending, is_open)
        SELECT n.account_id, n.id, n.id, n.points, n.points - n.repaid, n.at, n.expires_at, n.activates_at, n.cancel_at,
               n.is_pending, n.points > n.repaid
        FROM numbered n
    ), uses AS (
        INSERT INTO ledger_lot_use (account_id, posting_id, lot_id, seq, points)
        SELECT n.account_id, n.id, n.id, 1, n.repaid FROM numbered n WHERE n.repaid > 0
    ), moved AS (
        UPDATE ledger_account a
        SET balance = a.balance + s.active, pending = a.pending + s.pending, earned_total = a.earned_total + s.issued,
            may_owe = a.may_owe AND a.balance + s.active < 0
        FROM (SELECT n.account_id, coalesce(sum(n.points) FILTER (WHERE NOT n.is_pending), 0)::bigint AS active,
                     coalesce(sum(n.points) FILTER (WHERE n.is_pending), 0)::bigint AS pending,
                     coalesce(sum(n.points) FILTER (WHERE n.contra = 'issued'), 0)::bigint AS issued
              FROM numbered n GROUP BY n.account_id) s
        WHERE a.id = s.account_id
    )
    SELECT 'ok', count(*), coalesce(sum(n.points), 0) INTO status, awarded, points FROM numbered n;
    replayed := cardinality(v_rows) - awarded;
END $$;

-- The same for rows that come from outside.
CREATE FUNCTION ledger_award_many(
    p_rows json, p_actor text, p_now timestamptz,
    OUT status text, OUT key text, OUT awarded bigint, OUT replayed bigint, OUT points bigint
) LANGUAGE sql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT * FROM ledger_award_rows(
        ARRAY(SELECT r FROM json_populate_recordset(NULL::ledger_award_row, p_rows) r), p_actor, p_now)
$$;
