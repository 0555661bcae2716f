-- Corrections. A reversal of a debit puts the points back into the very lots. A reversal of an award takes its own lot first,
-- then what the debt policy allows: only_pending: pending points; within_balance: also active ones; unlimited: also points
-- that are not there, as a debt. What expired out of the award's own lot is gone already and is not taken from elsewhere; that
-- and what the policy spares is waived. All reversals of a posting together never exceed it.

CREATE FUNCTION ledger_reverse(
    p_account bigint, p_posting_key text, p_points bigint, p_policy text, p_key text, p_source text, p_actor text, p_note text,
    p_reason text, p_at timestamptz, p_now timestamptz
) RETURNS ledger_posted LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp SET laurel.door = 'open' AS $$
DECLARE
    v_answer ledger_posted;
    v_target ledger_posting;
    v_settled bigint;
    v_waived bigint;
    v_asked bigint;
    v_balance bigint;
BEGIN
    SELECT balance INTO v_balance FROM ledger_account WHERE id = p_account FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN ledger_refused('unknown-account');
    END IF;
    SELECT * INTO v_target FROM ledger_posting WHERE account_id = p_account AND key = p_posting_key;
    v_answer := ledger_replay_reversal(p_account, p_key, v_target.id, p_points, p_source);
    IF v_answer.status IS NOT NULL THEN
        RETURN v_answer;
    ELSIF v_target.id IS NULL THEN
        RETURN ledger_refused('unknown-posting');
    ELSIF v_target.kind IN ('activate', 'cancel', 'expire', 'hold', 'reinstate', 'release', 'reversal', 'transfer') THEN
        RETURN ledger_refused('not-reversible');
    END IF;
    SELECT coalesce(sum(abs(points)), 0) + coalesce(sum(waived), 0), coalesce(sum(waived), 0) INTO v_settled, v_waived
    FROM ledger_posting WHERE account_id = p_account AND refers_to = v_target.id AND kind IN ('reversal', 'cancel');
    v_asked := least(coalesce(p_points, abs(v_target.points)), abs(v_target.points) - v_settled);
    IF v_asked <= 0 THEN
        RETURN ledger_refused('nothing-to-reverse');
    ELSIF v_target.points > 0 THEN
        RETURN ledger_claw_back(v_target, v_asked, v_waived, p_policy, p_key, p_source, p_actor, p_note, p_reason, p_at, p_now);
    ELSIF v_balance > 9000000000000000000 - v_asked THEN
        RETURN ledger_refused('out-of-range');
    END IF;
    UPDATE ledger_account SET balance = balance + v_asked, may_owe = may_owe AND balance + v_asked < 0
    WHERE id = p_account RETURNING balance INTO v_answer.balance_after;
    INSERT INTO ledger_posting (account_id, bucket, points, balance_after, kind, key, contra, refers_to, source, actor, note,
                                reason, event_at, created_at)
    VALUES (p_account, 0, v_asked, v_answer.balance_after, 'reversal', p_key, v_target.contra, v_target.id, p_source, p_actor,
            p_note, p_reason, p_at, p_now)
    RETURNING id, points INTO v_answer.posting_id, v_answer.points;
    -- a capture's lots are its hold's; where the account was in debt, the first of the points repay it
    PERFORM ledger_put_back(p_account, CASE v_target.kind WHEN 'capture' THEN v_target.refers_to ELSE v_target.id END,
                            v_answer.posting_id, v_asked - least(v_asked, greatest(-v_balance, 0)));
    v_answer.status := 'ok';
    RETURN v_answer;
END $$;

-- The first reversal under a key, summed over its legs. An amount above what was left to reverse counts as that.
CREATE FUNCTION ledger_replay_reversal(p_account bigint, p_key text, p_target bigint, p_points bigint, p_source text)
RETURNS ledger_posted LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_answer ledger_posted := ledger_replay(p_account, p_key, 'reversal', NULL, NULL, NULL, p_source, p_target);
    v_settled bigint;
BEGIN
    IF v_answer.status = 'replayed' THEN
        SELECT sum(l.points), sum(abs(l.points)) + coalesce(sum(l.waived), 0) INTO v_answer.points, v_settled
        FROM ledger_posting f
        JOIN ledger_posting l ON l.account_id = f.account_id AND l.key IN (f.key, '~~' || f.id)
        WHERE f.account_id = p_account AND f.id = v_answer.posting_id;
        IF p_points < v_settled THEN
            v_answer.status := 'key-reused';
        END IF;
    END IF;
    RETURN v_answer;
END $$;

CREATE FUNCTION ledger_claw_back(
    p_award ledger_posting, p_points bigint, p_waived_before bigint, p_policy text, p_key text, p_source text, p_actor text,
    p_note text, p_reason text, p_at timestamptz, p_now timestamptz
) RETURNS ledger_posted LANGUAGE plpgsql AS $$
DECLARE
    c_account CONSTANT bigint := p_award.account_id;
    v_answer ledger_posted;
    v_account ledger_account;
    v_lot ledger_lot;
    v_left bigint := p_points;
    v_gone bigint;
    v_own_pending bigint := 0;
    v_own_active bigint := 0;
    v_other_pending bigint;
    v_other_active bigint := 0;
    v_pending bigint;
    v_active bigint;
    v_pending_id bigint;
    v_active_id bigint;
