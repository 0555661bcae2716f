-- The configuration has grown: ladders, campaigns and caps change its number as wallets and rules do.
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
        ELSE (changed ->> 'program_id')::bigint
    END;
    UPDATE loyalty_program SET config_version = 0 WHERE id = touched;
    RETURN NULL;
END $$;

CREATE TRIGGER tier_set_touches_config AFTER INSERT OR UPDATE OR DELETE ON loyalty_tierset
    FOR EACH ROW EXECUTE FUNCTION programs_touch_config();
CREATE TRIGGER tier_touches_config AFTER INSERT OR UPDATE OR DELETE ON loyalty_tier
    FOR EACH ROW EXECUTE FUNCTION programs_touch_config();
CREATE TRIGGER campaign_touches_config AFTER INSERT OR UPDATE OR DELETE ON loyalty_campaign
    FOR EACH ROW EXECUTE FUNCTION programs_touch_config();
CREATE TRIGGER audience_touches_config AFTER INSERT OR UPDATE OR DELETE ON loyalty_audiencecondition
    FOR EACH ROW EXECUTE FUNCTION programs_touch_config();
CREATE TRIGGER cap_touches_config AFTER INSERT OR UPDATE OR DELETE ON loyalty_cap
    FOR EACH ROW EXECUTE FUNCTION programs_touch_config();
