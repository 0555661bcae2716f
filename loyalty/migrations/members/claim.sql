-- Takes an Idempotency-Key for this transaction, unless somebody else has it, and then reads the answer that was recorded
-- under it. The read comes after the lock and with a newer snapshot, so it sees the answer of whoever held the key before.
CREATE OR REPLACE FUNCTION members_claim(
    p_lock bigint, p_api_key bigint, p_key text,
    OUT is_free boolean, OUT digest text, OUT status smallint, OUT content_type text, OUT body bytea
) LANGUAGE plpgsql AS $$
BEGIN
    is_free := pg_try_advisory_xact_lock(p_lock);
    SELECT r.digest, r.status, r.content_type, r.body
      INTO digest, status, content_type, body
      FROM loyalty_idempotencyrecord r
     WHERE r.api_key_id = p_api_key AND r.key = p_key;
END $$;
