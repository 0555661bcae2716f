-- What watch rules count: cards and devices that tills told, found by what they are.
CREATE INDEX activity_by_card ON loyalty_activity (program_id, (attributes ->> 'card'), event_at)
    WHERE kind = 'purchase' AND attributes ? 'card';
CREATE INDEX activity_by_device ON loyalty_activity (program_id, (attributes ->> 'device'), event_at)
    WHERE kind = 'purchase' AND attributes ? 'device';

-- Who was seen at the places of p_asked around an instant, at most 500 on either side, and how many were found usual
-- there. With p_lock, places that many members share are locked first, in one order, until the transaction ends, and
-- counted afterwards with a newer snapshot, so that a crowd of tills cannot all be the last one that is usual. Locks are
-- 1024 to a program, so that a batch of many cards does not fill the table of locks. A place of one member's is guarded
-- by the member's row, which the caller has locked.
CREATE FUNCTION programs_watch(p_program bigint, p_asked jsonb, p_lock boolean)
RETURNS TABLE (place int, seen jsonb, allowed int) LANGUAGE plpgsql
SET enable_seqscan = off  -- a session plans it once, perhaps while the tables are still empty
AS $$
#variable_conflict use_column
DECLARE
    lock_of bigint;
BEGIN
    IF p_lock THEN
        FOR lock_of IN
            SELECT DISTINCT hashtextextended(a.rule || ':' || a.key, 0) & 1023 AS bucket
              FROM jsonb_to_recordset(p_asked) AS a (rule bigint, key text, pattern text)
             WHERE a.pattern IN ('card_at_till', 'device') ORDER BY bucket
        LOOP
            PERFORM pg_advisory_xact_lock(hashtext('laurel.watch'), ((p_program * 1024 + lock_of) % 2147483647)::int);
        END LOOP;
    END IF;
    RETURN QUERY
    SELECT a.place,
           (SELECT jsonb_agg(jsonb_build_array(s.at, s.who)) FROM (
                (SELECT b.event_at, b.id FROM loyalty_activity b
                  WHERE a.pattern = 'card_at_till' AND b.kind = 'purchase' AND b.program_id = p_program
                    AND b.attributes ? 'card' AND b.attributes ->> 'card' = a.card AND b.source = a.till
                    AND b.event_at > a.since AND b.event_at <= a.at ORDER BY b.event_at DESC LIMIT 500)
                UNION ALL
                (SELECT b.event_at, b.id FROM loyalty_activity b
                  WHERE a.pattern = 'card_at_till' AND b.kind = 'purchase' AND b.program_id = p_program
                    AND b.attributes ? 'card' AND b.attributes ->> 'card' = a.card AND b.source = a.till
                    AND b.event_at > a.at AND b.event_at < a.until ORDER BY b.event_at LIMIT 500)
                UNION ALL
                (SELECT b.event_at, b.member_id FROM loyalty_activity b
                  WHERE a.pattern = 'device' AND b.kind = 'purchase' AND b.program_id = p_program
                    AND b.attributes ? 'device' AND b.attributes ->> 'device' = a.device
                    AND b.event_at > a.since AND b.event_at <= a.at ORDER BY b.event_at DESC LIMIT 500)
                UNION ALL
                (SELECT b.event_at, b.member_id FROM loyalty_activity b
                  WHERE a.pattern = 'device' AND b.kind = 'purchase' AND b.program_id = p_program
                    AND b.attributes ? 'device' AND b.attributes ->> 'device' = a.device
                    AND b.event_at > a.at AND b.event_at < a.until ORDER BY b.event_at LIMIT 500)
                UNION ALL
                (SELECT b.event_at, b.id FROM loyalty_activity b
                  WHERE a.pattern IN ('purchases', 'cashier') AND b.kind = 'purchase' AND b.member_id = a.member
                    AND (a.pattern = 'purchases' OR b.attributes ->> 'cashier' = a.cashier)
                    AND b.event_at > a.since AND b.event_at <= a.at ORDER BY b.event_at DESC LIMIT 500)
                UNION ALL
                (SELECT b.event_at, b.id FROM loyalty_activity b
                  WHERE a.pattern IN ('purchases', 'cashier') AND b.kind = 'purchase' AND b.member_id = a.member
                    AND (a.pattern = 'purchases' OR b.attributes ->> 'cashier' = a.cashier)
                    AND b.event_at > a.at AND b.event_at < a.until ORDER BY b.event_at LIMIT 500)
                UNION ALL
                (SELECT r.event_at, r.id FROM loyalty_return r JOIN loyalty_activity b ON b.id = r.purchase_id
                  WHERE a.pattern = 'refunds' AND b.member_id = a.member AND r.is_after_spending
                    AND r.event_at > a.since AND r.event_at <= a.at ORDER BY r.event_at DESC LIMIT 500)
           ) s (at, who)),
           (SELECT max(c.allowed)::int FROM loyalty_reviewcase c
             WHERE c.rule_id = a.rule AND c.place = a.key AND c.state = 'released')
      FROM jsonb_to_recordset(p_asked) AS a (place int, rule bigint, key text, pattern text, member bigint, card text,
           device text, cashier text, till text, at timestamptz, since timestamptz, until timestamptz);
END $$;

CREATE TRIGGER velocity_touches_config AFTER INSERT OR UPDATE OR DELETE ON loyalty_velocityrule
    FOR EACH ROW EXECUTE FUNCTION programs_touch_config();
