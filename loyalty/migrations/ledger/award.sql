-- Points in. Every verb answers with one ledger_posted and never raises for what a caller may do wrong: `status` is
-- 'ok', 'replayed' (the key was used before for the same; the row is the first posting) or the name of the refusal.

CREATE TYPE ledger_posted AS (status text, posting_id bigint, points bigint, balance_after bigint, lot_id bigint);

-- The first posting under a key, if it was for the same thing (null stands for "whatever it was").
CREATE FUNCTION ledger_replay(
    p_account bigint, p_key text, p_kind text, p_bucket int, p_points bigint, p_contra text, p_source text,
    p_refers_to bigint DEFAULT NULL, p_other bigint DEFAULT NULL
) RETURNS ledger_posted LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_first ledger_posting;
    v_answer ledger_posted;
BEGIN
    SELECT * INTO v_first FROM ledger_posting WHERE account_id = p_account AND key = p_key;
    IF NOT FOUND THEN
        RETURN v_answer;
    END IF;
    IF (v_first.kind, v_first.bucket, v_first.points, v_first.contra, v_first.source)
       = (p_kind, coalesce(p_bucket, v_first.bucket), coalesce(p_points, v_first.points), coalesce(p_contra, v_first.contra), p_source)
       AND v_first.refers_to IS NOT DISTINCT FROM p_refers_to
       AND v_first.contra_account_id IS NOT DISTINCT FROM p_other
    THEN
        v_answer.status := 'replayed';
    ELSE
        v_answer.status := 'key-reused';
    END IF;
    v_answer.posting_id := v_first.id;
    v_answer.points := v_first.points;
    v_answer.balance_after := v_first.balance_after;
    SELECT id INTO v_answer.lot_id FROM ledger_lot WHERE account_id = p_account AND id = v_first.id;
    RETURN v_answer;
END $$;

-- A refusal by name.
CREATE FUNCTION ledger_refused(p_status text) RETURNS ledger_posted LANGUAGE sql IMMUTABLE
RETURN ROW(p_status, NULL, NULL, NULL, NULL)::ledger_posted;

CREATE FUNCTION ledger_open_account(p_wallet bigint, p_subject uuid, p_holder text, p_now timestamptz)
RETURNS bigint LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp SET laurel.door = 'open' AS $$
DECLARE
    v_id bigint;
BEGIN
    SELECT id INTO v_id FROM ledger_account WHERE subject = p_subject AND wallet_id = p_wallet;
    IF v_id IS NOT NULL THEN
        RETURN v_id;
    END IF;
    INSERT INTO ledger_account (wallet_id, subject, holder, created_at)
    SELECT p_wallet, p_subject, p_holder, p_now WHERE EXISTS (SELECT FROM loyalty_wallet WHERE id = p_wallet)
    ON CONFLICT (subject, wallet_id) DO NOTHING RETURNING id INTO v_id;
    IF v_id IS NULL THEN
        SELECT id INTO v_id FROM ledger_account WHERE subject = p_subject AND wallet_id = p_wallet;
    END IF;
    RETURN v_id;
END $$;

