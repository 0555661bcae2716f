-- What an activity must tell is part of the configuration: changing it gives the program a new number.
CREATE OR REPLACE FUNCTION programs_touch_config_by_kind() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed jsonb := to_jsonb(CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END);
BEGIN
    UPDATE loyalty_program SET config_version = 0
     WHERE id = (SELECT program_id FROM loyalty_activitykind WHERE id = (changed ->> 'kind_id')::bigint);
    RETURN NULL;
END $$;

CREATE TRIGGER kind_touches_config AFTER INSERT OR UPDATE OR DELETE ON loyalty_activitykind
    FOR EACH ROW EXECUTE FUNCTION programs_touch_config();
CREATE TRIGGER kind_attribute_touches_config AFTER INSERT OR UPDATE OR DELETE ON loyalty_kindattribute
    FOR EACH ROW EXECUTE FUNCTION programs_touch_config_by_kind();
