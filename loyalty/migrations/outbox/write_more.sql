-- The only way into the outbox: messages as [{event, payload, subscriber}], due at once. `p_more` goes into every payload:
-- what only the statement knows that tells of itself.
CREATE FUNCTION outbox_write(p_messages jsonb, p_now timestamptz, p_more jsonb DEFAULT '{}') RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO outbox_message (event, payload, subscriber, state, attempts, next_at, last_error, created_at)
    SELECT m.event, m.payload || p_more, m.subscriber, 'waiting', 0, p_now, '', p_now
    FROM jsonb_to_recordset(p_messages) AS m (event text, payload jsonb, subscriber text);
END $$;
