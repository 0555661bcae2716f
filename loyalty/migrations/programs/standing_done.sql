-- Audiences ask how often a member did something in the last days.
CREATE OR REPLACE FUNCTION programs_standing(p_program bigint, p_member bigint, p_subject uuid, p_needs jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET enable_seqscan = off  -- a session plans it once, perhaps while the tables are still empty
AS $$
DECLARE
    told jsonb := '{}';
    p_at timestamptz := (p_needs ->> 'at')::timestamptz;
BEGIN
    IF p_needs ? 'tiers' THEN  -- without a row a member stands on the rung that starts at nothing, if there is one
        told := told || jsonb_build_object('tiers', (
            SELECT coalesce(jsonb_agg(jsonb_build_array(s.code, t.code, t.name) ORDER BY s.position, s.id), '[]')
              FROM loyalty_tierset s
              LEFT JOIN loyalty_tierstanding h ON h.tier_set_id = s.id AND h.member_id = p_member
              JOIN loyalty_tier t ON t.tier_set_id = s.id
               AND CASE WHEN h.id IS NULL THEN t.threshold = 0 ELSE t.id = h.tier_id END
             WHERE s.program_id = p_program AND NOT s.is_archived));
    END IF;
    IF p_needs ? 'lists' THEN
        told := told || jsonb_build_object('lists', (
            SELECT coalesce(jsonb_agg(n.name ORDER BY s.id, n.place), '[]')
              FROM loyalty_segmentmember p JOIN loyalty_segment s ON s.id = p.segment_id
              CROSS JOIN LATERAL (VALUES (1, s.code), (2, s.name)) n (place, name)
             WHERE p.member_id = p_member AND NOT s.is_archived));
    END IF;
    IF p_needs ? 'person' THEN
        told := told || (SELECT jsonb_build_object('joined_at', m.joined_at, 'birth_date', m.birth_date)
                           FROM loyalty_member m WHERE m.id = p_member);
    END IF;
    IF p_needs ? 'last_purchase' THEN
        told := told || jsonb_build_object('last_purchase_at', (
            SELECT a.event_at FROM loyalty_activity a
             WHERE a.member_id = p_member AND a.event_at < p_at AND a.kind = 'purchase'
             ORDER BY a.event_at DESC LIMIT 1));
    END IF;
    IF p_needs ? 'windows' THEN
        told := told || jsonb_build_object('windows', (
            SELECT jsonb_object_agg(w.key, (
                SELECT jsonb_build_array(
                    count(*) FILTER (WHERE a.total > r.amount OR r.amount = 0), coalesce(sum(a.total - r.amount), 0)::text)
                  FROM loyalty_activity a
                  CROSS JOIN LATERAL (SELECT coalesce(sum(b.amount), 0) AS amount FROM loyalty_return b
                                       WHERE b.purchase_id = a.id AND b.event_at < p_at) r
                 WHERE a.member_id = p_member AND a.kind = 'purchase'
                   AND a.event_at >= w.value::timestamptz AND a.event_at < p_at))
              FROM jsonb_each_text(p_needs -> 'windows') w));
    END IF;
    IF p_needs ? 'done' THEN  -- [type, days, since when]
        told := told || jsonb_build_object('done', (
            SELECT jsonb_agg(jsonb_build_array(d -> 0, d -> 1, (
                SELECT count(*) FROM loyalty_activity a
                 WHERE a.member_id = p_member AND a.kind = 'activity' AND a.type = d ->> 0
                   AND a.event_at >= (d ->> 2)::timestamptz AND a.event_at < p_at)))
              FROM jsonb_array_elements(p_needs -> 'done') d));
    END IF;
    IF p_needs ? 'balances' THEN
        told := told || jsonb_build_object('balances', (
            SELECT coalesce(jsonb_object_agg(c.wallet_id, greatest(c.balance, 0) + c.pending + c.held), '{}')
              FROM ledger_account c WHERE c.subject = p_subject));
    END IF;
    IF p_needs ? 'household' THEN  -- in which they were at that instant
        told := told || jsonb_build_object('household', (
            SELECT h.household_id FROM loyalty_householdmember h
             WHERE h.member_id = p_member AND h.joined_at <= p_at AND (h.left_at IS NULL OR h.left_at > p_at)
             ORDER BY h.joined_at DESC, h.id DESC LIMIT 1));
    END IF;
    RETURN told;
END $$;
