-- Lots' dates. Every change is written down with what it was (ledger_redating); lots past their instant stay past it.

-- Sliding expiry: whatever has an end before p_until lasts until then.
CREATE FUNCTION ledger_extend(
    p_account bigint, p_until timestamptz, p_key text, p_actor text, p_at timestamptz, p_now timestamptz,
    OUT status text, OUT lots bigint, OUT points bigint
) LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp SET laurel.door = 'open' AS $$
DECLARE
    v_first ledger_redating;
BEGIN
    PERFORM FROM ledger_account WHERE id = p_account FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        status := 'unknown-account';
        RETURN;
    END IF;
    SELECT * INTO v_first FROM ledger_redating r WHERE r.account_id = p_account AND r.key = p_key;
    IF FOUND THEN
        status := CASE WHEN v_first.kind = 'extend' AND coalesce(v_first.becomes[1], p_until) = p_until THEN 'replayed'
                       ELSE 'key-reused' END;
        lots := cardinality(v_first.lots);
        points := v_first.points;
        RETURN;
    END IF;
    WITH kept AS (
        SELECT l.id, l.remaining, l.expires_at AS was FROM ledger_lot l
        WHERE l.account_id = p_account AND l.is_open AND l.expires_at > p_at AND l.expires_at < p_until
        ORDER BY l.id
    ), moved AS (
        UPDATE ledger_lot l SET expires_at = p_until FROM kept k WHERE l.account_id = p_account AND l.id = k.id
    ), noted AS (
        INSERT INTO ledger_redating (account_id, event_at, created_at, points, kind, key, actor, lots, was, becomes)
        SELECT p_account, p_at, p_now, coalesce(sum(k.remaining), 0), 'extend', p_key, p_actor,
               coalesce(array_agg(k.id ORDER BY k.id), '{}'), coalesce(array_agg(k.was ORDER BY k.id), '{}'),
               coalesce(array_agg(p_until ORDER BY k.id), '{}')
        FROM kept k
    )
    SELECT 'ok', count(*), coalesce(sum(k.remaining), 0) INTO status, lots, points FROM kept k;
END $$;

-- One slice of a change of policy: lots earned on p_days[i] (in p_zone) that end at p_were[i] end at p_ends[i] (null: never).
CREATE FUNCTION ledger_redate(
    p_accounts bigint[], p_days date[], p_were timestamptz[], p_ends timestamptz[], p_zone text, p_key text, p_actor text,
    p_at timestamptz, p_now timestamptz, OUT lots bigint, OUT points bigint
) LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp SET laurel.door = 'open' AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('laurel.ledger.sweep'));
    PERFORM FROM ledger_account WHERE id = ANY (p_accounts) ORDER BY id FOR NO KEY UPDATE;
    WITH changed AS (
        SELECT l.account_id, l.id, l.remaining, l.expires_at AS was, d.ends AS becomes
        FROM ledger_lot l JOIN unnest(p_days, p_were, p_ends) AS d (day, was, ends)
          ON d.day = (l.earned_at AT TIME ZONE p_zone)::date AND d.was IS NOT DISTINCT FROM l.expires_at
        WHERE l.account_id = ANY (p_accounts) AND l.is_open AND (l.expires_at > p_at OR l.expires_at IS NULL)
          AND l.expires_at IS DISTINCT FROM d.ends
          AND NOT EXISTS (SELECT FROM ledger_redating r WHERE r.account_id = l.account_id AND r.key = p_key)
        ORDER BY l.account_id, l.id
    ), moved AS (
        UPDATE ledger_lot l SET expires_at = c.becomes FROM changed c WHERE l.account_id = c.account_id AND l.id = c.id
    ), noted AS (
        INSERT INTO ledger_redating (account_id, event_at, created_at, points, kind, key, actor, lots, was, becomes)
        SELECT c.account_id, p_at, p_now, sum(c.remaining), 'redate', p_key, p_actor, array_agg(c.id ORDER BY c.id),
               array_agg(c.was ORDER BY c.id), array_agg(c.becomes ORDER BY c.id)
        FROM changed c GROUP BY c.account_id
    )
    SELECT count(*), coalesce(sum(c.remaining), 0) INTO lots, points FROM changed c;
END $$;

-- Active points by the instant at which they end, of these wallets, after p_since and up to p_until: for warnings.
CREATE FUNCTION ledger_ending(p_wallets bigint[], p_since timestamptz, p_until timestamptz)
RETURNS TABLE (subject uuid, wallet_id bigint, expires_at timestamptz, points bigint) LANGUAGE sql STABLE AS $$
    SELECT a.subject, a.wallet_id, l.expires_at, sum(l.remaining)::bigint
    FROM ledger_lot l JOIN ledger_account a ON a.id = l.account_id
    WHERE l.is_open AND NOT l.is_pending AND l.expires_at > p_since AND l.expires_at <= p_until
      AND a.wallet_id = ANY (p_wallets)
    GROUP BY a.id, l.expires_at
$$;
