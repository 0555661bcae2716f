-- The only door to the counters of caps and budgets: rows are locked in one order, (cap, scope, period), so that nobody
-- waits in a circle; each entry of p_uses is answered at its `place`. An entry that takes nothing locks and reads its row,
-- which is made when there is none yet. One that takes moves it in one step where there is room, and is refused (is_taken
-- false, nothing moved) when its measure would go over `most`, or when less than `minutes` lie between one of its instants
-- and one of the latest 50 that counted, in whatever order they come; what is older than those 50 is refused. Negative
-- amounts give back, never below zero.
CREATE FUNCTION programs_take_uses(
    p_uses jsonb,
    OUT place int, OUT times bigint, OUT points bigint, OUT money numeric, OUT recent timestamptz[], OUT is_taken boolean
) RETURNS SETOF record LANGUAGE plpgsql
SET enable_seqscan = off  -- a session plans it once, perhaps while the table is still empty
AS $$
#variable_conflict use_column
DECLARE
    use record;
    kept loyalty_capuse;
BEGIN
    FOR use IN
        SELECT u.* FROM jsonb_to_recordset(p_uses) AS u (place int, cap bigint, scope text, start timestamptz, times bigint,
            points bigint, money numeric, ats timestamptz[], measure text, most numeric, minutes int)
        ORDER BY u.cap, u.scope COLLATE "C", u.start, u.place
    LOOP
        kept := NULL;
        IF use.times <> 0 OR use.points <> 0 OR use.money <> 0 THEN
            INSERT INTO loyalty_capuse AS c (cap_id, scope, period_start, times, points, money, recent)
            SELECT use.cap, use.scope, use.start, greatest(use.times, 0), greatest(use.points, 0), greatest(use.money, 0),
                   coalesce(use.ats, '{}')
             WHERE use.most IS NULL
                OR use.most >= CASE use.measure WHEN 'times' THEN use.times WHEN 'points' THEN use.points ELSE use.money END
            ON CONFLICT (cap_id, scope, period_start) DO UPDATE
               SET times = greatest(c.times + use.times, 0), points = greatest(c.points + use.points, 0),
                   money = greatest(c.money + use.money, 0), recent = CASE WHEN use.ats IS NULL THEN c.recent ELSE ARRAY(
                       SELECT t FROM (SELECT t FROM unnest(c.recent || use.ats) t ORDER BY t DESC LIMIT 50) newest
                        ORDER BY t) END
             WHERE CASE
                   WHEN use.minutes > 0 THEN NOT EXISTS (
                       SELECT FROM unnest(c.recent) old, unnest(use.ats) new
                        WHERE abs(extract(epoch FROM old - new)) < 60 * use.minutes
                           OR cardinality(c.recent) >= 50 AND new < c.recent[1])
                   WHEN use.most IS NULL THEN true
                   WHEN use.measure = 'times' THEN c.times + use.times <= use.most
                   WHEN use.measure = 'points' THEN c.points + use.points <= use.most
                   ELSE c.money + use.money <= use.most END
            RETURNING * INTO kept;
            is_taken := FOUND;
        ELSE
            FOR attempt IN 1..2 LOOP
                SELECT * INTO kept FROM loyalty_capuse c
                 WHERE c.cap_id = use.cap AND c.scope = use.scope AND c.period_start = use.start FOR UPDATE;
                EXIT WHEN FOUND;
                INSERT INTO loyalty_capuse (cap_id, scope, period_start, times, points, money)
                VALUES (use.cap, use.scope, use.start, 0, 0, 0)
                ON CONFLICT (cap_id, scope, period_start) DO NOTHING;
            END LOOP;
            is_taken := true;
        END IF;
        place := use.place;
        times := kept.times;
        points := kept.points;
        money := kept.money;
        recent := kept.recent;
        RETURN NEXT;
    END LOOP;
END $$;

-- What counters hold, at their `place`; those that nothing has moved yet are left out. Nothing is locked.
CREATE FUNCTION programs_uses(
    p_places jsonb, OUT place int, OUT times bigint, OUT points bigint, OUT money numeric, OUT recent timestamptz[]
) RETURNS SETOF record LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
BEGIN
    RETURN QUERY
    SELECT w.place, u.times, u.points, u.money, u.recent
    FROM jsonb_to_recordset(p_places) AS w (place int, cap bigint, scope text, start timestamptz)
    JOIN loyalty_capuse u ON u.cap_id = w.cap AND u.scope = w.scope AND u.period_start = w.start;
END $$;