-- The accounts that a subject has, as {wallet: account}: for those who ask about a member anyway.
CREATE FUNCTION ledger_accounts_of(p_subject uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT coalesce(jsonb_object_agg(wallet_id, id), '{}') FROM ledger_account WHERE subject = p_subject
$$;

-- Many at once; answers in no order. Subjects are taken in one order, so that two imports do not wait for each other in a ring.
CREATE FUNCTION ledger_open_accounts(p_wallet bigint, p_subjects uuid[], p_holder text, p_now timestamptz)
RETURNS TABLE (subject uuid, account_id bigint) LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp SET laurel.door = 'open' AS $$
BEGIN
    INSERT INTO ledger_account (wallet_id, subject, holder, created_at)
    SELECT p_wallet, s, p_holder, p_now FROM (SELECT DISTINCT unnest(p_subjects) AS s ORDER BY s) wanted
    WHERE EXISTS (SELECT FROM loyalty_wallet WHERE id = p_wallet)
      AND NOT EXISTS (SELECT FROM ledger_account a WHERE a.subject = s AND a.wallet_id = p_wallet)
    ON CONFLICT ON CONSTRAINT ledger_account_once DO NOTHING;
    RETURN QUERY SELECT a.subject, a.id FROM ledger_account a WHERE a.wallet_id = p_wallet AND a.subject = ANY (p_subjects);
END $$;

CREATE FUNCTION ledger_award(
    p_account bigint, p_points bigint, p_key text, p_kind text, p_contra text, p_source text, p_actor text, p_note text,
    p_reason text, p_at timestamptz, p_now timestamptz, p_expires_at timestamptz, p_pending boolean,
    p_activates_at timestamptz, p_cancel_at timestamptz
) RETURNS ledger_posted LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp SET laurel.door = 'open' AS $$
DECLARE
    v_answer ledger_posted;
    v_active bigint := CASE WHEN p_pending THEN 0 ELSE p_points END;
    v_issued bigint := CASE WHEN p_contra = 'issued' THEN p_points ELSE 0 END;
    v_repaid bigint := 0;
BEGIN
    -- the account first: this locks it. A total stays below 9e18, so that no sum of its parts can overflow
    UPDATE ledger_account
    SET balance = balance + v_active, pending = pending + p_points - v_active, earned_total = earned_total + v_issued,
        may_owe = may_owe AND balance + v_active < 0
    WHERE id = p_account AND balance + pending + held <= 9000000000000000000 - p_points
      AND earned_total <= 9000000000000000000 - v_issued
    RETURNING CASE WHEN p_pending THEN pending ELSE balance END INTO v_answer.balance_after;
    IF NOT FOUND THEN
        v_answer := ledger_replay(p_account, p_key, p_kind, p_pending::int, p_points, p_contra, p_source);
        v_answer.status := coalesce(v_answer.status, CASE WHEN EXISTS (SELECT FROM ledger_account WHERE id = p_account)
                                                     THEN 'out-of-range' ELSE 'unknown-account' END);
        RETURN v_answer;
    END IF;
    INSERT INTO ledger_posting (account_id, bucket, points, balance_after, kind, key, contra, source, actor, note, reason,
                                event_at, created_at)
    VALUES (p_account, p_pending::int, p_points, v_answer.balance_after, p_kind, p_key, p_contra, p_source, p_actor, p_note,
            p_reason, p_at, p_now)
    ON CONFLICT (account_id, key) DO NOTHING RETURNING id INTO v_answer.posting_id;
    IF NOT FOUND THEN
        UPDATE ledger_account
        SET balance = balance - v_active, pending = pending - p_points + v_active, earned_total = earned_total - v_issued,
            may_owe = balance - v_active < 0
        WHERE id = p_account;
        RETURN ledger_replay(p_account, p_key, p_kind, p_pending::int, p_points, p_contra, p_source);
    END IF;
    IF NOT p_pending AND v_answer.balance_after < p_points THEN  -- it was in debt: this award repays
        v_repaid := least(p_points, p_points - v_answer.balance_after);
        INSERT INTO ledger_lot_use (account_id, posting_id, lot_id, seq, points)
        VALUES (p_account, v_answer.posting_id, v_answer.posting_id, 1, v_repaid);
    END IF;
    INSERT INTO ledger_lot (account_id, id, posting_id, granted, remaining, earned_at, expires_at, activates_at, cancel_at,
                            is_pending, is_open)
    VALUES (p_account, v_answer.posting_id, v_answer.posting_id, p_points, p_points - v_repaid, p_at, p_expires_at,
            p_activates_at, p_cancel_at, p_pending, p_points > v_repaid);
    v_answer.status := 'ok';
    v_answer.points := p_points;
    v_answer.lot_id := v_answer.posting_id;
    RETURN v_answer;
END $$;
