-- What one member holds: a row per account and instant of expiry. A function, so that it is planned once per session.
CREATE OR REPLACE FUNCTION ledger_balances(p_subject uuid) RETURNS TABLE (
    subject uuid, id bigint, wallet_id bigint, balance bigint, pending bigint, held bigint, earned_total bigint,
    expires_at timestamptz, points bigint
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT a.subject, a.id, a.wallet_id, a.balance, a.pending, a.held, a.earned_total, l.expires_at,
           sum(l.remaining)::bigint
      FROM ledger_account a
      LEFT JOIN ledger_lot l ON l.account_id = a.id AND l.is_open AND NOT l.is_pending AND l.expires_at IS NOT NULL
     WHERE a.subject = p_subject
     GROUP BY a.id, l.expires_at
     ORDER BY a.id, l.expires_at;
END $$;
