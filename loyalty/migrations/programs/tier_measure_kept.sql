-- What a ladder counts, of one member, in one half-open interval of `event_at` (null: without end on that side).
-- A return counts where its purchase does; a purchase that came back whole was none, and what came to nothing never was.
CREATE OR REPLACE FUNCTION programs_tier_measure(
    p_member bigint, p_subject uuid, p_measure text, p_wallet bigint, p_types text[], p_since timestamptz,
    p_until timestamptz
) RETURNS numeric LANGUAGE plpgsql STABLE AS $$
BEGIN
    CASE p_measure
    WHEN 'points' THEN
        RETURN ledger_earned(p_subject, p_wallet, p_since, p_until);
    WHEN 'balance' THEN
        RETURN ledger_active(p_subject, p_wallet);
    WHEN 'activities' THEN
        RETURN (SELECT count(*) FROM loyalty_activity a
                WHERE a.member_id = p_member AND a.kind = 'activity'
                  AND a.cancelled_at IS NULL
                  AND (cardinality(p_types) = 0 OR a.type = ANY (p_types))
                  AND (p_since IS NULL OR a.event_at >= p_since) AND (p_until IS NULL OR a.event_at < p_until));
    ELSE
        RETURN (SELECT coalesce(CASE p_measure WHEN 'spend' THEN sum(a.total - coalesce(r.amount, 0))
                                ELSE count(*) FILTER (WHERE r.amount IS NULL OR r.amount < a.total) END, 0)
                FROM loyalty_activity a
                LEFT JOIN LATERAL (SELECT sum(b.amount) AS amount FROM loyalty_return b WHERE b.purchase_id = a.id) r ON true
                WHERE a.member_id = p_member AND a.kind = 'purchase' AND a.cancelled_at IS NULL
                  AND (p_since IS NULL OR a.event_at >= p_since) AND (p_until IS NULL OR a.event_at < p_until));
    END CASE;
END $$;