BEGIN
    -- what is past its instant is gone, swept or not
    PERFORM ledger_expire_lots(ARRAY[c_account], p_at, p_now, p_actor);
    SELECT * INTO v_account FROM ledger_account WHERE id = c_account;
    SELECT * INTO v_lot FROM ledger_lot WHERE account_id = c_account AND id = p_award.id;

    -- how much is taken from where
    IF v_lot.is_pending THEN
        v_own_pending := least(v_left, v_lot.remaining);
    ELSIF p_policy <> 'only_pending' THEN
        v_own_active := least(v_left, v_lot.remaining);
    END IF;
    v_left := v_left - v_own_pending - v_own_active;
    v_gone := least(v_left, greatest(ledger_expired(c_account, v_lot.id) - p_waived_before, 0));
    v_left := v_left - v_gone;
    v_other_pending := least(v_left, v_account.pending - v_own_pending);
    v_left := v_left - v_other_pending;
    IF p_policy <> 'only_pending' THEN
        v_other_active := least(v_left, greatest(v_account.balance, 0) - v_own_active);
    END IF;
    v_left := v_left - v_other_active;
    v_pending := v_own_pending + v_other_pending;
    v_active := v_own_active + v_other_active;
    IF p_policy = 'unlimited' THEN  -- the rest is owed
        v_active := v_active + v_left;
        v_left := 0;
    END IF;

    -- the postings: the active leg is the main one where there are two, and where nothing was left to take
    UPDATE ledger_account
    SET balance = balance - v_active, pending = pending - v_pending, may_owe = balance - v_active < 0,
        earned_total = earned_total - CASE p_award.contra WHEN 'issued' THEN v_pending + v_active ELSE 0 END
    WHERE id = c_account RETURNING * INTO v_account;
    IF v_active > 0 OR v_pending = 0 THEN
        INSERT INTO ledger_posting (account_id, bucket, points, balance_after, kind, key, contra, refers_to, waived,
                                    source, actor, note, reason, event_at, created_at)
        VALUES (c_account, 0, -v_active, v_account.balance, 'reversal', p_key, p_award.contra, p_award.id,
                nullif(v_gone + v_left, 0), p_source, p_actor, p_note, p_reason, p_at, p_now)
        RETURNING id, balance_after INTO v_active_id, v_answer.balance_after;
    END IF;
    IF v_pending > 0 THEN
        INSERT INTO ledger_posting (account_id, bucket, points, balance_after, kind, key, contra, refers_to, waived,
                                    source, actor, note, reason, event_at, created_at)
        VALUES (c_account, 1, -v_pending, v_account.pending, 'reversal', coalesce('~~' || v_active_id, p_key), p_award.contra,
                p_award.id, CASE WHEN v_active_id IS NULL THEN nullif(v_gone + v_left, 0) END, p_source, p_actor,
                p_note, p_reason, p_at, p_now)
        RETURNING id, coalesce(v_answer.balance_after, balance_after) INTO v_pending_id, v_answer.balance_after;
    END IF;

    -- the lots
    IF v_own_pending > 0 THEN
        PERFORM ledger_take_from(v_lot, v_own_pending, v_pending_id, 1);
    ELSIF v_own_active > 0 THEN
        PERFORM ledger_take_from(v_lot, v_own_active, v_active_id, 1);
    END IF;
    PERFORM ledger_take_pending(c_account, v_pending_id, v_other_pending, 1);
    PERFORM ledger_take(c_account, v_active_id, v_other_active, p_at, 1);
    v_answer.status := 'ok';
    v_answer.posting_id := coalesce(v_active_id, v_pending_id);
    v_answer.points := -v_pending - v_active;
    RETURN v_answer;
END $$;

CREATE FUNCTION ledger_take_from(p_lot ledger_lot, p_points bigint, p_posting bigint, p_seq int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE ledger_lot SET remaining = remaining - p_points, is_open = remaining > p_points
    WHERE account_id = p_lot.account_id AND id = p_lot.id;
    INSERT INTO ledger_lot_use (account_id, posting_id, lot_id, seq, points)
    VALUES (p_lot.account_id, p_posting, p_lot.id, p_seq, p_points);
END $$;

-- Take pending points, the youngest first.
CREATE FUNCTION ledger_take_pending(p_account bigint, p_posting bigint, p_points bigint, p_seq int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_left bigint := p_points;
    v_seq int := p_seq;
    v_part bigint;
    v_lot ledger_lot;
BEGIN
    FOR v_lot IN
        SELECT * FROM ledger_lot WHERE account_id = p_account AND is_open AND is_pending ORDER BY id DESC
    LOOP
        EXIT WHEN v_left = 0;
        v_part := least(v_left, v_lot.remaining);
        v_left := v_left - v_part;
        v_seq := v_seq + 1;
        PERFORM ledger_take_from(v_lot, v_part, p_posting, v_seq);
    END LOOP;
    IF v_left > 0 THEN
        RAISE EXCEPTION 'ledger: the pending lots of account % are % short', p_account, v_left;
    END IF;
END $$;
