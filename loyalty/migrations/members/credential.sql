-- Whose key it is, and whom the request is about, in one round trip. A function, because its plan is made once per session:
-- planning the query takes five times as long as running it, and every request of every till runs it.
CREATE OR REPLACE FUNCTION members_credential(
    p_prefix text, p_number text,
    OUT digest text, OUT member_id bigint, OUT subject uuid,
    OUT key_id bigint, OUT program_id bigint, OUT scopes text[], OUT last_used_on date, OUT config_version bigint
) LANGUAGE plpgsql STABLE AS $$
BEGIN
    SELECT k.digest, m.id, m.subject, k.id, k.program_id, k.scopes, k.last_used_on, p.config_version
      INTO digest, member_id, subject, key_id, program_id, scopes, last_used_on, config_version
      FROM loyalty_apikey k
      JOIN loyalty_program p ON p.id = k.program_id
      LEFT JOIN loyalty_member m ON m.program_id = k.program_id AND m.number = p_number
     WHERE k.prefix = p_prefix AND k.revoked_at IS NULL;
END $$;
