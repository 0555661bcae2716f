-- Who keeps points longer is part of the configuration.
CREATE FUNCTION programs_touch_by_extension() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed jsonb := to_jsonb(CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END);
BEGIN
    UPDATE loyalty_program SET config_version = 0
     WHERE id = (SELECT program_id FROM loyalty_extension WHERE id = (changed ->> 'extension_id')::bigint);
    RETURN NULL;
END $$;

CREATE TRIGGER extensions_touch_config AFTER INSERT OR UPDATE OR DELETE ON loyalty_extension
    FOR EACH ROW EXECUTE FUNCTION programs_touch_config();
CREATE TRIGGER extension_audience_touches_config AFTER INSERT OR UPDATE OR DELETE ON loyalty_extensioncondition
    FOR EACH ROW EXECUTE FUNCTION programs_touch_by_extension();
