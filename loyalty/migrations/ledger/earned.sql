-- What a subject earned in one wallet, for those who count it: awards and points by hand of an interval of `event_at`,
-- less all that was ever taken back of them. Points taken back count in the interval in which they were earned, also
-- those that were gone already and could not be taken.
CREATE FUNCTION ledger_earned(p_subject uuid, p_wallet bigint, p_since timestamptz, p_until timestamptz)
RETURNS numeric LANGUAGE sql STABLE AS $$
    SELECT coalesce(sum(p.points + coalesce(r.points, 0)), 0)
    FROM ledger_account a
    JOIN ledger_posting p ON p.account_id = a.id
    LEFT JOIN LATERAL (
        SELECT sum(b.points - coalesce(b.waived, 0)) AS points FROM ledger_posting b
        WHERE b.account_id = p.account_id AND b.refers_to = p.id AND b.kind IN ('reversal', 'cancel')
    ) r ON true
    WHERE a.subject = p_subject AND a.wallet_id = p_wallet AND p.contra IN ('issued', 'adjusted')
      AND p.kind NOT IN ('activate', 'cancel', 'capture', 'expire', 'extend', 'hold', 'redate', 'reinstate', 'release',
                         'reversal', 'transfer')
      AND (p_since IS NULL OR p.event_at >= p_since) AND (p_until IS NULL OR p.event_at < p_until)
$$;

-- The active points of a subject in one wallet; negative is debt.
CREATE FUNCTION ledger_active(p_subject uuid, p_wallet bigint) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT balance FROM ledger_account WHERE subject = p_subject AND wallet_id = p_wallet), 0)
$$;
