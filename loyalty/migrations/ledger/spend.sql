-- Points out, and points set aside.

-- What lies in lots past their instant that no sweep has closed yet: in the balance, and not spendable.
CREATE FUNCTION ledger_past(p_account bigint, p_at timestamptz) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT coalesce(sum(remaining), 0) FROM ledger_lot
            WHERE account_id = p_account AND is_open AND NOT is_pending AND expires_at <= p_at);
END $$;

-- Take points out of the open lots: earliest expiry first, "never" last, then the oldest. The account is locked and its
-- balance was checked; a loop that stops early beats a window function over all the lots by far.
CREATE FUNCTION ledger_take(p_account bigint, p_posting bigint, p_points bigint, p_at timestamptz, p_seq int DEFAULT 0)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_left bigint := p_points;
    v_seq int := p_seq;
    v_part bigint;
    v_lot record;
BEGIN
    FOR v_lot IN
        SELECT id, remaining, expires_at FROM ledger_lot
        WHERE account_id = p_account AND is_open AND NOT is_pending ORDER BY expires_at, id
    LOOP
        EXIT WHEN v_left = 0;
        CONTINUE WHEN v_lot.expires_at <= p_at;  -- not in the query: the index gives this order only without a second condition
        v_part := least(v_left, v_lot.remaining);
        v_left := v_left - v_part;
        v_seq := v_seq + 1;
        UPDATE ledger_lot SET remaining = remaining - v_part, is_open = remaining > v_part
        WHERE account_id = p_account AND id = v_lot.id;
        INSERT INTO ledger_lot_use (account_id, posting_id, lot_id, seq, points)
        VALUES (p_account, p_posting, v_lot.id, v_seq, v_part);
    END LOOP;
    IF v_left > 0 THEN
        RAISE EXCEPTION 'ledger: the lots of account % are % short of its balance', p_account, v_left;
    END IF;
END $$;

-- Put points back into the very lots that a debit took them from, last taken first. Answers with the last line's number.
CREATE FUNCTION ledger_put_back(p_account bigint, p_debit bigint, p_posting bigint, p_points bigint, p_seq int DEFAULT 0)
RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    v_left bigint := p_points;
    v_seq int := p_seq;
    v_part bigint;
    v_use record;
BEGIN
    FOR v_use IN
        SELECT lot_id, sum(points)::bigint AS points FROM ledger_lot_use
        WHERE account_id = p_account AND (posting_id = p_debit OR undoes = p_debit)
        GROUP BY lot_id HAVING sum(points) > 0 ORDER BY max(seq) FILTER (WHERE posting_id = p_debit) DESC
    LOOP
        EXIT WHEN v_left = 0;
        v_part := least(v_left, v_use.points);
        v_left := v_left - v_part;
        v_seq := v_seq + 1;
        UPDATE ledger_lot SET remaining = remaining + v_part, is_open = true, reopened = reopened + (NOT is_open)::int
        WHERE account_id = p_account AND id = v_use.lot_id;
        INSERT INTO ledger_lot_use (account_id, posting_id, lot_id, seq, points, undoes)
        VALUES (p_account, p_posting, v_use.lot_id, v_seq, -v_part, p_debit);
    END LOOP;
    IF v_left > 0 THEN
        RAISE EXCEPTION 'ledger: posting % of account % took % points less than are given back', p_debit, p_account, v_left;
    END IF;
    RETURN v_seq;
END $$;

CREATE FUNCTION ledger_spend(
    p_account bigint, p_points bigint, p_key text, p_kind text, p_contra text, p_source text, p_actor text, p_note text,
    p_reason text, p_at timestamptz, p_now timestamptz
) RETURNS ledger_posted LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp SET laurel.door = 'open' AS $$
DECLARE
    v_answer ledger_posted;
    v_is_new boolean := false;
BEGIN
    UPDATE ledger_account SET balance = balance - p_points WHERE id = p_account AND balance >= p_points
    RETURNING balance INTO v_answer.balance_after;
    IF FOUND THEN
        IF v_answer.balance_after >= ledger_past(p_account, p_at) THEN
            INSERT INTO ledger_posting (account_id, bucket, points, balance_after, kind, key, contra, source, actor, note,
                                        reason, event_at, created_at)
            VALUES (p_account, 0, -p_points, v_answer.balance_after, p_kind, p_key, p_contra, p_source, p_actor, p_note,
                    p_reason, p_at, p_now)
            ON CONFLICT (account_id, key) DO NOTHING RETURNING id INTO v_answer.posting_id;
            v_is_new := FOUND;
        END IF;
        IF v_is_new THEN
            PERFORM ledger_take(p_account, v_answer.posting_id, p_points, p_at);
            v_answer.status := 'ok';
            v_answer.points := -p_points;
            RETURN v_answer;
        END IF;
        UPDATE ledger_account SET balance = balance + p_points WHERE id = p_account;
    END IF;
    v_answer := ledger_replay(p_account, p_key, p_kind, 0, -p_points, p_contra, p_source);
    v_answer.status := coalesce(v_answer.status, CASE WHEN EXISTS (SELECT FROM ledger_account WHERE id = p_account)
                                                 THEN 'not-enough' ELSE 'unknown-account' END);
    RETURN v_answer;
END $$;
