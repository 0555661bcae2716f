-- An activity with everything that comes of it, in one round trip: its row and lines, what counters of caps count of it,
-- what it earns, through the ledger's own verbs, and the messages that tell of it, which are given its id here. All or
-- nothing: a refusal of the ledger's is raised, by its name, as LR001.
--
-- Whoever is in a transaction has locked the counters before, so there is room. Whoever is in none (p_is_alone) has only
-- read them: they are locked before anything else, so that nobody waits in a circle, and where one of them has no room any
-- more, or the activity was stored meanwhile, LR002 is raised, and the activity is judged anew.
--
-- Without an id it was not stored: another transaction has just stored one under the same identity, or one that is paid
-- for the same where its type pays once; or, where the caller is in no transaction of its own (p_is_alone), nobody has
-- recorded yet which version of the rules judged it.
CREATE OR REPLACE FUNCTION programs_record(
    p_activity jsonb, p_uses jsonb, p_grants jsonb, p_messages jsonb, p_is_alone boolean,
    OUT activity_id bigint, OUT version_id bigint
) LANGUAGE plpgsql
SET enable_seqscan = off  -- a session plans it once, perhaps while the tables are still empty
AS $$
DECLARE
    v_grant record;
    v_posted ledger_posted;
    v_actor text := p_activity ->> 'actor';
    v_now timestamptz := (p_activity ->> 'created_at')::timestamptz;
    v_at timestamptz := (p_activity ->> 'event_at')::timestamptz;
BEGIN
    version_id := coalesce(
        (p_activity ->> 'published_id')::bigint,
        (SELECT v.id FROM loyalty_programversion v
         WHERE v.program_id = (p_activity ->> 'program_id')::bigint
           AND v.config_version = (p_activity ->> 'config_version')::bigint));
    IF version_id IS NULL AND p_is_alone THEN
        RETURN;
    END IF;
    IF p_is_alone AND p_uses IS NOT NULL AND EXISTS (SELECT FROM programs_take_uses(p_uses) t WHERE NOT t.is_taken) THEN
        RAISE EXCEPTION USING ERRCODE = 'LR002', MESSAGE = 'a counter has moved';
    END IF;

    INSERT INTO loyalty_activity (program_id, member_id, kind, type, source, external_id, digest, event_at, created_at,
        currency, total, channel, store, attributes, payments, explanation, awards, actor, version_id, once)
    SELECT a.program_id, a.member_id, a.kind, a.type, a.source, a.external_id, a.digest, v_at, v_now, a.currency, a.total,
           a.channel, a.store, a.attributes, a.payments, a.explanation, a.awards, v_actor, programs_record.version_id,
           a.once
    FROM jsonb_to_record(p_activity) AS a (program_id bigint, member_id bigint, kind text, type text, source text,
        external_id text, digest text, currency text, total numeric, channel text, store text, attributes jsonb,
        payments jsonb, explanation jsonb, awards jsonb, once text)
    ON CONFLICT DO NOTHING  -- of its identity, or of what it would be paid for
    RETURNING id INTO activity_id;
    IF activity_id IS NULL THEN
        IF p_is_alone AND p_uses IS NOT NULL THEN
            RAISE EXCEPTION USING ERRCODE = 'LR002', MESSAGE = 'stored meanwhile';
        END IF;
        RETURN;
    END IF;

    IF NOT p_is_alone AND p_uses IS NOT NULL AND EXISTS (SELECT FROM programs_take_uses(p_uses) t WHERE NOT t.is_taken) THEN
        RAISE EXCEPTION USING ERRCODE = 'LR002', MESSAGE = 'a counter was not locked';
    END IF;

    INSERT INTO loyalty_activityline (activity_id, position, kind, sku, category, attributes, quantity, amount, tax,
        discount)
    SELECT programs_record.activity_id, l.*
    FROM jsonb_to_recordset(p_activity -> 'lines') AS l (position smallint, kind text, sku text, category text,
        attributes jsonb, quantity numeric, amount numeric, tax numeric, discount numeric);

    FOR v_grant IN  -- accounts in the order of their ids, as everywhere
        SELECT coalesce(g.account_id, ledger_open_account(g.wallet_id, g.subject, 'member', v_now)) AS account, g.*
        FROM jsonb_to_recordset(p_grants) AS g (account_id bigint, wallet_id bigint, subject uuid, points bigint, key text,
            source text, expires_at timestamptz, is_pending boolean, activates_at timestamptz, cancel_at timestamptz)
        ORDER BY account
    LOOP
        v_posted := ledger_award(
            v_grant.account, v_grant.points, v_grant.key, 'award', 'issued', v_grant.source, v_actor, '', '', v_at, v_now,
            v_grant.expires_at, v_grant.is_pending, v_grant.activates_at, v_grant.cancel_at);
        IF v_posted.status NOT IN ('ok', 'replayed') THEN
            RAISE EXCEPTION USING ERRCODE = 'LR001', MESSAGE = v_posted.status;
        END IF;
    END LOOP;

    IF p_messages IS NOT NULL THEN
        PERFORM outbox_write(p_messages, v_now, jsonb_build_object('activity_id', activity_id));
    END IF;
END $$;
