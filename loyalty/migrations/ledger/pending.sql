-- Pending points: they become active at an instant or on a confirming event, or are cancelled.

CREATE FUNCTION ledger_activate(
    p_account bigint, p_award_key text, p_key text, p_source text, p_actor text, p_note text, p_reason text, p_at timestamptz,
    p_now timestamptz, p_keeps_expiry boolean, p_expires_at timestamptz
) RETURNS ledger_posted LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp SET laurel.door = 'open' AS $$
DECLARE
    v_answer ledger_posted;
    v_account ledger_account;
    v_lot ledger_lot;
    v_repaid bigint;
    v_transfer uuid := gen_random_uuid();
BEGIN
    PERFORM FROM ledger_account WHERE id = p_account FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN ledger_refused('unknown-account');
    END IF;
    SELECT l.* INTO v_lot FROM ledger_posting p JOIN ledger_lot l ON l.account_id = p.account_id AND l.id = p.id
    WHERE p.account_id = p_account AND p.key = p_award_key;
    v_answer := ledger_replay(p_account, p_key, 'activate', 0, NULL, 'pending', p_source, v_lot.id);
    IF v_answer.status IS NOT NULL THEN
        RETURN v_answer;
    ELSIF v_lot.id IS NULL THEN
        RETURN ledger_refused('unknown-posting');
    ELSIF NOT (v_lot.is_pending AND v_lot.is_open) THEN
        RETURN ledger_refused('not-pending');
    END IF;
    UPDATE ledger_account SET balance = balance + v_lot.remaining, pending = pending - v_lot.remaining,
                              may_owe = may_owe AND balance + v_lot.remaining < 0
    WHERE id = p_account RETURNING * INTO v_account;
    INSERT INTO ledger_posting (account_id, bucket, points, balance_after, kind, key, contra, transfer, refers_to, source, actor,
                                note, reason, event_at, created_at)
    VALUES (p_account, 0, v_lot.remaining, v_account.balance, 'activate', p_key, 'pending', v_transfer, v_lot.id, p_source,
            p_actor, p_note, p_reason, p_at, p_now)
    RETURNING id, points, balance_after INTO v_answer.posting_id, v_answer.points, v_answer.balance_after;
    INSERT INTO ledger_posting (account_id, bucket, points, balance_after, kind, key, contra, transfer, refers_to, source, actor,
                                note, reason, event_at, created_at)
    VALUES (p_account, 1, -v_lot.remaining, v_account.pending, 'activate', '~~' || v_answer.posting_id, 'active', v_transfer,
            v_lot.id, p_source, p_actor, p_note, p_reason, p_at, p_now);
    v_repaid := least(v_lot.remaining, greatest(v_lot.remaining - v_account.balance, 0));
    UPDATE ledger_lot SET is_pending = false, remaining = remaining - v_repaid, is_open = remaining > v_repaid,
                          expires_at = CASE WHEN p_keeps_expiry THEN expires_at ELSE p_expires_at END
    WHERE account_id = p_account AND id = v_lot.id;
    IF v_repaid > 0 THEN
        INSERT INTO ledger_lot_use (account_id, posting_id, lot_id, seq, points)
        VALUES (p_account, v_answer.posting_id, v_lot.id, 1, v_repaid);
    END IF;
    v_answer.status := 'ok';
    v_answer.lot_id := v_lot.id;
    RETURN v_answer;
END $$;

-- One slice of the sweep of activations. Where a lot is due both to become active and to be cancelled, the earlier wins.
CREATE FUNCTION ledger_activate_due(
    p_accounts bigint[], p_at timestamptz, p_now timestamptz, p_actor text, OUT lots bigint, OUT points bigint
) LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp SET laurel.door = 'open' AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('laurel.ledger.sweep'));
    PERFORM FROM ledger_account WHERE id = ANY (p_accounts) ORDER BY id FOR NO KEY UPDATE;
    WITH due AS (
        SELECT l.account_id, l.id AS lot_id, l.remaining, l.activates_at,
               a.balance + sum(l.remaining) OVER up_to AS balance_after, a.pending - sum(l.remaining) OVER up_to AS pending_after
        FROM ledger_lot l JOIN ledger_account a ON a.id = l.account_id
        WHERE l.account_id = ANY (p_accounts) AND l.is_open AND l.is_pending AND l.activates_at <= p_at
          AND (l.cancel_at IS NULL OR l.activates_at <= l.cancel_at)
        WINDOW up_to AS (PARTITION BY l.account_id ORDER BY l.activates_at, l.id)
        ORDER BY l.account_id, l.activates_at, l.id
    ), numbered AS MATERIALIZED (
        SELECT nextval('ledger_id') AS id, nextval('ledger_id') AS other_id, gen_random_uuid() AS transfer, d.*,
               least(d.remaining, greatest(d.remaining - d.balance_after, 0))::bigint AS repaid
        FROM due d
    ), posted AS (
        INSERT INTO ledger_posting (account_id, id, bucket, points, balance_after, kind, key, contra, transfer, refers_to, source,
                                    actor, note, reason, event_at, created_at)
        SELECT n.account_id, n.id, 0, n.remaining, n.balance_after, 'activate', '~activate:' || n.lot_id, 'pending', n.transfer,
               n.lot_id, '', p_actor, '', '', n.activates_at, p_now
        FROM numbered n
        UNION ALL
        SELECT n.account_id, n.other_id, 1, -n.remaining, n.pending_after, 'activate', '~~' || n.id, 'active', n.transfer,
               n.lot_id, '', p_actor, '', '', n.activates_at, p_now
        FROM numbered n
    ), opened AS (
        UPDATE ledger_lot l SET is_pending = false, remaining = l.remaining - n.repaid, is_open = l.remaining > n.repaid
        FROM numbered n WHERE l.account_id = n.account_id AND l.id = n.lot_id
    ), used AS (
        INSERT INTO ledger_lot_use (account_id, posting_id, lot_id, seq, points)
        SELECT n.account_id, n.id, n.lot_id, 1, n.repaid FROM numbered n WHERE n.repaid > 0
    ), moved AS (
        UPDATE ledger_account a SET balance = a.balance + s.points, pending = a.pending - s.points,
                                    may_owe = a.may_owe AND a.balance + s.points < 0
        FROM (SELECT n.account_id, sum(n.remaining)::bigint AS points FROM numbered n GROUP BY n.account_id) s
        WHERE a.id = s.account_id
    )
    SELECT count(*), coalesce(sum(n.remaining), 0) INTO lots, points FROM numbered n;
END $$;

-- One slice of the sweep of pending points that nobody confirmed in time.
CREATE FUNCTION ledger_cancel_due(
    p_accounts bigint[], p_at timestamptz, p_now timestamptz, p_actor text, OUT lots bigint, OUT points bigint
) LANGUAGE plpgsql
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
