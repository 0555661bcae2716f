-- Policies of transfers, households and invitations, and places, are part of the configuration: changing one gives the
-- program a new number. Whatever knows its program, or else its wallet, needs no more than a trigger.
CREATE OR REPLACE FUNCTION programs_touch_config() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed jsonb := to_jsonb(CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END);
    touched bigint;
BEGIN
    touched := CASE TG_TABLE_NAME
        WHEN 'loyalty_rulecondition' THEN
            (SELECT program_id FROM loyalty_earningrule WHERE id = (changed ->> 'rule_id')::bigint)
        WHEN 'loyalty_tier' THEN
            (SELECT program_id FROM loyalty_tierset WHERE id = (changed ->> 'tier_set_id')::bigint)
        WHEN 'loyalty_audiencecondition' THEN
            (SELECT program_id FROM loyalty_campaign WHERE id = (changed ->> 'campaign_id')::bigint)
        ELSE COALESCE(
            (changed ->> 'program_id')::bigint,
            (SELECT program_id FROM loyalty_wallet WHERE id = (changed ->> 'wallet_id')::bigint)
        )
    END;
    UPDATE loyalty_program SET config_version = 0 WHERE id = touched;
    RETURN NULL;
END $$;

CREATE TRIGGER transfers_touch_config AFTER INSERT OR UPDATE OR DELETE ON loyalty_transferpolicy
    FOR EACH ROW EXECUTE FUNCTION programs_touch_config();
CREATE TRIGGER households_touch_config AFTER INSERT OR UPDATE OR DELETE ON loyalty_householdpolicy
    FOR EACH ROW EXECUTE FUNCTION programs_touch_config();
CREATE TRIGGER invitations_touch_config AFTER INSERT OR UPDATE OR DELETE ON loyalty_referralpolicy
    FOR EACH ROW EXECUTE FUNCTION programs_touch_config();
CREATE TRIGGER places_touch_config AFTER INSERT OR UPDATE OR DELETE ON loyalty_place
    FOR EACH ROW EXECUTE FUNCTION programs_touch_config();
