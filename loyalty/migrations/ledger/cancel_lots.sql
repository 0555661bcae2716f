-- One slice of the sweep of pending points that nobody confirmed in time; of them `p_lots` alone where that is given, so
-- that whoever settles first what the points had used up cancels exactly what was looked at.
DROP FUNCTION ledger_cancel_due(bigint[], timestamptz, timestamptz, text);
CREATE FUNCTION ledger_cancel_due(
    p_accounts bigint[], p_at timestamptz, p_now timestamptz, p_actor text, p_lots bigint[] DEFAULT NULL,
    OUT lots bigint, OUT points bigint
) LANGUAGE plpgsql
SET enable_seqscan = off  -- a session plans it once, perhaps while the tables are still empty
SECURITY DEFINER SET search_path = public, pg_temp SET laurel.door = 'open' AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('laurel.ledger.sweep'));
    PERFORM FROM ledger_account WHERE id = ANY (p_accounts) ORDER BY id FOR NO KEY UPDATE;
    WITH due AS (
        SELECT l.account_id, l.id AS lot_id, l.remaining, l.cancel_at, p.contra,
               a.pending - sum(l.remaining) OVER (PARTITION BY l.account_id ORDER BY l.cancel_at, l.id) AS pending_after
        FROM ledger_lot l JOIN ledger_account a ON a.id = l.account_id
        JOIN ledger_posting p ON p.account_id = l.account_id AND p.id = l.id
        WHERE l.account_id = ANY (p_accounts) AND l.is_open AND l.is_pending AND l.cancel_at <= p_at
          AND (p_lots IS NULL OR l.id = ANY (p_lots))
          AND (l.activates_at IS NULL OR l.cancel_at < l.activates_at)
        ORDER BY l.account_id, l.cancel_at, l.id
    ), numbered AS MATERIALIZED (
        SELECT nextval('ledger_id') AS id, d.* FROM due d
    ), posted AS (
        INSERT INTO ledger_posting (account_id, id, bucket, points, balance_after, kind, key, contra, refers_to, source, actor,
                                    note, reason, event_at, created_at)
        SELECT n.account_id, n.id, 1, -n.remaining, n.pending_after, 'cancel', '~cancel:' || n.lot_id, n.contra, n.lot_id, '',
               p_actor, '', '', n.cancel_at, p_now
        FROM numbered n
    ), closed AS (
        UPDATE ledger_lot l SET remaining = 0, is_open = false FROM numbered n
        WHERE l.account_id = n.account_id AND l.id = n.lot_id
    ), used AS (
        INSERT INTO ledger_lot_use (account_id, posting_id, lot_id, seq, points)
        SELECT n.account_id, n.id, n.lot_id, 1, n.remaining FROM numbered n
    ), moved AS (
        UPDATE ledger_account a SET pending = a.pending - s.points, earned_total = a.earned_total - s.issued
        FROM (SELECT n.account_id, sum(n.remaining)::bigint AS points,
                     coalesce(sum(n.remaining) FILTER (WHERE n.contra = 'issued'), 0)::bigint AS issued
              FROM numbered n GROUP BY n.account_id) s
        WHERE a.id = s.account_id
    )
    SELECT count(*), coalesce(sum(n.remaining), 0) INTO lots, points FROM numbered n;
END $$;
REVOKE ALL ON FUNCTION ledger_cancel_due(bigint[], timestamptz, timestamptz, text, bigint[]) FROM PUBLIC;
