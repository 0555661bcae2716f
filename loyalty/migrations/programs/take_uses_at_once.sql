-- The only door to the counters of caps and budgets, as before: rows are locked in one order, (cap, scope, period), so
-- that nobody waits in a circle; each entry of p_uses is answered at its `place` with what is used up now. An entry that
-- takes nothing locks and reads its row, which is made when there is none yet. One that takes moves it in one step where
-- there is room, and is refused (is_taken false, nothing moved) when its measure would go over `most`. Negative amounts
-- give back, never below zero.
CREATE OR REPLACE FUNCTION programs_take_uses(
    p_uses jsonb,
    OUT place int, OUT times bigint, OUT points bigint, OUT money numeric, OUT last_at timestamptz, OUT is_taken boolean
) RETURNS SETOF record LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    use record;
    kept loyalty_capuse;
    moves boolean;
BEGIN
    FOR use IN
        SELECT u.* FROM jsonb_to_recordset(p_uses) AS u (place int, cap bigint, scope text, start timestamptz, times bigint,
            points bigint, money numeric, at timestamptz, measure text, most numeric)
        ORDER BY u.cap, u.scope COLLATE "C", u.start, u.place
    LOOP
        moves := use.times <> 0 OR use.points <> 0 OR use.money <> 0;
        is_taken := false;
        kept := NULL;
        FOR attempt IN 1..2 LOOP
            IF moves THEN
                UPDATE loyalty_capuse c
                   SET times = greatest(c.times + use.times, 0), points = greatest(c.points + use.points, 0),
                       money = greatest(c.money + use.money, 0), last_at = greatest(c.last_at, use.at)
                 WHERE c.cap_id = use.cap AND c.scope = use.scope AND c.period_start = use.start AND CASE
                       WHEN use.most IS NULL THEN true
                       WHEN use.measure = 'times' THEN c.times + use.times <= use.most
                       WHEN use.measure = 'points' THEN c.points + use.points <= use.most
                       ELSE c.money + use.money <= use.most END
                RETURNING * INTO kept;
                is_taken := FOUND;
            END IF;
            EXIT WHEN is_taken;
            SELECT * INTO kept FROM loyalty_capuse c
             WHERE c.cap_id = use.cap AND c.scope = use.scope AND c.period_start = use.start FOR UPDATE;
            EXIT WHEN FOUND;
            INSERT INTO loyalty_capuse (cap_id, scope, period_start, times, points, money)
            VALUES (use.cap, use.scope, use.start, 0, 0, 0)
            ON CONFLICT (cap_id, scope, period_start) DO NOTHING;
        END LOOP;
        IF NOT moves THEN
            is_taken := true;
        END IF;
        place := use.place;
        times := kept.times;
        points := kept.points;
        money := kept.money;
        last_at := kept.last_at;
        RETURN NEXT;
    END LOOP;
END $$;
