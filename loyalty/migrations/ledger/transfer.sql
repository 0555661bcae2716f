-- Points from one account to another of the same wallet. They keep their lots' dates.

CREATE FUNCTION ledger_transfer(
    p_from bigint, p_to bigint, p_points bigint, p_key text, p_source text, p_actor text, p_note text, p_reason text,
    p_at timestamptz, p_now timestamptz
) RETURNS ledger_posted LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp SET laurel.door = 'open' AS $$
DECLARE
    v_answer ledger_posted;
    v_from ledger_account;
    v_to ledger_account;
    v_transfer uuid := gen_random_uuid();
    v_received bigint;
    v_debt bigint;
    v_repaid bigint;
    v_seq int := 0;
    v_use record;
BEGIN
    IF p_from = p_to THEN
        RETURN ledger_refused('same-account');
    END IF;
    PERFORM FROM ledger_account WHERE id IN (p_from, p_to) ORDER BY id FOR NO KEY UPDATE;  -- in id order: no ring of waits
    SELECT * INTO v_from FROM ledger_account WHERE id = p_from;
    SELECT * INTO v_to FROM ledger_account WHERE id = p_to;
    IF v_from.id IS NULL OR v_to.id IS NULL THEN
        RETURN ledger_refused('unknown-account');
    END IF;
    v_answer := ledger_replay(p_from, p_key, 'transfer', 0, -p_points, 'transfer', p_source, NULL, p_to);
    IF v_answer.status IS NOT NULL THEN
        RETURN v_answer;
    ELSIF EXISTS (SELECT FROM ledger_posting WHERE account_id = p_to AND key = p_key) THEN
        RETURN ledger_refused('key-reused');
    ELSIF v_from.wallet_id <> v_to.wallet_id THEN
        RETURN ledger_refused('different-wallets');
    ELSIF v_from.balance - ledger_past(p_from, p_at) < p_points THEN
        RETURN ledger_refused('not-enough');
    ELSIF v_to.balance + v_to.pending + v_to.held > 9000000000000000000 - p_points THEN
        RETURN ledger_refused('out-of-range');
    END IF;
    UPDATE ledger_account
    SET balance = balance + CASE id WHEN p_to THEN p_points ELSE -p_points END,
        may_owe = may_owe AND balance + p_points < 0
    WHERE id IN (p_from, p_to);
    INSERT INTO ledger_posting (account_id, bucket, points, balance_after, kind, key, contra, contra_account_id, transfer, source,
                                actor, note, reason, event_at, created_at)
    VALUES (p_from, 0, -p_points, v_from.balance - p_points, 'transfer', p_key, 'transfer', p_to, v_transfer, p_source, p_actor,
            p_note, p_reason, p_at, p_now)
    RETURNING id, points, balance_after INTO v_answer.posting_id, v_answer.points, v_answer.balance_after;
    INSERT INTO ledger_posting (account_id, bucket, points, balance_after, kind, key, contra, contra_account_id, transfer, source,
                                actor, note, reason, event_at, created_at)
    VALUES (p_to, 0, p_points, v_to.balance + p_points, 'transfer', p_key, 'transfer', p_from, v_transfer, p_source, p_actor,
            p_note, p_reason, p_at, p_now)
    RETURNING id INTO v_received;
    PERFORM ledger_take(p_from, v_answer.posting_id, p_points, p_at);
    v_debt := greatest(-v_to.balance, 0);
    FOR v_use IN
        SELECT nextval('ledger_id') AS id, t.* FROM (
            SELECT u.points, l.earned_at, l.expires_at
            FROM ledger_lot_use u JOIN ledger_lot l ON l.account_id = u.account_id AND l.id = u.lot_id
            WHERE u.account_id = p_from AND u.posting_id = v_answer.posting_id ORDER BY u.seq) t
    LOOP
        v_repaid := least(v_debt, v_use.points);
        v_debt := v_debt - v_repaid;
        INSERT INTO ledger_lot (account_id, id, posting_id, granted, remaining, earned_at, expires_at, is_pending, is_open)
        VALUES (p_to, v_use.id, v_received, v_use.points, v_use.points - v_repaid, v_use.earned_at, v_use.expires_at, false,
                v_use.points > v_repaid);
        IF v_repaid > 0 THEN
            v_seq := v_seq + 1;
            INSERT INTO ledger_lot_use (account_id, posting_id, lot_id, seq, points)
            VALUES (p_to, v_received, v_use.id, v_seq, v_repaid);
        END IF;
    END LOOP;
    v_answer.status := 'ok';
    RETURN v_answer;
END $$;
