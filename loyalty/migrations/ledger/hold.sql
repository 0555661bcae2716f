-- Points set aside. A hold takes them out of their lots into the held bucket; a capture takes them from there for good, a
-- release puts them back into the very lots. What stands on the hold's row is only how much of it is settled.

CREATE FUNCTION ledger_hold(
    p_account bigint, p_points bigint, p_key text, p_source text, p_actor text, p_note text, p_reason text,
    p_at timestamptz, p_now timestamptz, p_until timestamptz
) RETURNS ledger_posted LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp SET laurel.door = 'open' AS $$
DECLARE
    v_answer ledger_posted;
    v_account ledger_account;
    v_transfer uuid := gen_random_uuid();
BEGIN
    SELECT * INTO v_account FROM ledger_account WHERE id = p_account FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN ledger_refused('unknown-account');
    END IF;
    v_answer := ledger_replay(p_account, p_key, 'hold', 0, -p_points, 'held', p_source);
    IF v_answer.status IS NOT NULL THEN
        RETURN v_answer;
    END IF;
    IF v_account.balance - ledger_past(p_account, p_at) < p_points THEN
        RETURN ledger_refused('not-enough');
    END IF;
    UPDATE ledger_account SET balance = balance - p_points, held = held + p_points WHERE id = p_account;
    INSERT INTO ledger_posting (account_id, bucket, points, balance_after, kind, key, contra, transfer, source, actor, note,
                                reason, event_at, created_at)
    VALUES (p_account, 0, -p_points, v_account.balance - p_points, 'hold', p_key, 'held', v_transfer, p_source, p_actor, p_note,
            p_reason, p_at, p_now)
    RETURNING id, points, balance_after INTO v_answer.posting_id, v_answer.points, v_answer.balance_after;
    INSERT INTO ledger_posting (account_id, bucket, points, balance_after, kind, key, contra, transfer, source, actor, note,
                                reason, event_at, created_at)
    VALUES (p_account, 2, p_points, v_account.held + p_points, 'hold', '~~' || v_answer.posting_id, 'active', v_transfer, p_source,
            p_actor, p_note, p_reason, p_at, p_now);
    INSERT INTO ledger_hold (account_id, id, points, expires_at) VALUES (p_account, v_answer.posting_id, p_points, p_until);
    PERFORM ledger_take(p_account, v_answer.posting_id, p_points, p_at);
    v_answer.status := 'ok';
    RETURN v_answer;
END $$;

-- Move points of a hold back to the active bucket and into their lots. The two postings bear p_key and the main posting's id.
CREATE FUNCTION ledger_unhold(
    p_account bigint, p_hold bigint, p_points bigint, p_key text, p_source text, p_actor text, p_note text, p_reason text,
    p_at timestamptz, p_now timestamptz
) RETURNS ledger_posted LANGUAGE plpgsql AS $$
DECLARE
    v_answer ledger_posted;
    v_account ledger_account;
    v_transfer uuid := gen_random_uuid();
BEGIN
    UPDATE ledger_account SET balance = balance + p_points, held = held - p_points, may_owe = may_owe AND balance + p_points < 0
    WHERE id = p_account RETURNING * INTO v_account;
    UPDATE ledger_hold SET released = released + p_points,
                           resolved_at = CASE WHEN captured + released + p_points = points THEN p_at END
    WHERE account_id = p_account AND id = p_hold;
    INSERT INTO ledger_posting (account_id, bucket, points, balance_after, kind, key, contra, transfer, refers_to, source, actor,
                                note, reason, event_at, created_at)
    VALUES (p_account, 0, p_points, v_account.balance, 'release', p_key, 'held', v_transfer, p_hold, p_source, p_actor, p_note,
            p_reason, p_at, p_now)
    RETURNING id, points, balance_after INTO v_answer.posting_id, v_answer.points, v_answer.balance_after;
    INSERT INTO ledger_posting (account_id, bucket, points, balance_after, kind, key, contra, transfer, refers_to, source, actor,
                                note, reason, event_at, created_at)
    VALUES (p_account, 2, -p_points, v_account.held, 'release', '~~' || v_answer.posting_id, 'active', v_transfer, p_hold, p_source,
            p_actor, p_note, p_reason, p_at, p_now);
    -- where the account was in debt, the first of the points repay it
    PERFORM ledger_put_back(p_account, p_hold, v_answer.posting_id,
                            p_points - least(p_points, greatest(p_points - v_account.balance, 0)));
    v_answer.status := 'ok';
    RETURN v_answer;
END $$;

-- The hold that a key opened; `status` says why it cannot be settled by p_points (null: by whatever is left).
CREATE FUNCTION ledger_open_hold(
    p_account bigint, p_hold_key text, p_points bigint, OUT status text, OUT id bigint, OUT left_points bigint, OUT ends timestamptz
) LANGUAGE plpgsql STABLE AS $$
BEGIN
    SELECT h.id, h.points - h.captured - h.released, h.expires_at INTO id, left_points, ends
    FROM ledger_posting p JOIN ledger_hold h ON h.account_id = p.account_id AND h.id = p.id
    WHERE p.account_id = p_account AND p.key = p_hold_key;
    status := CASE WHEN NOT FOUND THEN 'unknown-posting'
                   WHEN left_points = 0 THEN 'hold-closed'
                   WHEN p_points > left_points THEN 'more-than-held' END;
