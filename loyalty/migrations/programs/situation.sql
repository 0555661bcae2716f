-- Everything that recording an activity must know, in one round trip: the program as it stands, the member, whether the
-- receipt is known, whether the member bought before. With p_lock the member's row is locked first and the rest is read
-- afterwards with a newer snapshot, so that two first purchases at the same moment cannot both be the first.
CREATE OR REPLACE FUNCTION programs_situation(
    p_program bigint, p_number text, p_kind text, p_source text, p_external_id text, p_lock boolean,
    OUT config_version bigint, OUT member_id bigint, OUT subject uuid, OUT status text, OUT attributes jsonb,
    OUT has_bought boolean, OUT accounts jsonb,
    OUT known_id bigint, OUT known_member bigint, OUT known_digest text, OUT known_awards jsonb, OUT known_explanation jsonb
) LANGUAGE plpgsql AS $$
BEGIN
    IF p_lock THEN
        PERFORM 1 FROM loyalty_member m WHERE m.number = p_number AND m.program_id = p_program FOR NO KEY UPDATE;
    END IF;
    SELECT p.config_version INTO config_version FROM loyalty_program p WHERE p.id = p_program;
    SELECT m.id, m.subject, m.status, m.attributes,
           EXISTS (SELECT 1 FROM loyalty_activity b WHERE b.member_id = m.id AND b.kind = 'purchase'),
           ledger_accounts_of(m.subject)
      INTO member_id, subject, status, attributes, has_bought, accounts
      FROM loyalty_member m WHERE m.number = p_number AND m.program_id = p_program;
    SELECT a.id, a.member_id, a.digest, a.awards, a.explanation
      INTO known_id, known_member, known_digest, known_awards, known_explanation
      FROM loyalty_activity a
     WHERE a.program_id = p_program AND a.kind = p_kind AND a.source = p_source AND a.external_id = p_external_id;
END $$;
