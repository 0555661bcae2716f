-- Bring back what expired out of a lot, with a new end (null: never). What was waived when goods came back stays away: it
-- would have been taken, had it not expired before.
CREATE OR REPLACE FUNCTION ledger_reinstate(
    p_account bigint, p_lot bigint, p_key text, p_source text, p_actor text, p_note text, p_reason text, p_at timestamptz,
    p_now timestamptz, p_expires_at timestamptz
) RETURNS ledger_posted LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp SET laurel.door = 'open' SET enable_seqscan = off AS $$
DECLARE
    v_answer ledger_posted;
    v_before bigint;
    v_left bigint;
    v_part bigint;
    v_seq int := 0;
    v_expiry record;
BEGIN
    PERFORM FROM ledger_account WHERE id = p_account FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN ledger_refused('unknown-account');
    END IF;
    v_answer := ledger_replay(p_account, p_key, 'reinstate', 0, NULL, 'expired', p_source, p_lot);
    IF v_answer.status IS NOT NULL THEN
        RETURN v_answer;
    END IF;
    -- what is past its instant and not yet swept has expired too
    SELECT greatest(ledger_expired(p_account, p_lot)
                    + CASE WHEN is_open AND NOT is_pending AND expires_at <= p_at THEN remaining ELSE 0 END
                    - (SELECT coalesce(sum(waived), 0) FROM ledger_posting
                       WHERE account_id = p_account AND refers_to = p_lot AND kind = 'reversal'), 0) INTO v_answer.points
    FROM ledger_lot WHERE account_id = p_account AND id = p_lot;
    IF NOT FOUND THEN
        RETURN ledger_refused('unknown-lot');
    ELSIF v_answer.points = 0 THEN
        RETURN ledger_refused('nothing-expired');
    END IF;
    PERFORM ledger_expire_lots(ARRAY[p_account], p_at, p_now, p_actor);
    SELECT balance INTO v_before FROM ledger_account WHERE id = p_account;
    v_answer.balance_after := v_before + v_answer.points;
    UPDATE ledger_account SET balance = v_answer.balance_after, may_owe = may_owe AND v_answer.balance_after < 0
    WHERE id = p_account;
    INSERT INTO ledger_posting (account_id, bucket, points, balance_after, kind, key, contra, refers_to, source, actor, note,
                                reason, event_at, created_at)
    VALUES (p_account, 0, v_answer.points, v_answer.balance_after, 'reinstate', p_key, 'expired', p_lot, p_source, p_actor,
            p_note, p_reason, p_at, p_now)
    RETURNING id INTO v_answer.posting_id;
    INSERT INTO ledger_redating (account_id, event_at, created_at, points, kind, key, actor, lots, was, becomes)
    SELECT p_account, p_at, p_now, v_answer.points, 'reinstate', p_key, p_actor, ARRAY[id], ARRAY[expires_at], ARRAY[p_expires_at]
    FROM ledger_lot WHERE account_id = p_account AND id = p_lot;
    UPDATE ledger_lot SET expires_at = p_expires_at WHERE account_id = p_account AND id = p_lot;
    v_left := v_answer.points - least(v_answer.points, greatest(-v_before, 0));  -- the rest repays a debt
    FOR v_expiry IN
        SELECT coalesce(u.undoes, u.posting_id) AS posting_id, sum(u.points)::bigint AS points
        FROM ledger_lot_use u JOIN ledger_posting p ON p.account_id = u.account_id AND p.id = coalesce(u.undoes, u.posting_id)
        WHERE u.account_id = p_account AND u.lot_id = p_lot AND p.kind = 'expire'
        GROUP BY 1 HAVING sum(u.points) > 0 ORDER BY 1 DESC
    LOOP
        v_part := least(v_left, v_expiry.points);
        v_left := v_left - v_part;
        v_seq := ledger_put_back(p_account, v_expiry.posting_id, v_answer.posting_id, v_part, v_seq);
    END LOOP;
    v_answer.status := 'ok';
    RETURN v_answer;
END $$;