END $$;

-- Take what was set aside, or a part of it; the rest goes back. A hold past its end is judged by p_at, job or no job.
CREATE FUNCTION ledger_capture(
    p_account bigint, p_points bigint, p_hold_key text, p_key text, p_contra text, p_source text, p_actor text, p_note text,
    p_reason text, p_at timestamptz, p_now timestamptz
) RETURNS ledger_posted LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp SET laurel.door = 'open' AS $$
DECLARE
    v_answer ledger_posted;
    v_hold record;
BEGIN
    PERFORM FROM ledger_account WHERE id = p_account FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN ledger_refused('unknown-account');
    END IF;
    SELECT * INTO v_hold FROM ledger_open_hold(p_account, p_hold_key, p_points);
    v_answer := ledger_replay(p_account, p_key, 'capture', 2, -p_points, p_contra, p_source, v_hold.id);
    IF v_answer.status IS NOT NULL THEN
        RETURN v_answer;
    ELSIF v_hold.status IS NOT NULL THEN
        RETURN ledger_refused(v_hold.status);
    ELSIF v_hold.ends <= p_at THEN
        RETURN ledger_refused('hold-closed');
    END IF;
    v_answer.points := -coalesce(p_points, v_hold.left_points);
    UPDATE ledger_account SET held = held + v_answer.points WHERE id = p_account RETURNING held INTO v_answer.balance_after;
    UPDATE ledger_hold SET captured = captured - v_answer.points,
                           resolved_at = CASE WHEN captured - v_answer.points + released = points THEN p_at END
    WHERE account_id = p_account AND id = v_hold.id;
    INSERT INTO ledger_posting (account_id, bucket, points, balance_after, kind, key, contra, refers_to, source, actor, note,
                                reason, event_at, created_at)
    VALUES (p_account, 2, v_answer.points, v_answer.balance_after, 'capture', p_key, p_contra, v_hold.id, p_source, p_actor,
            p_note, p_reason, p_at, p_now)
    RETURNING id INTO v_answer.posting_id;
    IF v_hold.left_points > -v_answer.points THEN
        PERFORM ledger_unhold(p_account, v_hold.id, v_hold.left_points + v_answer.points, '~rest:' || v_answer.posting_id,
                              p_source, p_actor, p_note, p_reason, p_at, p_now);
    END IF;
    v_answer.status := 'ok';
    RETURN v_answer;
END $$;

-- Give back what was set aside, or a part of it.
CREATE FUNCTION ledger_release(
    p_account bigint, p_points bigint, p_hold_key text, p_key text, p_source text, p_actor text, p_note text, p_reason text,
    p_at timestamptz, p_now timestamptz
) RETURNS ledger_posted LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp SET laurel.door = 'open' AS $$
DECLARE
    v_answer ledger_posted;
    v_hold record;
BEGIN
    PERFORM FROM ledger_account WHERE id = p_account FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN ledger_refused('unknown-account');
    END IF;
    SELECT * INTO v_hold FROM ledger_open_hold(p_account, p_hold_key, p_points);
    v_answer := ledger_replay(p_account, p_key, 'release', 0, p_points, 'held', p_source, v_hold.id);
    IF v_answer.status IS NOT NULL THEN
        RETURN v_answer;
    ELSIF v_hold.status IS NOT NULL THEN
        RETURN ledger_refused(v_hold.status);
    END IF;
    RETURN ledger_unhold(p_account, v_hold.id, coalesce(p_points, v_hold.left_points), p_key, p_source, p_actor, p_note, p_reason,
                         p_at, p_now);
END $$;

-- One slice of the sweep of holds past their end.
CREATE FUNCTION ledger_release_due(
    p_accounts bigint[], p_at timestamptz, p_now timestamptz, p_actor text, OUT holds bigint, OUT points bigint
) LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp SET laurel.door = 'open' AS $$
DECLARE
    v_hold ledger_hold;
BEGIN
    holds := 0;
    points := 0;
    PERFORM pg_advisory_xact_lock(hashtext('laurel.ledger.sweep'));
    PERFORM FROM ledger_account WHERE id = ANY (p_accounts) ORDER BY id FOR NO KEY UPDATE;
    FOR v_hold IN
        SELECT * FROM ledger_hold h WHERE h.account_id = ANY (p_accounts) AND h.resolved_at IS NULL AND h.expires_at <= p_at
        ORDER BY h.account_id, h.id
    LOOP
        PERFORM ledger_unhold(v_hold.account_id, v_hold.id, v_hold.points - v_hold.captured - v_hold.released,
                              '~release:' || v_hold.id, '', p_actor, '', '', v_hold.expires_at, p_now);
        holds := holds + 1;
        points := points + v_hold.points - v_hold.captured - v_hold.released;
    END LOOP;
END $$;
