-- What came to nothing (`cancelled_at`) before the instant is left out.
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
               AND (a.cancelled_at IS NULL OR a.cancelled_at >= p_at)
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
                   AND (a.cancelled_at IS NULL OR a.cancelled_at >= p_at)
                   AND a.event_at >= w.value::timestamptz AND a.event_at < p_at))
              FROM jsonb_each_text(p_needs -> 'windows') w));
    END IF;
    IF p_needs ? 'done' THEN  -- [type, days, since when]
        told := told || jsonb_build_object('done', (
            SELECT jsonb_agg(jsonb_build_array(d -> 0, d -> 1, (
                SELECT count(*) FROM loyalty_activity a
                 WHERE a.member_id = p_member AND a.kind = 'activity' AND a.type = d ->> 0
                   AND (a.cancelled_at IS NULL OR a.cancelled_at >= p_at)
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

-- Everything that recording an activity must know, in one round trip: the program as it stands, the member, whether the
-- receipt is known, whether the member bought before and kept some of it, and of the member's standing what p_needs asks
-- for (null: nothing). With p_lock the member's row is locked first and the rest is read afterwards with a newer
-- snapshot, so that two first purchases at the same moment cannot both be the first.
CREATE OR REPLACE FUNCTION programs_situation(
    p_program bigint, p_number text, p_kind text, p_source text, p_external_id text, p_lock boolean, p_needs jsonb,
    OUT config_version bigint, OUT member_id bigint, OUT subject uuid, OUT status text, OUT attributes jsonb,
    OUT has_bought boolean, OUT accounts jsonb, OUT standing jsonb,
    OUT known_id bigint, OUT known_member bigint, OUT known_digest text, OUT known_awards jsonb, OUT known_explanation jsonb
) LANGUAGE plpgsql
SET enable_seqscan = off  -- a session plans it once, perhaps while the tables are still empty
AS $$
BEGIN
    IF p_lock THEN
        PERFORM 1 FROM loyalty_member m WHERE m.number = p_number AND m.program_id = p_program FOR NO KEY UPDATE;
    END IF;
    SELECT p.config_version INTO config_version FROM loyalty_program p WHERE p.id = p_program;
    SELECT m.id, m.subject, m.status, m.attributes, ledger_accounts_of(m.subject)
      INTO member_id, subject, status, attributes, accounts
      FROM loyalty_member m WHERE m.number = p_number AND m.program_id = p_program;
    has_bought := EXISTS (
        SELECT FROM loyalty_activity b
         WHERE b.member_id = programs_situation.member_id AND b.kind = 'purchase' AND b.cancelled_at IS NULL
           AND NOT EXISTS (SELECT FROM loyalty_return r WHERE r.purchase_id = b.id AND r.is_last));
    IF p_needs IS NOT NULL AND member_id IS NOT NULL THEN
        standing := programs_standing(p_program, member_id, subject, p_needs);
    END IF;
    SELECT a.id, a.member_id, a.digest, a.awards, a.explanation
      INTO known_id, known_member, known_digest, known_awards, known_explanation
      FROM loyalty_activity a
     WHERE a.program_id = p_program AND a.kind = p_kind AND a.source = p_source AND a.external_id = p_external_id;
END $$;
